"""Writing a graph: tensors, constants and operators added to a ModelT, or to an empty one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.convert.schema import generated as schema
from edgekit.convert.schema import operator_code
from edgekit.tflite.operators import OPERATORS, TENSOR_TYPES
from edgekit.tflite.options import KINDS

_OPTIONS = {
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), "Pool2D"),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ANY", "REDUCE_ALL"), "Reducer"),
    **dict.fromkeys(("MAXIMUM", "MINIMUM"), "MaximumMinimum"),
    "L2_NORMALIZATION": "L2Norm",
    "BATCH_MATMUL": "BatchMatMul",
    "SPACE_TO_BATCH_ND": "SpaceToBatchND",
    "BATCH_TO_SPACE_ND": "BatchToSpaceND",
    "LSTM": "LSTM",
    "PADV2": "PadV2",
    "TOPK_V2": "TopKV2",
}
"""Operator -> its table of options, where the name does not follow from the operator's."""
_NAMED = {
    "padding": ("SAME", "VALID"),
    "fused_activation_function": ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
    "mode": ("REFLECT", "SYMMETRIC"),
    "weights_format": ("DEFAULT", "SHUFFLED4x16INT8"),
    "kernel_type": ("FULL", "BASIC"),
}


def empty() -> Any:
    """A ModelT with one graph that holds nothing."""
    kinds = schema()
    model, graph = kinds.ModelT(), kinds.SubGraphT()
    model.version, model.operatorCodes, model.buffers, model.description = 3, [], [kinds.BufferT()], b""
    graph.tensors, graph.operators, graph.name = [], [], b"main"
    graph.inputs = graph.outputs = np.zeros(0, np.int32)
    model.subgraphs = [graph]
    return model


class Graph:
    """One graph of a ModelT; changes go into the ModelT."""

    def __init__(self, model: Any, number: int = 0) -> None:
        self.model, self.graph = model, model.subgraphs[number]

    # -- looking
    def name(self, operator: Any) -> str:
        """The operator's name; of a custom one its code."""
        code = self.model.operatorCodes[operator.opcodeIndex]
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        return (code.customCode or b"").decode() if OPERATORS[number] == "CUSTOM" else OPERATORS[number]

    def shape(self, tensor: int) -> tuple[int, ...]:
        found = self.graph.tensors[tensor].shape
        return () if found is None else tuple(int(size) for size in found)

    def dtype(self, tensor: int) -> str:
        return TENSOR_TYPES[self.graph.tensors[tensor].type]

    def values(self, tensor: int) -> NDArray[Any] | None:
        """A constant's values; None where the tensor is computed."""
        held = self.graph.tensors[tensor]
        data = self.model.buffers[held.buffer].data
        if data is None or len(data) == 0:
            return None
        return np.frombuffer(np.asarray(data, np.uint8).tobytes(), self.dtype(tensor)).reshape(self.shape(tensor))

    def producer(self, tensor: int) -> Any:
        """The operator that computes it, or None."""
        return next((op for op in self.graph.operators if tensor in self.outputs(op)), None)

    def readers(self, tensor: int) -> list[Any]:
        return [op for op in self.graph.operators if tensor in self.inputs(op)]

    def inputs(self, operator: Any) -> list[int]:
        return [] if operator.inputs is None else [int(index) for index in operator.inputs]

    def outputs(self, operator: Any) -> list[int]:
        return [] if operator.outputs is None else [int(index) for index in operator.outputs]

    def leaves(self, tensor: int) -> bool:
        """Whether the graph gives it to its caller."""
        return tensor in (int(index) for index in self.graph.outputs)

    # -- changing
    def tensor(self, shape: Sequence[int], dtype: str = "float32", quantization: Any = None, name: str = "") -> int:
        held = schema().TensorT()
        held.shape, held.type = np.asarray(shape, np.int32), TENSOR_TYPES.index(dtype)
        held.name = (name or f"t{len(self.graph.tensors)}").encode()
        held.quantization = quantization
        self.graph.tensors.append(held)
        return len(self.graph.tensors) - 1

    def constant(self, values: NDArray[Any], dtype: str = "", quantization: Any = None) -> int:
        """A tensor whose values lie in the file."""
        place = self.tensor(values.shape, dtype or values.dtype.name, quantization)
        buffer = schema().BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors[place].buffer = len(self.model.buffers) - 1
        return place

    def operator(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: Mapping[str, Any] | None = None,
        *,
        version: int = 1,
        before: Any = None,
        custom: bool = False,
    ) -> Any:
        """Add an operator; `before`: in front of that one, else at the end."""
        made = schema().OperatorT()
        made.opcodeIndex = operator_code(self.model, name, version, custom=custom)
        made.inputs, made.outputs = np.asarray(inputs, np.int32), np.asarray(outputs, np.int32)
        if not custom:
            _fill(made, name, options or {})
        place = len(self.graph.operators) if before is None else self._place(before)
        self.graph.operators.insert(place, made)
        return made

    def remove(self, operator: Any) -> None:
        del self.graph.operators[self._place(operator)]

    def reroute(self, old: int, new: int) -> None:
        """Everything that reads `old` reads `new`."""
        for operator in self.graph.operators:
            if operator.inputs is not None and old in operator.inputs:
                operator.inputs = np.where(np.asarray(operator.inputs) == old, new, operator.inputs).astype(np.int32)

    def _place(self, operator: Any) -> int:
        return next(index for index, held in enumerate(self.graph.operators) if held is operator)


def quantized(scales: Sequence[float], zero_points: Sequence[int], axis: int = 0) -> Any:
    """real = scale * (value - zero point); several: one a slice along `axis`."""
    held = schema().QuantizationParametersT()
    held.scale, held.zeroPoint = np.asarray(scales, np.float32), np.asarray(zero_points, np.int64)
    held.quantizedDimension = axis
    return held


def _fill(made: Any, name: str, options: Mapping[str, Any]) -> None:
    """The operator's table of options, with what the schema's defaults leave open filled in."""
    kinds = schema()
    stem = _OPTIONS.get(name) or "".join(part.capitalize() for part in name.split("_"))
    known = {kind.lower(): (kind, number) for kind, number in vars(kinds.BuiltinOptions).items() if kind[0] != "_"}
    found = known.get(f"{stem}Options".lower())
    if found is None:
        return
    held = getattr(kinds, f"{found[0]}T")()
    allowed = {field.name for field in KINDS[name].fields} if name in KINDS else set()
    for option, value in options.items():
        assert option in allowed, f"{name} has no option {option}"
        if isinstance(value, str) and option in _NAMED:
            value = _NAMED[option].index(value)
        elif isinstance(value, str):
            value = TENSOR_TYPES.index(value)
        elif isinstance(value, tuple | list):
            value = np.asarray(value, np.int32)
        first, *rest = option.split("_")
        setattr(held, first + "".join(part.capitalize() for part in rest), value)
    made.builtinOptions, made.builtinOptionsType = held, found[1]
