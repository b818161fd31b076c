"""What the GPU delegate asks of single operators beyond version and type (gpu_rules.py has the table).

Source, TFLite 2.16.1: tensorflow/lite/tools/versioning/gpu_compatibility.cc, and for neighbours
tensorflow/lite/delegates/gpu/common/model_builder.cc. Each function raises Refused where a rule does not hold.
"""

from edgekit.delegates.rules import Node, shape

BUILDER = "tensorflow/lite/delegates/gpu/common/model_builder.cc"
FLOAT = ("float32", "float16")
LOGICAL = ("GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "EQUAL", "NOT_EQUAL")
CUSTOM = ("Convolution2DTransposeBias", "MaxPoolingWithArgmax2D", "MaxUnpooling2D", "Resampler")


def counts(node: Node, runtime: int, outputs: int = 1, constants: int | None = None) -> None:
    """CheckInputsOutputs and CheckInputsConstsOutputs. An input that is not given counts as neither."""
    found = sum(tensor is not None and not tensor.is_constant for tensor in node.inputs)
    fixed = sum(tensor is not None and tensor.is_constant for tensor in node.inputs)
    node.need(
        constants is None or fixed == constants,
        f"{fixed} of its inputs are constants; the GPU delegate wants {constants}",
        "make its second input a constant" if fixed < (constants or 0) else "compute it once, outside the model",
    )
    node.need(
        found == runtime,
        f"{found} of its inputs are computed at run time; the GPU delegate wants {runtime}",
        "make the others constants" if found > runtime else "compute it once, outside the model",
    )
    outs = len(node.operator.outputs)
    node.need(outs == outputs, f"{outs} outputs; the GPU delegate wants {outputs}")


def activation(node: Node) -> None:
    found = node.option("fused_activation_function")
    node.need(found != "SIGN_BIT", "its fused activation is SIGN_BIT", "put the activation into an operator of its own")


def positive(node: Node, *names: str) -> None:
    for name in names:
        node.need(node.number(name) > 0, f"{name} is {node.number(name)}")


def convolution_inputs(node: Node) -> None:
    found = sum(tensor is not None and not tensor.is_constant for tensor in node.inputs)
    node.need(found <= 2, f"{found} of its inputs are computed at run time; the GPU delegate takes 1 or 2")
    node.need(len(node.operator.outputs) == 1, f"{len(node.operator.outputs)} outputs")
    node.need(found != 1 or len(node.inputs) > 1, "it has no weights")


def conv_2d(node: Node) -> None:
    convolution_inputs(node)
    positive(node, "stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    activation(node)


def depthwise(node: Node) -> None:
    conv_2d(node)
    given, weights, output = node.input(0), node.input(1), node.output()
    for what, tensor in (("input", given), ("weights", weights), ("output", output)):
        node.need(len(tensor.shape) == 4, f"the {what} of {shape(tensor)} has {len(tensor.shape)} dimensions, not 4")
    multiplier = node.number("depth_multiplier")
    channels, filters = given.shape[3], output.shape[3]
    node.need(given.shape[0] == output.shape[0], f"batches of {given.shape[0]} and {output.shape[0]}")
    node.need(weights.shape[3] == filters, f"{weights.shape[3]} filters for {filters} output channels")
    node.need(filters == channels * multiplier, f"{filters} output channels are not {channels} x {multiplier}")
    if node.has(2):
        node.need(node.input(2).elements == filters, f"{node.input(2).elements} biases for {filters} channels")
    node.need(
        multiplier == 1 or channels == 1,
        f"depth_multiplier is {multiplier} and the input has {channels} channels; the GPU delegate wants one of them 1",
        "use a CONV_2D, or repeat the input's channels",
    )


def pool(node: Node) -> None:
    counts(node, 1)
    positive(node, "filter_height", "filter_width", "stride_h", "stride_w")
    activation(node)


def broadcast(node: Node) -> None:
    """CheckAddMulBroadcastCompatibility with enhanced broadcast, as the delegate calls it."""
    first, second = node.input(0), node.input(1)
    if min(len(first.shape), len(second.shape)) < 2 or len(first.shape) == len(second.shape):
        return
    pairs = zip(reversed(first.shape), reversed(second.shape), strict=False)
    fits = all(one == other or 1 in (one, other) for one, other in pairs)
    node.need(
        fits,
        f"its inputs of {shape(first)} and {shape(second)} do not broadcast",
        "reshape the smaller one to four dimensions",
    )


def two(node: Node) -> None:
    node.need(len(node.inputs) == 2, f"{len(node.inputs)} inputs; the GPU delegate takes 2")


def add(node: Node) -> None:
    two(node)
    broadcast(node)


def mul(node: Node) -> None:
    two(node)
    first, second = node.input(0), node.input(1)
    if len(first.shape) == len(second.shape):
        pairs = list(zip(first.shape, second.shape, strict=True))
        crossed = any(a < b for a, b in pairs) and any(a > b for a, b in pairs)
        node.need(
            not crossed,
            f"each of its inputs of {shape(first)} and {shape(second)} is smaller in some dimension; the GPU delegate"
            " wants one that is not",
            "use a matrix product, or repeat one input first",
        )
    else:
        broadcast(node)
    activation(node)


def elements(node: Node) -> None:
    """Two inputs, at most one of them a constant."""
    fixed = [tensor is not None and tensor.is_constant for tensor in node.inputs]
    node.need(
        len(fixed) == 2 and not all(fixed) and len(node.operator.outputs) == 1 and None not in node.inputs,
        f"it has {len(fixed)} inputs, {sum(fixed)} of them constants; the GPU delegate takes 2, one constant at most",
        "compute it once, outside the model" if all(fixed) else "",
    )
    activation(node)


def logical(node: Node) -> None:
    """A comparison runs only as the one input of a CAST or SELECT that makes floats of it."""
    source, graph, around = f"{BUILDER}: ElementwiseOperationParser::IsSupported", node.around.graph, node.around
    readers = around.readers.get(node.output().index, [])
    mend = "multiply by a 0-1 float, or decide on the CPU"
    node.need(
        len(readers) == 1, f"{len(readers)} nodes read what it compares; the GPU delegate wants one", mend, source
    )
    reader = graph.operators[readers[0]]
    made = graph.tensors[reader.outputs[0]].dtype if reader.outputs else "nothing"
    node.need(
        reader.name in ("CAST", "SELECT", "SELECT_V2") and made in FLOAT,
        f"{reader.name} to {made} reads it; the GPU delegate wants a CAST or SELECT to float",
        mend,
        source,
    )


def cast(node: Node) -> None:
    given, output = node.input(0).dtype, node.output().dtype
    if given == "bool" and output in FLOAT:
        source, around = f"{BUILDER}: CastOperationParser::IsSupported", node.around
        made, read = around.producers.get(node.input(0).index, []), around.readers.get(node.input(0).index, [])
        node.need(
            len(made) == 1 and len(read) == 1,
            f"{len(made)} nodes make and {len(read)} read the bool it casts; the GPU delegate wants one of each",
            "",
            source,
        )
        after = len(around.readers.get(node.output().index, []))
        node.need(after == 1, f"{after} nodes read its output; the GPU delegate wants one", "", source)
        if around.graph.operators[made[0]].name in LOGICAL:
            return
    counts(node, 1)
    fits = (given == "bool" and output in FLOAT) or (given in FLOAT and output == "bool")
    fits = fits or {given, output} <= {"float32", "int32"}
    node.need(
        fits,
        f"it casts {given} to {output}; the GPU delegate casts float32 and int32, and bool and float",
        "use int32 for int64" if "int64" in (given, output) else "",
    )


def fully_connected(node: Node) -> None:
    found = node.option("weights_format")
    node.need(found == "DEFAULT", f"its weights_format is {found}")
    computed = sum(tensor is not None and not tensor.is_constant for tensor in node.inputs)
    node.need(computed <= 2, f"{computed} of its inputs are computed at run time; the GPU delegate takes 2 at most")
    node.need(not node.input(0).is_constant, "its first input is a constant", "compute it once, outside the model")
    ranks = len(node.input(0).shape), len(node.output().shape)
    node.need(
        not node.option("keep_num_dims") or ranks[0] == ranks[1],
        f"keep_num_dims with an input of {ranks[0]} and an output of {ranks[1]} dimensions",
        "reshape around it",
    )


def batch_matmul(node: Node) -> None:
    two(node)
    node.need(len(node.operator.outputs) == 1, f"{len(node.operator.outputs)} outputs")


def axes(node: Node) -> None:
    counts(node, 1, constants=1)
    node.constant(node.input(1), "the list of axes")
    node.typed(node.input(1), ("int32",), "the list of axes")


def pads(node: Node) -> None:
    if node.name == "MIRROR_PAD":
        found = node.option("mode")
        node.need(found == "REFLECT", f"its mode is {found}; the GPU delegate mirrors with REFLECT", "use REFLECT")
    counts(node, 1)
    sides = node.input(1).shape
    node.need(
        sides in ((3, 2), (4, 2)),
        f"it pads a tensor by a list of {shape(node.input(1))}; the GPU delegate takes 4x2 or 3x2",
        "reshape to four dimensions first",
    )


def slices(node: Node, inputs: int) -> None:
    node.need(len(node.inputs) >= inputs, f"{len(node.inputs)} inputs; the GPU delegate wants {inputs}")
    rank = len(node.input(0).shape)
    node.need(
        rank in (3, 4),
        f"it slices {rank} dimensions; the GPU delegate takes 3 or 4",
        "reshape to 3 or 4 dimensions first",
    )


def strided_slice(node: Node) -> None:
    for name in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask"):
        node.need(
            not node.number(name),
            f"its {name} is {node.number(name)}; the GPU delegate wants 0",
            "slice without dropping an axis, and reshape after it",
        )
    slices(node, 4)


def gather(node: Node) -> None:
    elements(node)
    node.need(
        len(node.input(1).shape) == 1, f"it gathers by indices of {shape(node.input(1))}; the GPU delegate takes a list"
    )
    node.typed(node.input(1), ("int32",), "the list of indices")


def softmax(node: Node) -> None:
    beta = node.option("beta")
    node.need(beta == 1, f"its beta is {beta}; the GPU delegate wants 1", "multiply before it")


def blocks(node: Node) -> None:
    counts(node, 1)
    found = node.number("block_size")
    node.need(found > 1, f"its block_size is {found}; the GPU delegate wants 2 or more")


def resize(node: Node) -> None:
    counts(node, 1)
    both = node.name == "RESIZE_BILINEAR" and node.option("align_corners") and node.option("half_pixel_centers")
    node.need(not both, "both align_corners and half_pixel_centers are set")


def transpose_conv(node: Node) -> None:
    convolution_inputs(node)
    positive(node, "stride_h", "stride_w")


def dequantize(node: Node) -> None:
    counts = len(node.inputs), len(node.operator.outputs)
    node.need(counts == (1, 1), f"{counts[0]} inputs and {counts[1]} outputs")
    found = node.input(0).dtype
    node.need(found != "int16", "its input is int16", "use int8 activations, or float")


def cumsum(node: Node) -> None:
    two(node)
    given, axis, output = node.input(0), node.input(1), node.output()
    node.typed(given, FLOAT)
    node.need(output.dtype == given.dtype, f"it makes {output.dtype} of {given.dtype}")
    node.need(axis.dtype == "int32" and axis.is_constant, "its axis is no int32 constant")


def one_hot(node: Node) -> None:
    node.typed(node.input(0), ("int32",), "the list of indices")
    sizes, axis = node.input(0).shape, node.number("axis")
    node.need(axis == -1 or bool(sizes and axis == sizes[-1]), f"its axis is {axis}; the GPU delegate wants -1")
    wide = [place for place, size in enumerate(sizes[:-1]) if size != 1 and not (len(sizes) > 3 and place == 0)]
    node.need(not wide, f"dimension {(wide or [0])[0]} of its indices of {shape(node.input(0))} is not 1")
    for number, what in ((2, "on"), (3, "off")):
        value = node.input(number)
        node.typed(value, ("float32",), f"its {what} value")
        node.constant(value, f"its {what} value")
        node.need(
            len(value.shape) < 2 and value.elements <= 1, f"its {what} value is of {shape(value)}, not one number"
        )


def select(node: Node) -> None:
    counts = len(node.inputs), len(node.operator.outputs)
    node.need(counts == (3, 1), f"{counts[0]} inputs and {counts[1]} outputs; the GPU delegate wants 3 and 1")
    node.typed(node.input(0), ("bool", *FLOAT), "the condition")
    for number, what in ((1, "what it takes where true"), (2, "what it takes where false")):
        value = node.input(number)
        node.typed(value, FLOAT, what)
        one = len(value.shape) == 0 or value.shape in (node.output().shape, (1,))
        node.need(
            one,
            f"{what} is of {shape(value)}; the GPU delegate wants one number or {shape(node.output())}",
            "repeat it to the output's shape",
        )
        node.need(not (value.is_constant and len(value.shape) == 2), f"{what} is a constant of two dimensions")


def lstm(node: Node) -> None:
    kernel, activation = node.option("kernel_type"), node.option("fused_activation_function")
    if kernel == "FULL":
        node.need(len(node.inputs) in (20, 24), f"{len(node.inputs)} inputs; the GPU delegate wants 20 or 24")
        node.need(len(node.operator.outputs) == 1, f"{len(node.operator.outputs)} outputs")
        node.need(activation in ("TANH", "SIGMOID"), f"its activation is {activation}; the GPU delegate wants TANH")
        return
    counts(node, 3, 4, constants=2)
    node.need(activation == "TANH", f"its activation is {activation}; the GPU delegate wants TANH")
    for name in ("cell_clip", "proj_clip"):
        node.need(not node.option(name), f"its {name} is {node.option(name)}; the GPU delegate wants 0")


def custom(node: Node) -> None:
    node.need(node.name in CUSTOM, f"the GPU delegate has no custom {node.name}", "express it in builtin operators")
    if node.name in ("MaxUnpooling2D", "Resampler"):
        counts(node, 2)
    elif node.name == "MaxPoolingWithArgmax2D":
        counts(node, 1, 2)


def free(node: Node) -> None:
    """IsSupported asks nothing besides the version."""
