"""What TFLite's Core ML delegate takes on an iPhone or a Mac: float, one sample at a time, few operators.

Core ML version 3, the delegate's default (iOS 13 and newer); version 2 takes RESHAPE besides. Groups of one node stay
on the CPU. This is TFLite's delegate: an .mlpackage made by coremltools runs other operators, on other rules.
"""

from collections.abc import Callable, Sequence

from edgekit.delegates.coverage import Coverage, Refusal, conclude
from edgekit.delegates.partitions import largest, partition
from edgekit.delegates.rules import Around, Node, Refused, half_unpacks, shape
from edgekit.tflite.structure import ModelFile, Subgraph, Tensor

RUNTIME = "Core ML delegate of LiteRT (the same in TFLite 2.16.1), Core ML 3"
DELEGATE = "tensorflow/lite/delegates/coreml/coreml_delegate.mm: IsNodeSupportedByDelegate"
BUILDERS = "tensorflow/lite/delegates/coreml/builders"
HELPER = "tensorflow/lite/delegates/utils.cc: FP16GraphPartitionHelper"
LEAST_NODES = 2
"""kMinNodesPerCoreMlDelegate."""
VERSIONS = {"DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 6}
"""Operator -> the newest version that is taken; others: 1."""
FLOAT = ("float32", "float16")


def predict(model: ModelFile) -> Coverage:
    """The forecast for the main graph."""
    graph = model.main
    offered = judge(model, graph)
    taken = {index for index, refusal in enumerate(offered) if refusal is None}
    kernels = partition(graph, taken) or ()
    kept = {index for kernel in largest(kernels, len(kernels), LEAST_NODES) for index in kernel}
    alone = Refusal(
        rule=f"its neighbours run on the CPU, and the delegate takes groups of {LEAST_NODES} nodes or more",
        source="tensorflow/lite/delegates/coreml/coreml_delegate.mm: DelegatePrepare",
        mend="mend its neighbours",
    )
    judged = [alone if refusal is None and index not in kept else refusal for index, refusal in enumerate(offered)]
    notes = ["Core ML plans each node for the CPU, the GPU or the Neural Engine on the device: the file cannot say"]
    return conclude(model, judged, delegate="coreml", runtime=RUNTIME, notes=notes)


def judge(model: ModelFile, graph: Subgraph, version: int = 3) -> Sequence[Refusal | None]:
    """One verdict a node, before groups are chosen. `version`: of Core ML, 2 or 3."""
    around = Around(model, graph)
    if (dynamic := around.dynamic()) is not None:
        return [dynamic] * len(graph.operators)
    found = [None if node.index in around.unpacks else _verdict(node, version) for node in around.nodes()]
    return half_unpacks(around, found, HELPER)


def _verdict(node: Node, version: int) -> Refusal | None:
    try:
        node.source = DELEGATE
        rule = None if node.operator.is_custom else RULES.get(node.name)
        node.need(rule is not None, f"the Core ML delegate has no {node.name}", MENDS.get(node.name, ""))
        node.version(VERSIONS.get(node.name, 1), mend="a float operator has the oldest version")
        given = node.input(2 if node.name == "TRANSPOSE_CONV" else 0)
        node.typed(given, ("float32",), mend="use a float model: the Core ML delegate takes no quantized one")
        if node.name == "RESHAPE":
            _reshape(node, version)
        elif rule is not None:
            rule(node)
    except Refused as error:
        return error.refusal()
    return None


def _binary(node: Node) -> None:
    node.source = f"{BUILDERS}/util.cc: IsBinaryOpSupported"
    tensors = node.input(0), node.input(1)
    for number, tensor in enumerate(tensors):
        fits = tensor.dtype == "float32" or (tensor.dtype == "float16" and tensor.is_constant)
        node.need(fits, f"input {number} is {tensor.dtype}; the Core ML delegate takes float32")
        rank = len(tensor.shape)
        node.need(rank <= 4, f"input {number} has {rank} dimensions; the Core ML delegate takes 4", "reshape around it")
    (batch, *sides, deep), (other_batch, *other_sides, other_deep) = (_four(tensor) for tensor in tensors)
    one = any(tensor.is_constant and tensor.elements == 1 for tensor in tensors)
    told = f"its inputs of {shape(tensors[0])} and {shape(tensors[1])}"
    node.need(batch == other_batch or one, f"{told} differ in the batch", "use one sample at a time")
    fits = sides == other_sides or [1, 1] in (sides, other_sides)
    node.need(fits, f"{told} differ in height or width, and neither is 1x1")
    node.need(deep == other_deep or 1 in (deep, other_deep), f"{told} differ in the channels, and neither has one")


def _four(tensor: Tensor) -> tuple[int, ...]:
    return (*[1] * (4 - len(tensor.shape)), *tensor.shape)


def _pool(node: Node) -> None:
    found = node.option("fused_activation_function")
    node.need(found == "NONE", f"its fused activation is {found}", "put the activation into an operator of its own")


def _concatenation(node: Node) -> None:
    node.source = f"{BUILDERS}/concatenation_op_builder.cc: IsConcatenationOpSupported"
    _pool(node)
    node.need(len(node.inputs) >= 2, "it has one input", "leave it out")
    rank, axis = len(node.input(0).shape), node.number("axis")
    node.need(rank in (3, 4), f"the input has {rank} dimensions; the Core ML delegate takes 3 or 4")
    node.need(
        axis in (-1, rank - 1), f"it concatenates along axis {axis}; the Core ML delegate along channels, the last one"
    )


def _convolution(node: Node) -> None:
    node.source = f"{BUILDERS}/convolution_op_builder.cc: IsConvolutionOpSupported"
    found = node.option("fused_activation_function") if node.name != "TRANSPOSE_CONV" else "NONE"
    node.need(found != "SIGN_BIT", "its fused activation is SIGN_BIT")
    weights = node.input(1)
    node.constant(weights, "the weights")
    node.need(max(weights.shape[1:3], default=0) <= 16384, f"its window of {shape(weights)} is over 16384")
    if node.name == "TRANSPOSE_CONV":
        node.constant(node.input(0), "the output's shape")
    elif node.has(2):
        node.constant(node.input(2), "the bias")


def _fully_connected(node: Node) -> None:
    node.source = f"{BUILDERS}/fully_connected_op_builder.cc: IsFullyConnectedOpSupported"
    found = node.option("weights_format")
    node.need(found == "DEFAULT", f"its weights_format is {found}")
    given, weights = node.input(0), node.input(1)
    mend = "use float weights: the Core ML delegate takes no quantized ones"
    node.typed(weights, FLOAT, "the weights", mend)
    node.constant(weights, "the weights")
    node.need(
        given.shape[-1:] == (given.elements,),
        f"the input of {shape(given)} has more than one row; the Core ML delegate takes one",
        "use one sample at a time, or a CONV_2D of 1x1",
    )
    if node.has(2):
        node.typed(node.input(2), FLOAT, "the bias", mend)
        node.constant(node.input(2), "the bias")
    node.need(node.option("fused_activation_function") != "SIGN_BIT", "its fused activation is SIGN_BIT")


def _mean(node: Node) -> None:
    node.source = f"{BUILDERS}/pooling_layer_builder.cc: IsMeanOpSupported"
    node.need(bool(node.option("keep_dims")), "it drops the dimensions", "keep them, and reshape after it")
    rank, axes = len(node.input(0).shape), node.list_of(1)
    node.need(rank == 4, f"the input has {rank} dimensions; the Core ML delegate takes 4")
    node.need(
        axes is not None and {axis % 4 for axis in axes} <= {1, 2},
        f"it averages over {list(axes or ())}; the Core ML delegate over height and width, 1 and 2",
        "transpose to channels last before it",
    )


def _pad(node: Node) -> None:
    node.source = f"{BUILDERS}/pad_op_builder.cc: IsPadOpSupported"
    if node.name == "MIRROR_PAD":
        mode = node.option("mode")
        node.need(mode == "REFLECT", f"its mode is {mode}; the Core ML delegate takes REFLECT")
    node.constant(node.input(1), "the list of paddings")
    sides = node.list_of(1) or ()
    node.need(
        len(sides) == 8, f"it pads by {shape(node.input(1))}; the Core ML delegate takes 4x2", "use four dimensions"
    )
    node.need(sides[:2] == (0, 0), f"it pads the batch by {list(sides[:2])}")
    node.need(sides[6:] == (0, 0), f"it pads the channels by {list(sides[6:])}", "concatenate zeros")


def _reshape(node: Node, version: int) -> None:
    node.source = f"{BUILDERS}/reshape_op_builder.cc: IsReshapeOpSupported"
    node.need(
        version < 3, "the Core ML delegate reshapes with Core ML 2 only", "keep the shape, or set coreml_version 2"
    )
    if len(node.operator.inputs) == 1:
        asked = node.option("new_shape")
        rank = len(asked) if isinstance(asked, tuple) else 0
    else:
        node.constant(node.input(1), "the new shape")
        rank = len(node.list_of(1) or ())
    node.need(rank in (3, 4), f"it makes {rank} dimensions; the Core ML delegate makes 3 or 4")


def _resize(node: Node) -> None:
    node.source = f"{BUILDERS}/resize_bilinear_op_builder.cc: IsResizeBilinearOpSupported"
    node.constant(node.input(1), "the new size")


def _softmax(node: Node) -> None:
    beta = node.option("beta")
    node.need(beta == 1, f"its beta is {beta}; the Core ML delegate wants 1", "multiply before it")


def _free(node: Node) -> None:
    """Nothing is asked besides the version and the input's type."""


MENDS = {
    "SUB": "add the negative",
    "DIV": "multiply by the inverse",
    "TRANSPOSE": "keep channels last",
    **dict.fromkeys(("QUANTIZE", "DEQUANTIZE"), "use a float model"),
}
"""Operators without a rule -> what does the same."""

RULES: dict[str, Callable[[Node], None]] = {
    **dict.fromkeys(("ADD", "MUL"), _binary),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), _pool),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"), _convolution),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _pad),
    **dict.fromkeys(("HARD_SWISH", "LOGISTIC", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "RESHAPE"), _free),
    "CONCATENATION": _concatenation,
    "FULLY_CONNECTED": _fully_connected,
    "MEAN": _mean,
    "RESIZE_BILINEAR": _resize,
    "SOFTMAX": _softmax,
}
"""Operator -> what it needs. Operators that are not here are not taken."""
