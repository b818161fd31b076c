"""NNAPIDelegateKernel::Validate, operator by operator: versions, types and options at a feature level.

Source, TFLite 2.16.1: tensorflow/lite/delegates/nnapi/nnapi_delegate.cc.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edgekit.delegates import nnapi_operators as of
from edgekit.delegates.nnapi_operators import F8, F8I, F16I, FL6, FL7, FLOAT, P, Q, R
from edgekit.delegates.rules import Node

SOURCE = "tensorflow/lite/delegates/nnapi/nnapi_delegate.cc: NNAPIDelegateKernel::Validate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Versions up to `most`, from level `since` on; the first input of one of `kinds`; then `more`."""

    most: int = 1_000
    since: int = 0
    kinds: tuple[str, ...] = ()
    more: Callable[[Node, int], None] | None = None


def check(node: Node, level: int, *, accelerated: bool = True) -> None:
    """Raises Refused with the first rule that does not hold.

    `accelerated`: NNAPI's own CPU kernels are ruled out or an accelerator is named, as the Java delegate has it.
    """
    node.source = SOURCE
    rule = None if node.operator.is_custom else RULES.get(node.name)
    if rule is None:
        node.need(False, f"NNAPI has no {node.name}", MENDS.get(node.name, ""))
        return
    node.version(rule.most + (node.name == "MUL" and accelerated and level >= Q))
    of.since(node, level, rule.since)
    if rule.kinds:
        node.typed(node.input(0), rule.kinds)
    if rule.more is not None:
        rule.more(node, level)
    if node.name == "AVERAGE_POOL_2D" and not (accelerated and level >= Q):
        of.window(node)


MENDS = {
    "SELECT_V2": "use SELECT where the shapes are equal",
    "GELU": "compute it of multiplications and TANH",
    "BROADCAST_TO": "leave the broadcast to the operator that reads it",
}
"""Operators without a rule -> what does the same."""

