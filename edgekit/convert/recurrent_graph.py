"""Writes tensors and operators into the objects of a .tflite file (edgekit.convert.schema)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.convert.schema import generated, operator_code

_OPTIONS = {
    "ADD": "AddOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "CAST": "CastOptions",
    "CONCATENATION": "ConcatenationOptions",
    "DEQUANTIZE": "DequantizeOptions",
    "DYNAMIC_UPDATE_SLICE": "DynamicUpdateSliceOptions",
    "FILL": "FillOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "GATHER": "GatherOptions",
    "LESS": "LessOptions",
    "MUL": "MulOptions",
    "PACK": "PackOptions",
    "PAD": "PadOptions",
    "QUANTIZE": "QuantizeOptions",
    "RESHAPE": "ReshapeOptions",
    "REVERSE_SEQUENCE": "ReverseSequenceOptions",
    "REVERSE_V2": "ReverseV2Options",
    "SLICE": "SliceOptions",
    "SPLIT": "SplitOptions",
    "SUB": "SubOptions",
    "SUM": "ReducerOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "WHILE": "WhileOptions",
}
"""Operator -> the table of its options; LOGISTIC and TANH have none."""
_TYPES = {"float32": "FLOAT32", "float16": "FLOAT16", "int8": "INT8", "int32": "INT32", "bool": "BOOL"}


class Graph:
    """One subgraph of `model`; new operators go to `operators`, where the caller lays them."""

    def __init__(self, model: Any, graph: Any, prefix: str) -> None:
        self.model, self.graph, self.prefix = model, graph, prefix
        self.operators: list[Any] = []

    @classmethod
    def new(cls, model: Any, name: str) -> "Graph":
        """A further subgraph of the model."""
        graph = generated().SubGraphT()
        graph.tensors, graph.operators, graph.name = [], [], name.encode()
        model.subgraphs.append(graph)
        made = cls(model, graph, name)
        made.operators = graph.operators
        return made

    @property
    def number(self) -> int:
        """Its place among the model's subgraphs."""
        return next(place for place, graph in enumerate(self.model.subgraphs) if graph is self.graph)

    def borders(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """The subgraph's inputs and outputs."""
        self.graph.inputs, self.graph.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "float32",
        *,
        scales: Any = None,
        zero_point: int = 0,
        axis: int = 0,
        variable: bool = False,
    ) -> int:
        """A tensor computed at run time."""
        made = generated().TensorT()
        made.shape = np.array(shape, np.int32)
        made.type = getattr(generated().TensorType, _TYPES[dtype])
        made.buffer, made.isVariable = 0, variable
        made.name = f"{self.prefix}/{len(self.graph.tensors)}".encode()
        if scales is not None:
            made.quantization = generated().QuantizationParametersT()
            made.quantization.scale = np.atleast_1d(np.array(scales, np.float32))
            made.quantization.zeroPoint = np.full(len(made.quantization.scale), zero_point, np.int64)
            made.quantization.quantizedDimension = axis
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def constant(self, values: "NDArray[Any]", **quantization: Any) -> int:
        """A tensor that holds `values`, in their dtype; scales as in `tensor`."""
        index = self.tensor(values.shape, values.dtype.name, **quantization)
        buffer = generated().BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors[index].buffer = len(self.model.buffers) - 1
        return index

    def numbers(self, *values: int) -> int:
        """An int32 constant: a list."""
        return self.constant(np.array(values, np.int32))

    def number_of(self, value: int) -> int:
        """An int32 constant: a scalar."""
        return self.constant(np.array(value, np.int32))

    def shape(self, index: int) -> tuple[int, ...]:
        """A tensor's shape."""
        return tuple(int(size) for size in self.graph.tensors[index].shape)

    def add(self, name: str, inputs: Sequence[int], outputs: Sequence[int], version: int = 1, **options: Any) -> int:
        """One operator; returns its first output."""
        made = generated().OperatorT()
        made.opcodeIndex = self.code(name, version)
        made.inputs, made.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if name in _OPTIONS:
            table = getattr(generated(), f"{_OPTIONS[name]}T")()
            for key, value in options.items():
                if not hasattr(table, key):
                    raise ValueError(f"{_OPTIONS[name]} has no {key}")
                setattr(table, key, value)
            made.builtinOptionsType = getattr(generated().BuiltinOptions, _OPTIONS[name])
            made.builtinOptions = table
        self.operators.append(made)
        return outputs[0]

    def code(self, name: str, version: int) -> int:
        """The place of an operator and its version among the model's codes."""
        return operator_code(self.model, name, version)


def new_model() -> Any:
    """An empty ModelT of the schema's version 3."""
    model = generated().ModelT()
    model.version, model.description = 3, b"edgekit"
    model.buffers, model.operatorCodes, model.subgraphs = [generated().BufferT()], [], []
    return model
