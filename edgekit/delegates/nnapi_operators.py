"""What NNAPI asks of single operators beyond version and type, at a feature level (nnapi_rules.py has the table).

Source, TFLite 2.16.1: tensorflow/lite/delegates/nnapi/nnapi_delegate.cc; levels as it compares them: 27 to 31 are API
levels, 1000006 and more feature levels 6 and more. Each function raises Refused where a rule does not hold.
"""

from edgekit.delegates.rules import Node, shape
from edgekit.tflite.structure import integers

P, Q, R, FL6, FL7 = 28, 29, 30, 1_000_006, 1_000_007
"""NNAPI 1.1 (Android 9), 1.2 (10), 1.3 (11), feature levels 6 and 7."""
NAMES = {
    P: "1.1 (Android 9)",
    Q: "1.2 (Android 10)",
    R: "1.3 (Android 11)",
    FL6: "feature level 6",
    FL7: "feature level 7",
}
QUANT = ("uint8", "int8")
F8 = ("float32", *QUANT)
F8I = (*F8, "int32")
F16I = ("float16", *F8I)
FLOAT = ("float32",)


def since(node: Node, level: int, since: int, what: str = "") -> None:
    node.need(level >= since, f"NNAPI has {what or node.name} from {NAMES.get(since, since)} on", "", "")


def ranks(node: Node, *places: int, most: int = 4) -> None:
    for place in places:
        found = len(node.input(place).shape)
        node.need(
            found <= most, f"input {place} has {found} dimensions; NNAPI takes {most} at most", "reshape around it"
        )


def plain(node: Node, what: str = "") -> None:
    found = node.option("fused_activation_function")
    node.need(
        found == "NONE", f"its fused activation is {found}{what}", "put the activation into an operator of its own"
    )


def hybrid(node: Node, weights: int = 1) -> bool:
    return node.input(0).dtype == "float32" and node.has(weights) and node.input(weights).dtype in QUANT


def scales(node: Node, level: int) -> None:
    """ExpectIsRestrictedScalesCompliant, before NNAPI 1.2."""
    if level >= Q or node.input(0).dtype != "uint8":
        return
    found = [t.quantization.scales[0] if t.quantization else 0.0 for t in (node.input(0), node.input(1), node.output())]
    node.need(found[0] * found[1] < found[2], f"scales {found[0]:g} x {found[1]:g} are not below {found[2]:g}")


def arithmetic(node: Node, level: int) -> None:
    node.typed(node.input(0), F8I if level >= R else F8)
    if node.input(0).dtype == "int32":
        plain(node, " over int32")
    ranks(node, 0, 1)


def sub(node: Node, level: int) -> None:
    kind = node.input(0).dtype
    fits = (kind == "float32" and level >= P) or (kind in QUANT and level >= Q) or (kind == "int32" and level >= R)
    node.need(fits, f"the input is {kind}; NNAPI subtracts float32, 8 bits from 1.2 and int32 from 1.3 on")
    if kind == "int32":
        plain(node, " over int32")
    ranks(node, 0, 1)


def pair(node: Node, level: int) -> None:
    ranks(node, 0, 1)


def squared_difference(node: Node, level: int) -> None:
    node.typed(node.input(0), F8I if level >= R else ("float32", "uint8") if level >= Q else FLOAT)
    ranks(node, 0, 1)


def arg(node: Node, level: int) -> None:
    axis = node.input(1)
    fits = axis.dtype == "int32" or (axis.dtype == "int64" and axis.is_constant)
    node.need(fits, f"the axis is {axis.dtype} and {'a' if axis.is_constant else 'no'} constant", "store it as int32")
    found = node.option("output_type")
    node.need(found == "int32", f"it gives {found}; NNAPI gives int32", "ask for int32 indices")


def window(node: Node) -> None:
    size = node.number("filter_width") * node.number("filter_height")
    node.need(
        node.input(0).dtype not in QUANT or size <= 256,
        f"its window of {size} is over 256 and 8 bits wide; NNAPI's own CPU kernel would overflow",
        "name an accelerator, or use two windows",
    )


def l2_pool(node: Node, level: int) -> None:
    if level < Q:
        plain(node)