RULES: dict[str, Rule] = {
    **dict.fromkeys(("ADD", "MUL"), Rule(most=2, more=of.arithmetic)),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), Rule(most=2, since=Q, kinds=F16I, more=of.arg)),
    **dict.fromkeys(("RELU", "RELU_N1_TO_1", "RELU6", "LOGISTIC", "MAX_POOL_2D"), Rule(most=2, kinds=F8)),
    **dict.fromkeys(("ABS", "EXP", "LOG", "POW", "COS", "SIN", "SQRT"), Rule(most=1, since=Q, kinds=FLOAT)),
    **dict.fromkeys(("PAD", "PADV2"), Rule(most=2, since=P, kinds=F8, more=of.pad)),
    **dict.fromkeys(("MAXIMUM", "MINIMUM"), Rule(most=3, since=Q, kinds=F8I, more=of.extreme)),
    **dict.fromkeys(("LEAKY_RELU", "PRELU"), Rule(most=1, since=Q, kinds=F8)),
    **dict.fromkeys(("LOGICAL_OR", "LOGICAL_AND", "LOGICAL_NOT"), Rule(most=1, since=Q, kinds=("bool",))),
    **dict.fromkeys(
        ("LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "EQUAL", "NOT_EQUAL"),
        Rule(most=2, since=Q, kinds=(*F8I, "bool")),
    ),
    **dict.fromkeys(("REDUCE_MIN", "REDUCE_MAX"), Rule(most=2, since=Q, kinds=F8)),
    **dict.fromkeys(("REDUCE_PROD", "SUM"), Rule(most=1, since=Q, kinds=FLOAT, more=of.no_scalar)),
    **dict.fromkeys(("RESIZE_BILINEAR",), Rule(most=3, kinds=F8, more=of.resize)),
    **dict.fromkeys(("RNN", "SVDF"), Rule(most=1, more=of.float_weights)),
    "RESIZE_NEAREST_NEIGHBOR": Rule(most=3, since=Q, kinds=F8, more=of.resize),
    "AVERAGE_POOL_2D": Rule(most=2, kinds=F8),
    "BATCH_MATMUL": Rule(most=2, since=FL6, kinds=("float32", "int32", "int8"), more=of.batch_matmul),
    "BATCH_TO_SPACE_ND": Rule(most=2, since=P, more=of.batch_to_space),
    "BIDIRECTIONAL_SEQUENCE_LSTM": Rule(most=1, since=Q, more=of.sequence_lstm),
    "CAST": Rule(most=1, since=Q, more=of.cast),
    "CONCATENATION": Rule(most=2, more=of.concatenation),
    "CONV_2D": Rule(most=5, more=of.conv),
    "DENSIFY": Rule(more=of.densify),
    "DEPTHWISE_CONV_2D": Rule(most=3, more=of.depthwise),
    "DEPTH_TO_SPACE": Rule(kinds=F8),
    "DEQUANTIZE": Rule(more=of.dequantize),
    "DIV": Rule(most=1, since=P, kinds=FLOAT, more=of.pair),
    "ELU": Rule(most=1, since=R, kinds=FLOAT),
    "EMBEDDING_LOOKUP": Rule(most=1, more=of.lookup),
    "EXPAND_DIMS": Rule(most=1, since=Q, kinds=F16I, more=of.axis_second),
    "FILL": Rule(most=1, since=R, more=of.fill),
    "FLOOR": Rule(most=1),
    "FULLY_CONNECTED": Rule(most=5, more=of.fully_connected),
    "GATHER": Rule(most=2, since=Q, kinds=F16I, more=of.gather),
    "HARD_SWISH": Rule(kinds=F8),
    "HASHTABLE_LOOKUP": Rule(most=1, more=of.hashtable),
    "L2_NORMALIZATION": Rule(most=2, more=of.l2_normalization),
    "L2_POOL_2D": Rule(most=1, kinds=FLOAT, more=of.l2_pool),
    "LOCAL_RESPONSE_NORMALIZATION": Rule(most=1),
    "LOG_SOFTMAX": Rule(most=1, since=Q, kinds=FLOAT),
    "LSTM": Rule(most=3, more=of.lstm),
    "MEAN": Rule(most=2, since=P, more=of.mean),
    "MIRROR_PAD": Rule(most=2, since=FL7, kinds=F8I, more=of.mirror_pad),
    "NEG": Rule(most=2, since=Q, kinds=("float32", "int32")),
    "PACK": Rule(most=2, since=R, more=of.pack),
    "QUANTIZE": Rule(most=2, since=Q, kinds=F8, more=of.quantize),
    "REDUCE_ANY": Rule(most=2, since=Q, more=of.no_scalar),
    "RESHAPE": Rule(most=1, more=of.reshape),
    "REVERSE_V2": Rule(most=3, since=FL7, kinds=F8I, more=of.two),
    "RSQRT": Rule(most=2, since=Q, more=of.rsqrt),
    "SELECT": Rule(most=2, since=Q, more=of.select),
    "SLICE": Rule(most=2, since=Q, kinds=F8I, more=of.slice),
    "SOFTMAX": Rule(most=2, kinds=F8, more=of.softmax),
    "SPACE_TO_BATCH_ND": Rule(most=2, since=P),
    "SPACE_TO_DEPTH": Rule(most=2, kinds=F8),
    "SPLIT": Rule(most=3, since=Q, more=of.split),
    "SPLIT_V": Rule(most=2, since=R, kinds=F8I, more=of.split_v),
    "SQUARED_DIFFERENCE": Rule(most=2, since=P, more=of.squared_difference),
    "SQUEEZE": Rule(most=1, since=P, more=of.squeeze),
    "STRIDED_SLICE": Rule(most=2, since=P, kinds=F8),
    "SUB": Rule(most=3, more=of.sub),
    "TANH": Rule(most=2, more=of.tanh),
    "TILE": Rule(most=1, since=Q, kinds=F8I, more=of.tile),
    "TOPK_V2": Rule(most=2, since=Q, kinds=F8I, more=of.topk),
    "TRANSPOSE": Rule(most=2, since=P, more=of.constant_second),
    "TRANSPOSE_CONV": Rule(most=4, since=Q, more=of.transpose_conv),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Rule(most=2, since=Q, more=of.sequence_lstm),
    "UNIDIRECTIONAL_SEQUENCE_RNN": Rule(most=1, since=Q, more=of.sequence_rnn),
    "UNPACK": Rule(most=2, since=R, kinds=F8, more=of.unpack),
}
"""Operator -> what NNAPI asks of it. Operators that are not here are not offered."""
