"""XNNPACK's rules for layers: convolutions, matrix products, pooling. One function an operator.

Sources: the functions Visit<Operator>Node of tflite/delegates/xnnpack/xnnpack_delegate.cc, in their order of checks.
"""

from edgekit.delegates.xnnpack_node import ASKED, FLOAT, Node, Undecided

_STRIDES = ("stride_w", "stride_h")
_DILATIONS = ("dilation_w_factor", "dilation_h_factor")


def conv_2d(node: Node) -> None:
    node.function = "VisitConv2DNode"
    node.positive((*_STRIDES, *_DILATIONS), "CheckConvolutionParams")
    node.counts((3, 3))
    _image_layer(node, quantized_axis=0)
    given, weights, output = node.input(0), node.input(1), node.output()
    dynamic = given.dtype == "float32" and weights.dtype == "int8"
    _no_dynamic(node, dynamic)
    node.need(
        given.dtype == output.dtype and (given.dtype == weights.dtype or dynamic),
        f"input, weights and output are {given.dtype}, {weights.dtype} and {output.dtype}",
        "give them one type",
    )
    node.need(given.shape[3] >= weights.shape[3], f"{given.shape[3]} channels, and weights for {weights.shape[3]}")
    node.padding()
    node.activation()


def _no_dynamic(node: Node, dynamic: bool) -> None:
    node.need(
        not (node.older and dynamic),
        "int8 weights and float activations: the older library rounds them on its own kernels",
        "quantize the activations too, or keep this layer in float",
        ASKED,
    )


def depthwise_conv_2d(node: Node) -> None:
    node.function = "VisitDepthwiseConv2DNode"
    node.counts((3, 3))
    _image_layer(node, quantized_axis=3)
    given, weights, output = node.input(0), node.input(1), node.output()
    node.need(
        given.dtype == output.dtype == weights.dtype,
        f"input, weights and output are {given.dtype}, {weights.dtype} and {output.dtype}; XNNPACK takes one type here",
        "keep this layer's weights in float, or quantize its activations too",
    )
    node.positive((*_STRIDES, "depth_multiplier", *_DILATIONS), "CheckDepthwiseConvolutionParams")
    node.need(
        weights.shape[3] % node.number("depth_multiplier") == 0,
        f"{weights.shape[3]} output channels are no multiple of depth_multiplier {node.number('depth_multiplier')}",
        "",
        "CheckDepthwiseConvolutionParams",
    )
    node.padding()
    node.activation()


def _image_layer(node: Node, quantized_axis: int) -> None:
    """What CONV_2D and DEPTHWISE_CONV_2D have in common: input, weights, bias, output."""
    given, weights = node.input(0), node.input(1)
    node.float_or_8bit(given)
    node.rank(given, 4)
    node.weights(weights, quantized_axis)
    node.rank(weights, 4)
    node.constant(weights, unpacked=True)
    node.need(node.has(2), "it has no bias", "add a bias of zeros")
    bias = node.input(2)
    node.bias(bias)
    node.rank(bias, 1)
    node.constant(bias, unpacked=True)
    node.filter_and_bias(weights, bias)
    node.float_or_8bit(node.output())
    node.rank(node.output(), 4)
    channels, multiplier = given.shape[3], node.operator.options.get("depth_multiplier", 0)
    if quantized_axis == 3 and multiplier and weights.shape[3] != channels * int(multiplier):  # type: ignore[arg-type]
        node.breaks.append(f"{channels} channels times depth_multiplier {multiplier} are not {weights.shape[3]}")