def conv(node: Node, level: int) -> None:
    given, weights = node.input(0), node.input(1)
    if level < Q:
        node.need(not hybrid(node), "its input is float and its weights are 8 bits wide: from NNAPI 1.2 on")
        node.typed(given, ("float32", "uint8"))
        several = len(weights.quantization.scales) if weights.quantization else 0
        node.need(several <= 1, f"its weights have {several} scales: from NNAPI 1.2 on")
        scales(node, level)
    node.need(len(node.operator.inputs) == 3, "it has no bias", "give it a bias of zeros")
    dilation = node.number("dilation_w_factor"), node.number("dilation_h_factor")
    node.need(dilation == (1, 1) or level >= Q, f"its dilation is {dilation[1]}x{dilation[0]}: from NNAPI 1.2 on")
    same = given.shape[3:] == weights.shape[3:]
    node.need(same or level >= Q, "its channels are in groups: from NNAPI 1.2 on")


def depthwise(node: Node, level: int) -> None:
    if level >= Q:
        return
    node.typed(node.input(0), ("float32", "uint8"))
    scales(node, level)
    dilation = node.number("dilation_w_factor"), node.number("dilation_h_factor")
    node.need(dilation == (1, 1), f"its dilation is {dilation[1]}x{dilation[0]}: from NNAPI 1.2 on")


def fully_connected(node: Node, level: int) -> None:
    node.need(node.output().dtype != "int16", "its output is int16", "use int8 activations, or float")
    if level < Q:
        node.need(not hybrid(node), "its input is float and its weights are 8 bits wide: from NNAPI 1.2 on")
        node.typed(node.input(0), ("float32", "uint8"))
        scales(node, level)
    if node.option("keep_num_dims"):
        since(node, level, R, "FULLY_CONNECTED with keep_num_dims")


def softmax(node: Node, level: int) -> None:
    node.typed(node.output(), F8, "the output")
    ranks(node, 0)
    rank = len(node.input(0).shape)
    node.need(level >= Q or rank in (2, 4), f"the input has {rank} dimensions: 2 or 4 before NNAPI 1.2")


def reshape(node: Node, level: int) -> None:
    node.typed(node.input(0), F8I if level >= FL6 else F8)
    ranks(node, 0)
    rank = len(node.output().shape)
    node.need(rank <= 4, f"the output has {rank} dimensions; NNAPI takes 4 at most", "keep to four dimensions")
    if len(node.operator.inputs) >= 2:
        node.constant(node.input(1), "the new shape")
    else:
        asked = node.option("new_shape")
        node.need(asked not in ((), (0,), 0), "it makes a scalar", "keep a dimension of 1")


def resize(node: Node, level: int) -> None:
    node.need(len(node.operator.inputs) >= 2, f"{len(node.operator.inputs)} inputs; NNAPI wants 2")
    node.constant(node.input(1), "the new size")
    if node.name == "RESIZE_BILINEAR":
        rank = len(node.input(0).shape)
        node.need(rank == 4, f"the input has {rank} dimensions; NNAPI wants 4")
        if level < Q:
            size = node.output().shape[1:3]
            node.need(len(set(size)) == 1, f"it resizes to {'x'.join(map(str, size))}: squares before NNAPI 1.2")
            node.typed(node.input(0), FLOAT)
    if level <= Q:
        for name in ("align_corners", "half_pixel_centers"):
            node.need(not node.option(name), f"{name} is set: from NNAPI 1.3 on")


def squeeze(node: Node, level: int) -> None:
    node.need(
        level != P or node.option("squeeze_dims") not in ((), 0), "it names no dimensions to squeeze", "name them"
    )


def sequence_lstm(node: Node, level: int) -> None:
    node.need(not hybrid(node, 2), "its input is float and its weights are 8 bits wide", "use float weights")
    count = len(node.operator.inputs)
    node.need(node.name != "UNIDIRECTIONAL_SEQUENCE_LSTM" or count in (20, 24), f"{count} inputs; NNAPI wants 20 or 24")


def sequence_rnn(node: Node, level: int) -> None:
    node.need(not hybrid(node), "its input is float and its weights are 8 bits wide", "use float weights")


