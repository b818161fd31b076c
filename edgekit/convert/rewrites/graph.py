"""The main graph of a .tflite file while rewrites change it: makers and readers of tensors, constants, new operators.

Tensors are numbers in the graph's list, as in the file; operators are the schema's objects.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.convert.schema import constant, new, operator_code
from edgekit.tflite.operators import OPERATORS, TENSOR_TYPES

NOT_GIVEN = -1
"""Index of an operator's optional input that is not given."""
KEPT_CONTROL_FLOW = b"model_control_dependencies"
"""A metadata entry that names operators by their places: nothing may move."""
_NUMPY = {
    "float32": np.float32,
    "float16": np.float16,
    "int32": np.int32,
    "int64": np.int64,
    "int16": np.int16,
    "int8": np.int8,
    "uint8": np.uint8,
    "bool": np.bool_,
}
_VERSIONS = {
    **dict.fromkeys(("ADD", "SUB", "MUL", "CONCATENATION", "MEAN", "SUM", "REDUCE_MAX", "PAD", "SLICE"), (1, 2)),
    **dict.fromkeys(("STRIDED_SLICE", "TRANSPOSE", "MINIMUM", "TANH", "LOGISTIC", "SOFTMAX", "RELU"), (1, 2)),
    "CONV_2D": (1, 3),
    "FULLY_CONNECTED": (5, 5),
    "TILE": (1, 1),
}
"""Operator -> its version on floats, and on int8; 1 and 1 where not listed."""
_OPTIONS = {
    "RESHAPE": "ReshapeOptions",
    "CONCATENATION": "ConcatenationOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SLICE": "SliceOptions",
    "TRANSPOSE": "TransposeOptions",
    "PAD": "PadOptions",
    "TILE": "TileOptions",
    "ADD": "AddOptions",
    "SUB": "SubOptions",
    "MUL": "MulOptions",
    "EXP": "ExpOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SELECT": "SelectOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "CONV_2D": "Conv2DOptions",
}


