"""Float or integer inputs and outputs of an integer file, as asked: QUANTIZE and DEQUANTIZE at its ends."""

from typing import Any

import numpy as np

from edgekit.convert.schema import Unknown, constant, new, pack, unpack
from edgekit.errors import ConvertError
from edgekit.recipe.spec import Io
from edgekit.tflite import read

_CODES = {"float32": "FLOAT32", "int8": "INT8", "uint8": "UINT8", "int16": "INT16"}
_SHIFT = 128
"""uint8 is int8 and so much more, of the same scale."""


def with_io(content: bytes, io: Io) -> bytes:
    """The same network with inputs and outputs of another kind; raises ConvertError where it has none of that kind.

    `float`: float32 instead of integers with a scale. `integer`: as the file is, which must then be integers.
    `uint8`: instead of int8. Ids (integers without a scale) stay. An end keeps its name and its signature.
    """
    if io == "as made":
        return content
    dtypes = _ends(content)
    if io == "integer":
        return _checked(content, dtypes, ("int8", "int16", "uint8"), io)
    if io == "uint8":
        _checked(content, dtypes, ("int8", "uint8"), io)
    if all(dtype == "float32" for dtype in dtypes.values()):
        return content
    try:
        model = unpack(content)
    except Unknown as error:
        raise ConvertError(f"the file's inputs and outputs cannot be changed: {error}") from error
    ends = _Ends(model, io)
    for index in list(model.subgraphs[0].inputs):
        ends.change(int(index), of_inputs=True)
    for index in list(model.subgraphs[0].outputs):
        ends.change(int(index), of_inputs=False)
    return pack(model)


def _ends(content: bytes) -> dict[str, str]:
    """Name -> dtype of inputs and outputs that are real numbers."""
    graph = read(content).main
    tensors = [graph.tensors[index] for index in (*graph.inputs, *graph.outputs)]
    return {item.name: item.dtype for item in tensors if item.quantization is not None or item.dtype == "float32"}


def _checked(content: bytes, dtypes: dict[str, str], wanted: tuple[str, ...], io: str) -> bytes:
    for name, dtype in dtypes.items():
        if dtype not in wanted:
            hint = "ask for precision int8, int16x8 or mixed, or leave io out" if dtype == "float32" else "leave io out"
            raise ConvertError(f"io = {io!r}: {name} is {dtype} in this file, and has no such form", hint)
    return content


class _Ends:
    """Changes of the main graph, one end after another."""

    def __init__(self, model: Any, io: Io) -> None:
        self.model, self.graph = model, model.subgraphs[0]
        self.dtype = "float32" if io == "float" else "uint8"

    def change(self, index: int, *, of_inputs: bool) -> None:
        """Let the end be of the wanted dtype: a new tensor beside the old one, and the operator between them."""
        old = self.graph.tensors[index]
        kind = next((name for name, code in _CODES.items() if constant("TensorType", code) == old.type), "")
        quantized = old.quantization is not None and old.quantization.scale is not None
        if kind in ("", "float32", self.dtype) or not quantized:
            return
        if self.dtype == "float32" and self._skip(index, of_inputs=of_inputs):
            return
        place = len(self.graph.tensors)
        self.graph.tensors.append(self._outside(old))
        old.name = (old.name or b"") + b"/inside"
        self._name_end(index, place, of_inputs=of_inputs)
        name = "QUANTIZE" if of_inputs or self.dtype == "uint8" else "DEQUANTIZE"
        given, made = (place, index) if of_inputs else (index, place)
        operator = new(
            "OperatorT",
            opcodeIndex=self._code(name),
            inputs=np.array([given], np.int32),
            outputs=np.array([made], np.int32),
        )
        self.graph.operators.insert(0 if of_inputs else len(self.graph.operators), operator)

    def _outside(self, old: Any) -> Any:
        made = new(
            "TensorT",
            name=old.name,
            shape=old.shape,
            shapeSignature=old.shapeSignature,
            hasRank=old.hasRank,
            type=constant("TensorType", _CODES[self.dtype]),
            buffer=0,
        )
        if self.dtype == "uint8":
            zero_point = old.quantization.zeroPoint + _SHIFT
            made.quantization = new("QuantizationParametersT", scale=old.quantization.scale, zeroPoint=zero_point)
        return made

    def _skip(self, index: int, *, of_inputs: bool) -> bool:
        """Where the network itself computes in float at this end, the step to integers and back goes."""
        around = [op for op in self.graph.operators if index in (op.inputs if of_inputs else op.outputs)]
        users = [op for op in self.graph.operators if index in op.inputs]
        wanted = self._codes("DEQUANTIZE" if of_inputs else "QUANTIZE")
        far = [int((op.outputs if of_inputs else op.inputs)[0]) for op in around]
        is_float = all(self.graph.tensors[item].type == constant("TensorType", "FLOAT32") for item in far)
        if len(around) != 1 or around[0].opcodeIndex not in wanted or not is_float or (users and not of_inputs):
            return False
        if far[0] in (*self.graph.inputs, *self.graph.outputs):
            return False
        self.graph.operators = [op for op in self.graph.operators if op is not around[0]]
        end, inner = self.graph.tensors[index], self.graph.tensors[far[0]]
        inner.name, end.name = end.name, (end.name or b"") + b"/unused"
        self._name_end(index, far[0], of_inputs=of_inputs)
        self._drop(index)
        return True

    def _name_end(self, index: int, place: int, *, of_inputs: bool) -> None:
        """The graph's and the signatures' end is another tensor."""
        side = "inputs" if of_inputs else "outputs"
        ends = getattr(self.graph, side)
        setattr(self.graph, side, np.where(np.asarray(ends) == index, place, ends).astype(np.int32))
        for signature in self.model.signatureDefs or []:
            for entry in getattr(signature, side) or []:
                if signature.subgraphIndex == 0 and entry.tensorIndex == index:
                    entry.tensorIndex = place

    def _drop(self, index: int) -> None:
        """Take a tensor out that nothing refers to any more, and number those behind it anew."""
        del self.graph.tensors[index]

        def moved(places: Any) -> Any:
            return np.where(np.asarray(places) > index, np.asarray(places) - 1, places).astype(np.int32)

        self.graph.inputs, self.graph.outputs = moved(self.graph.inputs), moved(self.graph.outputs)
        for operator in self.graph.operators:
            operator.inputs, operator.outputs = moved(operator.inputs), moved(operator.outputs)
            if operator.intermediates is not None:
                operator.intermediates = moved(operator.intermediates)
        for signature in self.model.signatureDefs or []:
            for entry in (*(signature.inputs or []), *(signature.outputs or [])):
                if signature.subgraphIndex == 0 and entry.tensorIndex > index:
                    entry.tensorIndex -= 1

    def _codes(self, name: str) -> list[int]:
        code = constant("BuiltinOperator", name)
        return [place for place, item in enumerate(self.model.operatorCodes) if item.builtinCode == code]

    def _code(self, name: str) -> int:
        found = self._codes(name)
        if found:
            return found[0]
        code = constant("BuiltinOperator", name)
        old = min(code, constant("BuiltinOperator", "PLACEHOLDER_FOR_GREATER_OP_CODES"))
        self.model.operatorCodes.append(new("OperatorCodeT", builtinCode=code, deprecatedBuiltinCode=old, version=1))
        return len(self.model.operatorCodes) - 1