def lstm(node: Node, level: int) -> None:
    basic = node.option("kernel_type") == "BASIC"
    node.need(level >= P, "NNAPI 1.0 fails on inputs that are not given")
    node.need(basic or level >= Q or not hybrid(node, 2), "its weights are 8 bits wide: from NNAPI 1.2 on")
    if basic:
        node.typed(node.input(2), ("uint8",), "the weights")
        for tensor, what in ((node.input(0), "input"), (node.output(), "output")):
            found = tensor.quantization
            fits = found is not None and (found.scales[0], found.zero_points[0]) == (1 / 128, 128)
            node.need(fits, f"the {what} is not quantized by 1/128 around 128")
        node.constant(node.input(2), "the weights")
        node.constant(node.input(3), "the biases")
        return
    if len(node.operator.inputs) == 24:
        since(node, level, Q, "LSTM with normalization")
    node.typed(node.input(4), F8 if level >= R else ("float32", "uint8"), "the weights")


def l2_normalization(node: Node, level: int) -> None:
    if level < Q:
        node.typed(node.input(0), FLOAT)
        node.need(len(node.input(0).shape) == 4, "the input has not 4 dimensions: from NNAPI 1.2 on")
    plain(node)


def concatenation(node: Node, level: int) -> None:
    plain(node)
    ranks(node, 0)
    node.typed(node.input(0), ("float16", *F8))
    if node.input(0).dtype == "uint8" and level < Q:
        scales = {t.quantization.scales if t and t.quantization else () for t in node.inputs}
        node.need(len(scales) == 1, "its inputs have different scales: from NNAPI 1.2 on", "quantize them alike")


def dequantize(node: Node, level: int) -> None:
    given = node.input(0)
    if level >= R and given.dtype == "float16" and not given.is_constant:
        return
    node.version(2)
    node.typed(given, QUANT if level >= Q else ("uint8",))
    if level == Q and given.dtype == "int8" and given.quantization:
        zero = given.quantization.zero_points[0]
        node.need(zero == 0, f"its zero point is {zero}: int8 around 0 at NNAPI 1.2", "quantize it symmetrically")


def densify(node: Node, level: int) -> None:
    since(node, level, R)
    node.constant(node.input(0), "the sparse tensor")


def tanh(node: Node, level: int) -> None:
    node.typed(node.input(0), F8 if level >= Q else FLOAT)


def pad(node: Node, level: int) -> None:
    node.need(0 not in node.input(0).shape, f"the input of {shape(node.input(0))} is empty")
    count = len(node.operator.inputs)
    node.need(count >= 2, f"{count} inputs; NNAPI wants 2 or 3")
    if count == 3:
        since(node, level, Q, f"{node.name} with a value")
    elif level < Q:
        node.typed(node.input(0), FLOAT)


def batch_to_space(node: Node, level: int) -> None:
    crops = integers(node.around.model, node.input(2))
    node.need(crops == (0, 0, 0, 0), f"it crops by {list(crops or ())}", "slice after it")


def constant_second(node: Node, level: int) -> None:
    node.constant(node.input(1), "the order of dimensions")


def rsqrt(node: Node, level: int) -> None:
    node.typed(node.input(0), F8 if level >= FL7 else FLOAT)


def slice(node: Node, level: int) -> None:
    for place, what in ((1, "where it begins"), (2, "its size")):
        node.typed(node.input(place), ("int32",), what)


def transpose_conv(node: Node, level: int) -> None:
    node.constant(node.input(0), "the output's shape")
    node.constant(node.input(1), "the weights")


def float_weights(node: Node, level: int) -> None:
    count = len(node.operator.inputs)
    node.need(count == 5, f"{count} inputs; NNAPI wants 5")
    node.typed(node.input(1), FLOAT, "the weights")
    node.need(node.name != "SVDF" or level >= P, "NNAPI has SVDF of several ranks from 1.1 on")


def mean(node: Node, level: int) -> None:
    node.typed(node.input(0), F8 if level >= Q else FLOAT)
    node.need(len(node.output().shape) > 0, "it gives a scalar", "keep a dimension of 1")
    ranks(node, 0)


def lookup(node: Node, level: int) -> None:
    node.typed(node.input(1), FLOAT, "the table")


def hashtable(node: Node, level: int) -> None:
    node.typed(node.output(), FLOAT, "the output")