class Graph:
    """The first graph of a ModelT (edgekit.convert.schema)."""

    def __init__(self, model: Any, evaluate: Callable[[Sequence[int]], dict[int, NDArray[Any]]] | None = None) -> None:
        self.model = model
        self.graph = model.subgraphs[0]
        self.tensors: list[Any] = self.graph.tensors
        self.operators: list[Any] = list(self.graph.operators or [])
        self.graph.operators = self.operators
        self.evaluate = evaluate
        self.inputs = {int(index) for index in self.graph.inputs}
        self.outputs = {int(index) for index in self.graph.outputs}
        self._touched()

    def _touched(self) -> None:
        self._made: dict[int, Any] | None = None
        self._read: dict[int, list[Any]] = {}

    def _index(self) -> dict[int, Any]:
        if self._made is None:
            self._made, self._read = {}, {}
            for operator in self.operators:
                for tensor in dict.fromkeys(int(index) for index in operator.inputs):
                    self._read.setdefault(tensor, []).append(operator)
                self._made.update({int(index): operator for index in operator.outputs})
        return self._made

    def maker(self, tensor: int) -> Any:
        """The operator that computes a tensor, or None."""
        return self._index().get(tensor)

    def readers(self, tensor: int) -> list[Any]:
        """Operators that read a tensor, each once, in order."""
        self._index()
        return self._read.get(tensor, [])

    def only_reader(self, tensor: int) -> Any:
        """The operator that alone reads a tensor, which is no output of the graph; else None."""
        found = self.readers(tensor)
        return found[0] if len(found) == 1 and tensor not in self.outputs else None

    def named(self, *names: str) -> Iterator[Any]:
        """Operators of these names; those that a rewrite has removed meanwhile are left out."""
        for operator in list(self.operators):
            if self.name(operator) in names and any(operator is left for left in self.operators):
                yield operator

    def name(self, operator: Any) -> str:
        """`CONV_2D`; an operator of a program's own is CUSTOM."""
        code = self.model.operatorCodes[operator.opcodeIndex]
        place = max(code.builtinCode, code.deprecatedBuiltinCode)
        return OPERATORS[place] if place < len(OPERATORS) else f"BUILTIN_{place}"

    def shape(self, tensor: int) -> tuple[int, ...]:
        """As stored in the file."""
        shape = self.tensors[tensor].shape
        return () if shape is None else tuple(int(size) for size in shape)

    def dtype(self, tensor: int) -> str:
        """`float32`, `int8`..."""
        return TENSOR_TYPES[int(self.tensors[tensor].type)]

    def label(self, tensor: int) -> str:
        """A tensor's name in the file."""
        name: bytes = self.tensors[tensor].name or b""
        return name.decode(errors="replace")

    def scales(self, tensor: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Scales and zero points; empty for a tensor that is not quantized."""
        held = self.tensors[tensor].quantization
        found = [() if held is None else getattr(held, name) for name in ("scale", "zeroPoint")]
        scale, zero_point = (() if values is None else tuple(values) for values in found)
        return tuple(map(float, scale)), tuple(map(int, zero_point))

    def same_numbers(self, first: int, second: int) -> bool:
        """Whether equal bytes of the two tensors stand for equal numbers."""
        return self.dtype(first) == self.dtype(second) and self.scales(first) == self.scales(second)

    def is_static(self, tensor: int) -> bool:
        """Whether every size is known before the program runs."""
        signature = self.tensors[tensor].shapeSignature
        return signature is None or not any(int(size) < 0 for size in signature)

    def constant(self, tensor: int) -> "NDArray[Any] | None":
        """A constant's values in its own type and shape, or None."""
        if tensor < 0 or tensor in self.inputs:
            return None
        held = self.tensors[tensor]
        data = self.model.buffers[held.buffer].data
        kind = _NUMPY.get(self.dtype(tensor))
        if kind is None or data is None or held.sparsity is not None or held.isVariable or not len(data):
            return None
        shape = self.shape(tensor)
        values: NDArray[Any] = np.frombuffer(np.asarray(data, np.uint8).tobytes(), kind)
        return values.reshape(shape) if values.size == int(np.prod(shape)) else None

    def integers(self, tensor: int) -> tuple[int, ...] | None:
        """An integer constant's values in a row, or None."""
        values = self.constant(tensor)
        return None if values is None or values.dtype.kind != "i" else tuple(int(value) for value in values.ravel())

    def new_tensor(self, shape: Sequence[int], like: int) -> int:
        """A computed tensor of `shape`, with another one's type and quantization."""
        tensor = new("TensorT")
        tensor.shape = np.array(shape, np.int32)
        tensor.type = self.tensors[like].type
        tensor.quantization = self.tensors[like].quantization
        tensor.name = f"{self.label(like)}.{len(self.tensors)}".encode()
        tensor.hasRank = self.tensors[like].hasRank
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def new_constant(self, values: "NDArray[Any]", like: int | None = None) -> int:
        """A constant; `like`: a tensor whose type and quantization it has (else as the array's type says)."""
        tensor = new("TensorT")
        values = np.ascontiguousarray(values) if values.ndim else values
        tensor.shape = np.array(values.shape, np.int32)
        tensor.type = TENSOR_TYPES.index(values.dtype.name) if like is None else self.tensors[like].type
        tensor.quantization = None if like is None else self.tensors[like].quantization
        tensor.name = f"constant.{len(self.tensors)}".encode()
        buffer = new("BufferT")
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        tensor.buffer = len(self.model.buffers) - 1
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def set_shape(self, tensor: int, shape: Sequence[int]) -> None:
        """A computed tensor's new shape."""
        self.tensors[tensor].shape = np.array(shape, np.int32)
        self.tensors[tensor].shapeSignature = None

    def add(self, name: str, inputs: Sequence[int], outputs: Sequence[int], *, before: Any, **options: Any) -> Any:
        """A new operator, put before another (None: last); `options` by the schema's names (keepDims=True)."""
        operator = new("OperatorT")
        operator.opcodeIndex = self._code(name, self.dtype(outputs[0]) in ("int8", "uint8"))
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if name in _OPTIONS:
            operator.builtinOptionsType = constant("BuiltinOptions", _OPTIONS[name])
            operator.builtinOptions = new(f"{_OPTIONS[name]}T")
            for key, value in options.items():
                assert hasattr(operator.builtinOptions, key), key
                setattr(operator.builtinOptions, key, value)
        self.operators.insert(len(self.operators) if before is None else self.place(before), operator)
        self._touched()
        return operator

    def place(self, operator: Any) -> int:
        """Where an operator stands in the order of execution."""
        return next(place for place, held in enumerate(self.operators) if held is operator)

    def require(self, operator: Any, version: int) -> None:
        """Let an operator be of at least this version: what it now does is newer than the one it had."""
        if self.version(operator) < version:
            self.set_version(operator, version)

    def version(self, operator: Any) -> int:
        """The version of its kind that an operator asks for."""
        return int(self.model.operatorCodes[operator.opcodeIndex].version)

    def set_version(self, operator: Any, version: int) -> None:
        """Let an operator ask for this version of its kind."""
        operator.opcodeIndex = operator_code(self.model, self.name(operator), version)

    def _code(self, name: str, quantized: bool) -> int:
        return operator_code(self.model, name, _VERSIONS.get(name, (1, 1))[quantized])

    def set_input(self, operator: Any, place: int, tensor: int) -> None:
        """Let one input of an operator be another tensor."""
        operator.inputs = operator.inputs.copy()
        operator.inputs[place] = tensor
        self._touched()

    def set_output(self, operator: Any, tensor: int) -> None:
        """Let an operator's only output be another tensor."""
        operator.outputs = np.array([tensor], np.int32)
        self._touched()

    def redirect(self, old: int, new: int, readers: "Sequence[Any] | None" = None) -> None:
        """Let readers (all where not given) of one tensor read another."""
        for operator in self.readers(old) if readers is None else readers:
            operator.inputs = np.where(operator.inputs == old, new, operator.inputs).astype(np.int32)
        self._touched()

    def remove(self, operator: Any) -> None:
        """Take an operator out; its outputs must have no readers left, or another maker."""
        del self.operators[self.place(operator)]
        self._touched()

    def bypass(self, operator: Any, given: int | None = None) -> bool:
        """Take out an operator whose output holds its input `given` (the first one): False where names forbid it.

        A graph's inputs and outputs keep their names, shapes and places, so an output must be made by somebody else.
        """
        given = int(operator.inputs[0]) if given is None else given
        made = int(operator.outputs[0])
        if not self.same_numbers(given, made):
            return False
        if made not in self.outputs:
            self.remove(operator)
            self.redirect(made, given)
            return True
        maker = self.maker(given)
        if maker is None or given in self.outputs or self.shape(given) != self.shape(made):
            return False
        self.remove(operator)
        maker.outputs = np.where(maker.outputs == given, made, maker.outputs).astype(np.int32)
        self._touched()
        self.redirect(given, made)
        return True

    def clean(self) -> None:
        """Drop operators whose results nobody reads, then tensors that nobody names."""
        while True:
            dead = [operator for operator in self.operators if self._is_dead(operator)]
            if not dead:
                break
            for operator in dead:
                self.remove(operator)
        used = sorted(self._used())
        places = {old: new for new, old in enumerate(used)} | {NOT_GIVEN: NOT_GIVEN}
        for operator in self.operators:
            for field in ("inputs", "outputs", "intermediates"):
                held = getattr(operator, field)
                if held is not None and len(held):
                    setattr(operator, field, np.array([places[int(index)] for index in held], np.int32))
        for field in ("inputs", "outputs"):
            held = [places[int(index)] for index in getattr(self.graph, field)]
            setattr(self.graph, field, np.array(held, np.int32))
        for entry in self._signature_entries():
            entry.tensorIndex = places[entry.tensorIndex]
        self.graph.tensors = [self.tensors[index] for index in used]

    def _is_dead(self, operator: Any) -> bool:
        outputs = [int(index) for index in operator.outputs]
        touched = [*outputs, *(int(index) for index in operator.inputs if index >= 0)]
        if not outputs or any(self.dtype(t) == "resource" or self.tensors[t].isVariable for t in touched):
            return False
        if self.name(operator) in ("CUSTOM", "IF", "WHILE", "CALL_ONCE", "CALL"):
            return False
        return not any(index in self.outputs or self.readers(index) for index in outputs)

    def _used(self) -> set[int]:
        used = self.inputs | self.outputs | {entry.tensorIndex for entry in self._signature_entries()}
        for operator in self.operators:
            for held in (operator.inputs, operator.outputs, operator.intermediates):
                used |= set() if held is None else {int(index) for index in held}
        return used - {NOT_GIVEN}

    def _signature_entries(self) -> list[Any]:
        signatures = [held for held in self.model.signatureDefs or [] if held.subgraphIndex == 0]
        return [entry for held in signatures for entry in [*(held.inputs or []), *(held.outputs or [])]]
