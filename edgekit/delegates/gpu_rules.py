"""Which nodes the GPU delegate may be offered: IsSupported of each operator, then the types of its tensors.

Sources, TFLite 2.16.1: tensorflow/lite/tools/versioning/gpu_compatibility.cc (what an operator needs, which is what
TensorFlow's analyzer asks too) and tensorflow/lite/delegates/gpu/common/model_builder.cc (versions, neighbours, types:
what only the delegate asks).
"""

from collections.abc import Callable

from edgekit.delegates import gpu_operators as of
from edgekit.delegates.gpu_operators import BUILDER, FLOAT, LOGICAL
from edgekit.delegates.rules import Node, Refused, listed, mend_type
from edgekit.tflite.structure import Tensor

COMPATIBILITY = "tensorflow/lite/tools/versioning/gpu_compatibility.cc: CheckGpuDelegateCompatibility"
ONE_INPUT = tuple(
    [
        "ABS",
        "COS",
        "ELU",
        "EXP",
        "FLOOR",
        "GELU",
        "LOG",
        "LOGISTIC",
        "NEG",
        "RSQRT",
        "SIGN",
        "SIN",
        "SQRT",
        "SQUARE",
        "TANH",
    ]
)
_ARITHMETIC = ("DIV", "FLOOR_DIV", "FLOOR_MOD", "LOGICAL_AND", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE", "SUB")
TWO_INPUTS = (*_ARITHMETIC, *LOGICAL)
VERSIONS: dict[str, int] = {
    **dict.fromkeys((*ONE_INPUT, *TWO_INPUTS, "ADD", "ADD_N"), 2),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION", "PAD", "PADV2", "MIRROR_PAD"), 2),
    **dict.fromkeys(
        ("QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "SLICE", "SOFTMAX", "SPACE_TO_DEPTH"), 2
    ),
    **dict.fromkeys(("CUMSUM", "DENSIFY", "GATHER", "ONE_HOT", "PRELU", "RESHAPE", "SELECT", "SELECT_V2"), 1),
    **dict.fromkeys(("DEQUANTIZE", "MUL", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TRANSPOSE_CONV"), 3),
    **dict.fromkeys(("LSTM", "STRIDED_SLICE", "TRANSPOSE"), 4),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), 6),
    "FULLY_CONNECTED": 9,
}
"""Operator -> the newest version that is taken (CheckMaxSupportedOpVersion); others: any."""
_ALSO: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(LOGICAL, ((), ("bool",))),
    **dict.fromkeys(("SELECT", "SELECT_V2"), (("bool",), ())),
    **dict.fromkeys(("GATHER", "ONE_HOT"), (("int32",), ())),
    "CAST": (("bool", "int32"), ("bool", "int32")),
    "LOGICAL_AND": (("bool",), ("bool",)),
}
"""Operator -> types taken besides float, int8 and uint8, of inputs and of outputs."""


def check(node: Node) -> None:
    """IsSupported. Raises Refused."""
    if node.name in VERSIONS and not node.operator.is_custom:
        node.version(VERSIONS[node.name], source=f"{BUILDER}: CheckMaxSupportedOpVersion", mend=_mend_version(node))
    check_operator(node)


def check_operator(node: Node) -> None:
    """What the operator itself needs, whatever its version and types. Raises Refused."""
    node.source = COMPATIBILITY
    rule = of.custom if node.operator.is_custom else RULES.get(node.name)
    if rule is None:
        mend = MENDS.get(node.name, "")
        raise Refused(f"the GPU delegate has no {node.name}", f"{BUILDER}: NewOperationParser", mend)
    rule(node)


def check_types(node: Node) -> None:
    """IsAllAllowedTensors: computed tensors are float, int8 or uint8; nothing has five dimensions."""
    source = f"{BUILDER}: IsAllAllowedTensors"
    inputs, outputs = _ALSO.get(node.name, ((), ()))
    kinds = (*FLOAT, "int8", "uint8")
    for side, given, also in (("input", node.inputs, inputs), ("output", node.outputs, outputs)):
        for number, tensor in enumerate(given):
            if tensor is None:
                continue
            node.need(
                len(tensor.shape) < 5,
                f"{side} {number} has {len(tensor.shape)} dimensions; the GPU delegate takes 4 at most",
                "reshape around it",
                source,
            )
            node.need(
                tensor.is_constant or tensor.is_variable or tensor.dtype in (*kinds, *also),
                f"{side} {number} is {tensor.dtype}; the GPU delegate computes on {listed((*kinds, *also))} here",
                mend_type(tensor.dtype, (*kinds, *also)),
                source,
            )


def _mend_version(node: Node) -> str:
    tensors: list[Tensor] = [tensor for tensor in node.inputs if tensor is not None]
    if any(tensor.dtype in ("int64", "int16", "bool") for tensor in tensors):
        return "use float or int32 tensors: other types raise the version"
    if any(len(tensor.shape) > 4 for tensor in tensors):
        return "keep to four dimensions: more raise the version"
    if any(tensor.dtype in ("int8", "uint8") for tensor in tensors):
        return "leave this operator in float: quantized tensors raise the version"
    return "an older converter may write an older version"


MENDS: dict[str, str] = {
    **dict.fromkeys(("EXPAND_DIMS", "SQUEEZE"), "use a RESHAPE"),
    "BROADCAST_TO": "leave the broadcast to the operator that reads it",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "unroll the recurrence",
    "HARD_SWISH": "compute x * relu6(x + 3) / 6",
    "RELU_0_TO_1": "use RELU and MINIMUM",
    "CEIL": "compute -floor(-x)",
    "LOG_SOFTMAX": "take the LOG of a SOFTMAX",
    **dict.fromkeys(("ARG_MAX", "ARG_MIN", "TOPK_V2"), "leave it to the app: drop it from the end of the graph"),
}
"""Operators without a rule -> what does the same."""

RULES: dict[str, Callable[[Node], None]] = {
    **dict.fromkeys((*ONE_INPUT, "HARD_SWISH"), lambda node: of.counts(node, 1, constants=0)),
    **dict.fromkeys(TWO_INPUTS, of.elements),
    **dict.fromkeys(LOGICAL, of.logical),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), of.pool),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), of.axes),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), of.pads),
    **dict.fromkeys(("RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "PRELU", "PACK", "UNPACK"), of.free),
    **dict.fromkeys(("SPLIT", "SPLIT_V", "CONCATENATION"), of.free),
    **dict.fromkeys(("RESHAPE", "TILE", "TRANSPOSE", "QUANTIZE"), lambda node: of.counts(node, 1)),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), of.resize),
    **dict.fromkeys(("SELECT", "SELECT_V2"), of.select),
    **dict.fromkeys(("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"), of.blocks),
    "ADD": of.add,
    "ADD_N": of.two,
    "BATCH_MATMUL": of.batch_matmul,
    "CAST": of.cast,
    "CONV_2D": of.conv_2d,
    "CUMSUM": of.cumsum,
    "DENSIFY": lambda node: of.counts(node, 0),
    "DEPTHWISE_CONV_2D": of.depthwise,
    "DEQUANTIZE": of.dequantize,
    "FULLY_CONNECTED": of.fully_connected,
    "GATHER": of.gather,
    "LSTM": of.lstm,
    "MUL": of.mul,
    "ONE_HOT": of.one_hot,
    "SLICE": lambda node: of.slices(node, 3),
    "SOFTMAX": of.softmax,
    "STRIDED_SLICE": of.strided_slice,
    "TRANSPOSE_CONV": of.transpose_conv,
}
"""Operator -> what it needs. Operators that are not here are not taken."""