def extreme(node: Node, level: int) -> None:
    for place in (0, 1):
        tensor = node.input(place)
        node.need(tensor.is_constant or len(tensor.shape) > 0, f"input {place} is a scalar computed at run time")


def cast(node: Node, level: int) -> None:
    kinds = F8I if level >= R else ("float32", "int32", "uint8")
    node.typed(node.input(0), kinds)
    node.typed(node.output(), kinds, "the output")


def tile(node: Node, level: int) -> None:
    node.typed(node.input(1), ("int32",), "how often it repeats")


def topk(node: Node, level: int) -> None:
    count = node.input(1)
    node.need(count.dtype == "int32" and count.is_constant, f"k is {count.dtype}, or computed at run time")


def select(node: Node, level: int) -> None:
    node.typed(node.input(1), F8I, "what it takes where true")
    shapes = shape(node.input(0)), shape(node.input(1))
    node.need(
        shapes[0] == shapes[1], f"the condition is of {shapes[0]} and the values of {shapes[1]}", "repeat it first"
    )


def gather(node: Node, level: int) -> None:
    node.typed(node.input(1), ("int32",), "the list of indices")
    node.need(len(node.input(1).shape) > 0, "its index is a scalar", "gather by a list of one, and reshape")


def axis_second(node: Node, level: int) -> None:
    axis(node, 1)


def axis(node: Node, place: int) -> None:
    tensor = node.input(place)
    node.need(tensor.dtype == "int32" and tensor.is_constant, "its axis is no int32 constant", "store it as int32")


def split(node: Node, level: int) -> None:
    node.typed(node.input(1), F8I if level >= R else ("float32", "uint8", "int32"))
    axis(node, 0)


def split_v(node: Node, level: int) -> None:
    sizes = node.list_of(1) if node.input(1).dtype == "int32" else None
    node.need(sizes is not None and len(node.input(1).shape) == 1, "its sizes are no int32 constant", "use SLICE")
    axis(node, 2)
    node.need(0 not in (sizes or ()), f"its sizes are {list(sizes or ())}", "drop the empty part")


def quantize(node: Node, level: int) -> None:
    output = node.output()
    node.typed(output, QUANT if level >= R else ("uint8",), "the output")
    scale = output.quantization.scales[0] if output.quantization else 0.0
    node.need(scale > 0, f"the output's scale is {scale:g}")


def no_scalar(node: Node, level: int) -> None:
    node.need(len(node.output().shape) > 0, "it gives a scalar", "keep a dimension of 1")


def fill(node: Node, level: int) -> None:
    node.constant(node.input(0), "the shape")
    node.typed(node.input(0), ("int32", "int64"), "the shape")
    node.need(node.input(0).elements != 0, "it makes a scalar")
    node.typed(node.input(1), ("float32", "int32", "int64"), "the value")


def pack(node: Node, level: int) -> None:
    if level >= FL6:
        node.typed(node.input(0), F8I)
        return
    node.typed(node.input(0), ("float32", "int8"))
    last = node.number("axis") in (-1, len(node.input(0).shape))
    node.need(not last, "it packs along the last dimension: from feature level 6 on")


def unpack(node: Node, level: int) -> None:
    rank = len(node.input(0).shape)
    node.need(1 < rank <= 4, f"the input has {rank} dimensions; NNAPI takes 2 to 4")
    node.need(node.number("axis") not in (-1, rank - 1), "it unpacks the last dimension", "transpose it first")


def batch_matmul(node: Node, level: int) -> None:
    first, second = node.input(0), node.input(1)
    node.need(first.dtype == second.dtype, f"its inputs are {first.dtype} and {second.dtype}", "use one type")
    node.need(2 <= len(first.shape) <= 4, f"the input has {len(first.shape)} dimensions; NNAPI takes 2 to 4")
    alike = len(first.shape) == len(second.shape) and first.shape[:-2] == second.shape[:-2]
    node.need(alike, f"it broadcasts {shape(first)} and {shape(second)}", "use a FULLY_CONNECTED, or repeat one first")


def mirror_pad(node: Node, level: int) -> None:
    node.need(0 not in node.input(0).shape, f"the input of {shape(node.input(0))} is empty")
    two(node, level)


def two(node: Node, level: int) -> None:
    count = len(node.operator.inputs)
    node.need(count == 2, f"{count} inputs; NNAPI wants 2")