def transpose_conv(node: Node) -> None:
    node.function = "VisitTransposeConvNode"
    node.counts((3, 4))
    shape = node.list_of(0)
    node.vector(node.input(0))
    node.need(len(shape) == 4, f"the output's shape has {len(shape)} numbers; XNNPACK takes 4")
    weights, given, output = node.input(1), node.input(2), node.output()
    node.rank(weights, 4)
    node.constant(weights, unpacked=True)
    node.float32_or_8bit(given)
    node.rank(given, 4)
    node.weights(weights, 0)
    scales = len(weights.quantization.scales) if weights.quantization else 0
    node.need(
        not (node.older and weights.dtype == "int8" and (scales > 1 or given.dtype == "float32")),
        f"int8 weights with {scales} scales and {given.dtype} activations",
        "keep this layer in float",
        ASKED,
    )
    if node.has(3):
        node.bias(node.input(3))
        node.rank(node.input(3), 1)
        node.constant(node.input(3), unpacked=True)
    node.float32_or_8bit(output)
    node.rank(output, 4)
    node.need(weights.shape[0] == shape[3], f"weights for {weights.shape[0]} channels, and an output of {shape[3]}")
    node.need(
        weights.shape[3] == given.shape[3], f"weights for {weights.shape[3]} channels, and {given.shape[3]} given"
    )
    for name, axis in (("stride_h", 1), ("stride_w", 2)):
        _transposed_axis(node, name, given.shape[axis], weights.shape[axis], shape[axis])
    node.activation()


def _transposed_axis(node: Node, name: str, given: int, kernel: int, output: int) -> None:
    """CalculateTransposeConvPaddings, along one axis."""
    function, stride, padding = "CalculateTransposeConvPaddings", node.number(name), node.option("padding")
    node.need(stride > 0, f"{name} is {stride}", "", function)
    if padding == "VALID":
        node.need(kernel <= output, f"a kernel of {kernel} and an output of {output}, without padding", "", function)
        return
    node.need(padding == "SAME", f"its padding is {padding}", "", function)
    expected = (output + stride - 1) // stride
    node.need(
        expected == given,
        f"an output of {output} is made from {expected} at {name} {stride}, not from {given}",
        "",
        function,
    )
    node.need(kernel >= stride, f"{name} {stride} is larger than the kernel, {kernel}", "use a larger kernel", function)


def fully_connected(node: Node) -> None:
    node.function = "VisitNode"
    node.need(node.operator.version != 8, "FULLY_CONNECTED version 8 has sparse weights", "store the weights dense")
    node.function = "VisitFullyConnectedNode"
    form = node.option("weights_format")
    node.need(form == "DEFAULT", f"its weights are shuffled ({form})", "", "CheckFullyConnectedParams")
    node.need(node.older or not node.option("quant_spec"), "it has a quant_spec; XNNPACK takes none", "", ASKED)
    node.counts((2, 3))
    given, weights, output = node.input(0), node.input(1), node.output()
    node.float_or_8bit(given)
    node.rank(weights, 2)
    _matrix(node)
    node.constant(weights, unpacked=True)
    if node.has(2):
        bias = node.input(2)
        node.need(bias.elements == weights.shape[0], f"a bias of {bias.elements} for {weights.shape[0]} outputs")
        node.bias(bias)
        scales = len(bias.quantization.scales) if bias.quantization else 0
        node.need(
            not (node.older and bias.dtype == "int32" and scales != 1),
            f"the bias has {scales} scales; the older library takes one",
            "quantize the weights with one scale, or leave the bias out",
            ASKED,
        )
        node.constant(bias, unpacked=True)
        node.filter_and_bias(weights, bias)
    node.float_or_8bit(output)
    low = weights.dtype in ("int2", "int4", "int8")
    dynamic, static = given.dtype in FLOAT and low, given.dtype == "int8" and low
    static = static and (weights.dtype == "int8" or not node.older)
    node.need(
        given.dtype == output.dtype and (given.dtype == weights.dtype or dynamic or static),
        f"input, weights and output are {given.dtype}, {weights.dtype} and {output.dtype}",
        "give input and output one type",
    )
    found = weights.quantization
    zero = found.zero_points[0] if found and len(found.scales) == 1 else 0
    _no_dynamic(node, dynamic)
    if dynamic and weights.dtype == "int8" and zero != 0:
        node.breaks.append(f"its int8 weights have zero point {zero}")
    node.need(
        dynamic or weights.dtype != "int8" or zero == 0 or node.older,
        f"the weights have zero point {zero}; XNNPACK takes 0",
        "quantize the weights symmetrically",
    )
    node.need(
        weights.dtype != "int4" or weights.shape[1] % 2 == 0,
        f"{weights.shape[1]} input channels of int4 weights; XNNPACK takes an even number",
        "pad the input by one channel",
    )
    node.need(
        weights.dtype != "int2" or weights.shape[1] % 4 == 0,
        f"{weights.shape[1]} input channels of int2 weights; XNNPACK takes a multiple of 4",
        "pad the input",
    )
    node.activation()


