"""A .tflite file from a list of tensors and operators, with the schema's generated code."""

import functools
from dataclasses import dataclass, field, replace

import numpy as np

from edgekit.convert import schema as edgekit_schema
from edgekit.tflite.operators import OPERATORS, TENSOR_TYPES

NUMPY = {"float32": "f4", "float16": "f2", "int8": "i1", "uint8": "u1", "int16": "i2", "int32": "i4", "int64": "i8"}
NUMPY |= {"bool": "?"}
BITS = {"int4": 4, "int2": 2}
ENUMS = {
    "padding": ("SAME", "VALID"),
    "fused_activation_function": ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
}


@dataclass(frozen=True)
class T:
    """A tensor; `data` True: a constant of small numbers, or the numbers themselves."""

    shape: tuple = (1, 4, 4, 2)
    dtype: str = "float32"
    data: object = None
    scales: tuple = ()
    zero: int = 0
    axis: int = 0

    def bytes(self):
        if self.data is None:
            return None
        if self.dtype in BITS:  # several values a byte
            return np.full(-(-int(np.prod(self.shape)) * BITS[self.dtype] // 8), 1, np.uint8)
        if self.data is True:
            count = int(np.prod(self.shape))
            return (np.arange(count) % 5 - 1).astype(NUMPY[self.dtype]).reshape(self.shape)
        return np.asarray(self.data, NUMPY[self.dtype]).reshape(self.shape)


@dataclass(frozen=True)
class Op:
    """An operator: its inputs and outputs are places in the list of tensors."""

    name: str
    inputs: tuple
    outputs: tuple
    options: dict = field(default_factory=dict)
    version: int = 1


def q(dtype="int8", shape=(1, 4, 4, 2), scale=0.5, zero=0, **more):
    """A quantized tensor."""
    return T(shape, dtype, scales=(scale,), zero=zero + (128 if dtype == "uint8" else 0), **more)


@functools.cache
def generated():
    return edgekit_schema.generated()


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


OPTIONS = {
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), "Pool2DOptions"),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), "ReducerOptions"),
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "GELU": "GeluOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
}


def options_of(name, given):
    """(kind number, object) of the schema."""
    schema = generated()
    kind = OPTIONS.get(name) or "".join(word.capitalize() for word in name.split("_")) + "Options"
    number = getattr(schema.BuiltinOptions, kind, None)
    if number is None or not hasattr(schema, f"{kind}T"):
        return 0, None
    table = getattr(schema, f"{kind}T")()
    for key, value in given.items():
        value = ENUMS[key].index(value) if key in ENUMS else value
        value = TENSOR_TYPES.index(value) if key.endswith("_type") else value
        assert hasattr(table, camel(key)), (name, key)
        setattr(table, camel(key), value)
    return number, table


def file(tensors, operators):
    """The bytes of a model whose inputs and outputs are what nothing computes and what nothing reads."""
    schema = generated()
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.description, model.subgraphs = 3, b"", [graph]
    model.buffers, model.operatorCodes = [schema.BufferT()], []
    graph.name, graph.tensors, graph.operators = b"main", [], []
    for index, wanted in enumerate(tensors):
        tensor = schema.TensorT()
        tensor.shape, tensor.name = np.array(wanted.shape, np.int32), f"t{index}".encode()
        tensor.type, tensor.buffer, tensor.hasRank = TENSOR_TYPES.index(wanted.dtype), 0, True
        if wanted.scales:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = np.array(wanted.scales, np.float32)
            tensor.quantization.zeroPoint = np.full(len(wanted.scales), wanted.zero, np.int64)
            tensor.quantization.quantizedDimension = wanted.axis
        content = wanted.bytes()
        if content is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(content.tobytes(), np.uint8)
            tensor.buffer = len(model.buffers)
            model.buffers.append(buffer)
        graph.tensors.append(tensor)
    for wanted in operators:
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = OPERATORS.index(wanted.name)
        code.deprecatedBuiltinCode, code.version = min(127, code.builtinCode), wanted.version
        operator.opcodeIndex = len(model.operatorCodes)
        model.operatorCodes.append(code)
        operator.inputs, operator.outputs = (np.array(ids, np.int32) for ids in (wanted.inputs, wanted.outputs))
        operator.builtinOptionsType, operator.builtinOptions = options_of(wanted.name, wanted.options)
        graph.operators.append(operator)
    made = {index for operator in operators for index in operator.outputs}
    read = {index for operator in operators for index in operator.inputs}
    graph.inputs = np.array(
        [i for i, t in enumerate(tensors) if t.data is None and i not in made and t.dtype != "resource"], np.int32
    )
    graph.outputs = np.array([i for i in sorted(made) if i not in read], np.int32)
    return edgekit_schema.pack(model)


def one(name, inputs, outputs, *, version=1, **options):
    """A file of one operator."""
    places = list(range(len(inputs) + len(outputs)))
    given, made = places[: len(inputs)], places[len(inputs) :]
    given = [-1 if tensor is None else place for tensor, place in zip(inputs, given, strict=True)]
    tensors = [T((1,)) if tensor is None else tensor for tensor in (*inputs, *outputs)]
    if None in inputs:  # a tensor that nobody names would become an input of the graph: make it a constant
        tensors = [replace(t, data=True) if -1 in given and i < len(inputs) and given[i] == -1 else t
                   for i, t in enumerate(tensors)]  # fmt: skip
    return file(tensors, [Op(name, tuple(given), tuple(made), options, version)])


def i32(*numbers, shape=None, dtype="int32"):
    return T(shape or (len(numbers),), dtype, data=numbers)


def like(dtype, shape=(1, 4, 4, 2), zero=0, scale=0.5):
    """A tensor computed at run time, quantized where its type is."""
    return T(shape, dtype) if dtype.startswith(("float", "bool", "int32", "int64")) else q(dtype, shape, scale, zero)


TYPES = ("float32", "float16", "int8", "uint8", "int16", "int32", "int64")
