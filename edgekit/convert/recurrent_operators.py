"""The arithmetic of recurrent cells as operators of a file, in float32, fp16, int8-dynamic and int8."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.convert.recurrent_cells import Ranges
from edgekit.convert.recurrent_graph import Graph

LIMIT = 127
_INT8 = {"SPLIT": 2, "ADD": 2, "SUB": 2, "MUL": 2, "LOGISTIC": 2, "TANH": 2, "GATHER": 2, "FILL": 3, "QUANTIZE": 2}
"""Versions in which these operators take int8; those not named do so from the first on."""
_FULLY_CONNECTED = 5
"""The version with keepNumDims, which litert-torch and litert-quantizer write for every type."""
_FIXED = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}
"""Scale and zero point that TFLite's int8 kernels ask of these outputs."""


class Operators:
    """Arithmetic in one graph; values are tensor indices. `ranges` is asked only in int8."""

    def __init__(self, graph: Graph, precision: str, ranges: Ranges) -> None:
        self.graph, self.precision, self.ranges = graph, precision, ranges
        self.integer = precision == "int8"
        self.dtype = "int8" if self.integer else "float32"

    def inside(self, graph: Graph) -> "Operators":
        """The same arithmetic in another graph."""
        return Operators(graph, self.precision, self.ranges)

    def version(self, name: str) -> int:
        """Of an operator with this precision's values."""
        return _INT8.get(name, 1) if self.integer else 1

    def quantization(self, name: str) -> dict[str, Any]:
        """How values of this name are stored."""
        if not self.integer:
            return {}
        low, high = self.ranges[name]
        scale = max(high - low, 1e-6) / 255
        return {"scales": scale, "zero_point": int(np.clip(np.rint(-128 - low / scale), -128, 127))}

    def value(self, shape: tuple[int, ...], name: str) -> int:
        """A tensor computed at run time."""
        return self.graph.tensor(shape, self.dtype, **self.quantization(name))

    def like(self, source: int, shape: tuple[int, ...], graph: Graph | None = None) -> int:
        """A tensor of `shape` quantized as `source` (of `graph`, or this one) is."""
        tensors = (graph or self.graph).graph.tensors
        made = self.graph.tensor(shape, self.dtype)
        self.graph.graph.tensors[made].quantization = tensors[source].quantization
        self.graph.graph.tensors[made].type = tensors[source].type
        return made

    def zeros(self, shape: tuple[int, ...], name: str) -> int:
        """Zeros that the file does not hold: FILL."""
        quantization = self.quantization(name)
        zero = np.array(quantization.get("zero_point", 0), self.dtype)
        value = self.graph.constant(zero, **quantization)
        made = self.value(shape, name)
        return self.graph.add("FILL", [self.graph.numbers(*shape), value], [made], self.version("FILL"))

    def weights(self, values: "NDArray[Any]") -> int:
        """A matrix (outputs, inputs); int8 with a scale a row."""
        if self.precision == "float32":
            return self.graph.constant(values.astype(np.float32))
        if self.precision == "fp16":
            half = self.graph.constant(values.astype(np.float16))
            return self.graph.add("DEQUANTIZE", [half], [self.graph.tensor(values.shape)], 3)
        scales = row_scales(values)
        steps = np.clip(np.rint(values / scales[:, None]), -LIMIT, LIMIT).astype(np.int8)
        return self.graph.constant(steps, scales=scales)

    def dense(self, value: int, weights: "NDArray[Any]", bias: "NDArray[Any] | None", name: str) -> int:
        inputs = [value, self.weights(weights)]
        if bias is not None and self.integer:
            scales = self._scale(value) * row_scales(weights)
            steps = np.rint(bias.astype(np.float64) / scales).clip(-(2**31), 2**31 - 1).astype(np.int32)
            inputs.append(self.graph.constant(steps, scales=scales))
        elif bias is not None:
            inputs.append(self.graph.constant(bias.astype(np.float32)))
        made = self.value((*self.graph.shape(value)[:-1], len(weights)), name)
        return self.graph.add("FULLY_CONNECTED", inputs, [made], _FULLY_CONNECTED, keepNumDims=True)

    def _scale(self, value: int) -> np.float32:
        return np.float32(self.graph.graph.tensors[value].quantization.scale[0])

    def split(self, value: int, count: int) -> list[int]:
        *outer, last = self.graph.shape(value)
        parts = [self.like(value, (*outer, last // count)) for _ in range(count)]
        axis = self.graph.number_of(len(outer))
        self.graph.add("SPLIT", [axis, value], parts, self.version("SPLIT"), numSplits=count)
        return parts

    def add(self, a: int, b: int, name: str) -> int:
        return self._pair("ADD", a, b, name)

    def sub(self, a: int, b: int, name: str) -> int:
        return self._pair("SUB", a, b, name)

    def mul(self, a: int, b: int, name: str) -> int:
        return self._pair("MUL", a, b, name)

    def _pair(self, operator: str, a: int, b: int, name: str) -> int:
        shape = np.broadcast_shapes(self.graph.shape(a), self.graph.shape(b))
        return self.graph.add(operator, [a, b], [self.value(shape, name)], self.version(operator))

    def logistic(self, value: int) -> int:
        return self._fixed("LOGISTIC", value)

    def tanh(self, value: int) -> int:
        return self._fixed("TANH", value)

    def _fixed(self, operator: str, value: int) -> int:
        scale, zero_point = _FIXED[operator]
        quantization: dict[str, Any] = {"scales": scale, "zero_point": zero_point} if self.integer else {}
        made = self.graph.tensor(self.graph.shape(value), self.dtype, **quantization)
        return self.graph.add(operator, [value], [made], self.version(operator))

    def gather(self, value: int, place: int, axis: int) -> int:
        """What lies at `place` (a scalar tensor) of the axis, which goes."""
        shape = self.graph.shape(value)
        made = self.like(value, (*shape[:axis], *shape[axis + 1 :]))
        return self.graph.add("GATHER", [value, place], [made], self.version("GATHER"), axis=axis)

    def reshape(self, value: int, shape: tuple[int, ...]) -> int:
        return self.graph.add("RESHAPE", [value, self.graph.numbers(*shape)], [self.like(value, shape)])

    def concatenate(self, values: list[int], axis: int) -> int:
        """Side by side; in int8 they must be quantized alike."""
        if len(values) == 1:
            return values[0]
        shape = list(self.graph.shape(values[0]))
        shape[axis] = sum(self.graph.shape(value)[axis] for value in values)
        version = 2 if self.integer else 1
        return self.graph.add("CONCATENATION", values, [self.like(values[0], tuple(shape))], version, axis=axis)


def row_scales(weights: "NDArray[Any]") -> "NDArray[np.float32]":
    """A symmetric int8 scale a row; a row of zeros takes 1."""
    largest = np.abs(weights).max(axis=1)
    return np.where(largest > 0, largest / LIMIT, 1).astype(np.float32)