def _matrix(node: Node) -> None:
    """CheckTensorFilterType: FULLY_CONNECTED's weights may have 2 and 4 bits too."""
    weights, function = node.input(1), "CheckTensorFilterType"
    kinds = (*FLOAT, "int2", "int4", "int8", "uint8")
    node.need(
        weights.dtype in kinds, f"the weights are {weights.dtype}; XNNPACK takes floats and 2 to 8 bits", "", function
    )
    if weights.dtype in ("int2", "int4") and weights.quantization is None:
        raise Undecided(f"{weights.dtype} weights without a scale a row: they may be quantized in blocks", function, "")
    if weights.dtype == "uint8":
        node.one_scale(weights, function)
    elif weights.dtype not in FLOAT and weights.quantization is not None:
        node.along(weights, 0, function)
        scales = len(weights.quantization.scales)
        node.need(
            weights.dtype != "int2" or scales == weights.shape[0],
            f"int2 weights with {scales} scales; XNNPACK takes one a row",
            "quantize the weights with one scale a row",
            function,
        )


def batch_matmul(node: Node) -> None:
    node.function = "VisitBatchMatMulNode"
    node.need(not node.older, "the older library's XNNPACK takes no BATCH_MATMUL", "take FULLY_CONNECTED", ASKED)
    left, right, output = node.input(0), node.input(1), node.output()
    node.float_or_8bit(left)
    rank = len(right.shape)
    node.weights(right, rank - 2 if node.option("adj_y") else rank - 1)
    dynamic = left.dtype == "float32" and right.dtype == "int8"
    if right.dtype == "int8" and not dynamic and right.quantization:
        zero = right.quantization.zero_points[0]
        node.need(zero == 0, f"input 1 has zero point {zero}; XNNPACK takes 0", "quantize input 1 symmetrically")
    node.float_or_8bit(output)
    several = right.quantization is not None and right.dtype == "int8" and len(right.quantization.scales) > 1
    node.need(
        dynamic or (left.dtype == right.dtype and not several),
        f"inputs are {left.dtype} and {right.dtype}{' with several scales' if several else ''}",
        "give them one type",
    )
    for tensor in (left, right):
        node.need(
            len(tensor.shape) >= 2, f"{node.called(tensor)} has {len(tensor.shape)} dimensions; XNNPACK takes 2 or more"
        )


def average_pool_2d(node: Node) -> None:
    node.function = "VisitAveragePool2DNode"
    node.counts((1, 1))
    node.floats(
        node.input(0), node.output(), mend="take MEAN over height and width where the window is the whole image"
    )
    _pool(node)


def max_pool_2d(node: Node) -> None:
    node.function = "VisitMaxPool2DNode"
    node.counts((1, 1))
    node.float32_or_8bit(node.input(0))
    node.float_or_8bit(node.output())
    _pool(node)


def _pool(node: Node) -> None:
    function = "CheckPoolingParams"
    node.positive((*_STRIDES, "filter_width", "filter_height"), function)
    for side, short in (("width", "w"), ("height", "h")):
        stride, window = node.number(f"stride_{short}"), node.number(f"filter_{side}")
        node.need(
            stride <= window,
            f"stride {stride} is larger than the window's {side}, {window}",
            "slice before pooling, or use a larger window",
            function,
        )
    node.need(
        not (node.number("filter_width") == node.number("filter_height") == 1)
        or max(node.number("stride_w"), node.number("stride_h")) <= 1,
        "a window of 1x1 with a stride",
        "take STRIDED_SLICE",
        function,
    )
    node.padding()
    node.activation()
