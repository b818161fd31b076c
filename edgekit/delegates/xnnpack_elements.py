"""XNNPACK's rules for operators on elements. One function a family.

Sources: the functions Visit<Operator>Node of tflite/delegates/xnnpack/xnnpack_delegate.cc, in their order of checks.
"""

import math

from edgekit.delegates.xnnpack_node import ANY_8BIT, ASKED, FLOAT, MAX_DIMS, Node
from edgekit.tflite.structure import Tensor

FLOAT_UNARY = (
    *("ABS", "CEIL", "COS", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LOG", "NEG", "RELU_N1_TO_1", "RELU", "RELU6"),
    *("ROUND", "RSQRT", "SIN", "SQRT", "SQUARE"),
)
FLOAT_BINARY = ("DIV", "MAXIMUM", "MINIMUM", "PRELU", "SQUARED_DIFFERENCE")


def unary(node: Node) -> None:
    node.function = "VisitUnaryNode"
    node.counts((1, 1))
    name, given, output = node.operator.name, node.input(0), node.output()
    node.known_here()
    if not node.older:
        node.rank(given, 0, MAX_DIMS)
    if name in FLOAT_UNARY:
        node.floats(given, output)
    elif name == "DEQUANTIZE":
        node.typed(given, ANY_8BIT, "CheckTensorQInt8OrQUInt8Type")
        if not node.older:
            node.floats(output)
    elif name == "ELU":
        for tensor in (given, output):
            node.typed(tensor, (*FLOAT, "int8"), "CheckTensorFloatOrQInt8Type")
    else:
        node.float_or_8bit(given, output)
    if name == "LEAKY_RELU":
        _leaky(node, given, output)
    if name == "QUANTIZE" and given.dtype in ANY_8BIT:
        node.need(given.dtype == output.dtype, f"from {given.dtype} to {output.dtype}", "keep one 8-bit type")
        ratio = node.ratio(node.scale_of(given), node.scale_of(output))
        node.need(
            not (ratio < 1 / 256 or ratio > 128), f"the scales' ratio is {ratio:g}; XNNPACK takes 1/256 to 128", ""
        )


def _leaky(node: Node, given: Tensor, output: Tensor) -> None:
    alpha = float(node.operator.options["alpha"])  # type: ignore[arg-type]
    node.need(_normal(alpha), f"alpha is {alpha:g}")
    scales = node.scale_of(given), node.scale_of(output)
    if not all(_normal(scale) for scale in scales):
        return
    positive = node.ratio(*scales)
    node.need(1 / 256 <= positive <= 128, f"the scales' ratio is {positive:g}; XNNPACK takes 1/256 to 128")
    negative = positive * alpha
    node.need(
        -127.99609375 <= negative <= 128 and abs(negative) >= 1 / 256,
        f"the scales' ratio times alpha is {negative:g}; XNNPACK takes 1/256 to 128",
    )


def _normal(value: float) -> bool:
    return math.isfinite(value) and abs(value) >= 2.0**-126


def binary(node: Node) -> None:
    node.function = "VisitBinaryNode"
    node.counts((2, 2))
    name, left, right, output = node.operator.name, node.input(0), node.input(1), node.output()
    if not node.older:
        node.rank(left, 0, MAX_DIMS)
        node.rank(right, 0, MAX_DIMS)
    if name in FLOAT_BINARY:
        node.floats(left, right, output)
    else:
        node.float_or_8bit(left, right, output)
        node.need(
            left.dtype == right.dtype == output.dtype,
            f"inputs are {left.dtype} and {right.dtype}, the output is {output.dtype}",
            "give them one type",
        )
    if name == "PRELU":
        node.constant(right, unpacked=True)
        node.need(
            not node.older or all(size == 1 for size in right.shape[:-1]),
            f"a slope of shape {list(right.shape)}; the older library takes one a channel",
            "share the slope along height and width",
            ASKED,
        )
    if name in ("ADD", "SUB") and left.dtype in ANY_8BIT:
        for tensor in (left, right):
            _ratio(
                node, node.ratio(node.scale_of(tensor), node.scale_of(output)), 1 / 1024, "CheckTensorsInputOutputScale"
            )
    if name == "MUL" and left.dtype in ANY_8BIT:
        ratio = node.ratio(node.scale_of(left) * node.scale_of(right), node.scale_of(output))
        _ratio(node, ratio, 1 / 65536, "CheckTensorsInputProductOutputScale")
    if name != "PRELU":
        node.activation()


def _ratio(node: Node, ratio: float, least: float, function: str) -> None:
    node.need(
        not (ratio < least or ratio >= 256),
        f"the scale in is {ratio:g} times the scale out; XNNPACK takes {least:g} to 256",
        "bring the scales nearer to each other",
        function,
    )


def softmax(node: Node) -> None:
    node.function = "VisitSoftmaxNode"
    beta = node.option("beta")
    node.need(beta == 1.0, f"beta is {beta}; XNNPACK takes 1", "multiply the input instead")
    node.counts((1, 1))
    node.floats(node.input(0), node.output(), mend="let the model give logits, or keep SOFTMAX in float")
