"""XNNPACK's rules for operators on shapes: joined, reduced, padded, cut, turned. One function an operator.

Sources: the functions Visit<Operator>Node of tflite/delegates/xnnpack/xnnpack_delegate.cc, in their order of checks.
"""

from edgekit.delegates.xnnpack_node import ANY_8BIT, ASKED, MAX_DIMS, Node
from edgekit.tflite.structure import Tensor


def concatenation(node: Node) -> None:
    node.function = "VisitConcatenationNode"
    node.counts((2, 5), mend="concatenate in groups of at most 5")
    output = node.output()
    node.float_or_8bit(output)
    given = [node.input(number) for number in range(len(node.operator.inputs))]
    axis = node.number("axis")
    node.need(all(axis < len(tensor.shape) for tensor in given), f"axis {axis} is a new dimension")
    if output.dtype == "uint8":
        for tensor in given:
            _same_scale(node, tensor, output)
    node.float_or_8bit(*given)


def _same_scale(node: Node, given: Tensor, output: Tensor) -> None:
    pairs = [
        (t.quantization.scales[0], t.quantization.zero_points[0])
        if t.quantization and len(t.quantization.scales) == 1
        else (0.0, 0)
        for t in (given, output)
    ]
    node.need(
        pairs[0] == pairs[1],
        f"{node.called(given)} has scale {pairs[0][0]:g} and zero point {pairs[0][1]}, the output {pairs[1][0]:g} "
        f"and {pairs[1][1]}",
        "give both the same scale and zero point",
    )


def depth_to_space(node: Node) -> None:
    node.function = "VisitDepthToSpaceNode"
    node.counts((1, 1))
    node.float_or_8bit(node.input(0), node.output())
    node.need(node.number("block_size") > 1, f"block_size is {node.number('block_size')}")


def space_to_depth(node: Node) -> None:
    node.function = "VisitSpaceToDepthNode"
    node.counts((1, 1))
    given, block = node.input(0), node.number("block_size")
    node.float32_or_8bit(given)
    node.float_or_8bit(node.output())
    node.need(block > 1, f"block_size is {block}")
    for axis in (1, 2):
        size = given.shape[axis] if axis < len(given.shape) else 0
        node.need(size % block == 0, f"{size} is no multiple of block_size {block}", "pad the image")


def expand_dims(node: Node) -> None:
    node.function = "VisitExpandDimsNode"
    node.need(False, "XNNPACK's delegate takes no EXPAND_DIMS", "take RESHAPE to a constant shape")


def reduce(node: Node) -> None:
    node.function = "VisitReduceNode"
    node.known_here()
    node.counts((2, 2))
    given = node.input(0)
    node.float_or_8bit(given)
    axes = node.list_of(1)
    node.need(len(node.input(1).shape) <= 1, "the axes are no list", "", "CheckAxesTensorShape")
    node.need(len(axes) > 0 and not (axes == (0,) and not given.shape), "it reduces over no axis")
    if node.older:
        _whole_image(node, given, axes)
    node.need(len(axes) <= MAX_DIMS, f"it reduces over {len(axes)} axes; XNNPACK takes {MAX_DIMS}")
    node.float_or_8bit(node.output())


def _whole_image(node: Node, given: Tensor, axes: tuple[int, ...]) -> None:
    found = tuple(sorted(axis % len(given.shape) if given.shape else axis for axis in axes))
    node.need(
        len(given.shape) == 4 and found in ((1, 2), (2,)),
        f"it reduces axes {list(axes)} of {len(given.shape)}; the older library takes height and width, or width, of 4",
        "reshape so that the axes are height and width",
        ASKED,
    )


def pad(node: Node) -> None:
    node.function = "VisitPadNode"
    node.counts((2, 2))
    given, paddings = node.input(0), node.input(1)
    node.float_or_8bit(given)
    node.rank(given, 1, MAX_DIMS)
    node.need(
        paddings.dtype == "int32",
        f"the paddings are {paddings.dtype}; XNNPACK takes int32",
        "store them as int32",
        "CheckTensorType",
    )
    node.need(
        paddings.shape == (len(given.shape), 2),
        f"the paddings have shape {list(paddings.shape)}",
        "",
        "CheckPaddingsTensorShape",
    )
    sizes = node.list_of(1)
    node.float_or_8bit(node.output())
    node.rank(node.output(), 1, MAX_DIMS)
    node.need(min(sizes, default=0) >= 0, f"a padding of {min(sizes, default=0)}", "take SLICE")


def reshape(node: Node) -> None:
    node.function = "VisitReshapeNode"
    node.counts((1, 2))
    given, output = node.input(0), node.output()
    node.float_or_8bit(given)
    node.rank(given, 0, MAX_DIMS)
    node.float_or_8bit(output)
    node.rank(output, 0, MAX_DIMS)
    if output.dtype in ANY_8BIT and not node.older:
        _same_scale(node, given, output)
    if node.has(1) and node.input(1).index in node.unpacked.early:
        return
    if len(node.operator.inputs) == 2:
        shape = node.list_of(1)
        node.vector(node.input(1), ones_before=True)
    else:
        found = node.option("new_shape")
        shape = found if isinstance(found, tuple) else ()
    node.need(
        node.older or shape not in ((0,), (-1,)),
        "its new shape is one number that is to be found (-1)",
        "write the shape out",
    )


def resize_bilinear(node: Node) -> None:
    node.function = "VisitResizeBilinearNode"
    node.counts((2, 2))
    node.float32_or_8bit(node.input(0))
    node.rank(node.input(0), 4)
    size = node.list_of(1)
    node.vector(node.input(1))
    node.float_or_8bit(node.output())
    node.rank(node.output(), 4)
    node.need(all(side > 0 for side in size[:1]), f"a size of {list(size)}")


def slice_(node: Node) -> None:
    node.function = "VisitSliceNode"
    kinds, function = ("int32", "int64"), "CheckTensorInt32OrInt64Type"
    begin, size = node.list_of(1, kinds, function), node.list_of(2, kinds, function)
    node.vector(node.input(1))
    node.vector(node.input(2))
    node.need(len(begin) == len(size), f"{len(begin)} begins and {len(size)} sizes", "", "CheckTensorsDimensionMatch")
    node.float_or_8bit(node.input(0), node.output())
    least = -1 if node.older else 1
    node.need(
        min(size, default=1) >= least and 0 not in size,
        f"a size of {min(size, default=1)}",
        "write the sizes out instead of -1",
    )


def split(node: Node) -> None:
    node.function = "VisitSplitNode"
    outputs = len(node.operator.outputs)
    node.need(node.number("num_splits") == outputs, f"num_splits is {node.number('num_splits')}, and {outputs} outputs")
    node.counts((2, 2), (2, 4), mend="take slices, or split into at most 4")
    node.list_of(0)
    node.float_or_8bit(node.input(1))
    node.float_or_8bit(*(node.output(number) for number in range(outputs)))


def transpose(node: Node) -> None:
    node.function = "VisitTransposeNode"
    node.counts((2, 2))
    if not node.older:
        node.float_or_8bit(node.input(0))
    node.rank(node.input(0), 1, MAX_DIMS)
    node.constant(node.input(1))


def strided_slice(node: Node) -> None:
    node.function = "VisitStridedSliceNode"
    for name in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask"):
        value = node.number(name)
        node.need(value == 0, f"{name} is {value}; XNNPACK takes 0", "slice without it, then RESHAPE")
    given, function = node.input(0), "CheckTensorInt32Type"
    strides = node.list_of(3, function=function)
    node.vector(node.input(3))
    node.need(
        all(stride == 1 for stride in strides),
        f"strides {list(strides)}; XNNPACK takes 1",
        "take a 1x1 layer with that stride",
    )
    for number in (1, 2):
        node.list_of(number, function=function)
        node.vector(node.input(number))
        found = node.input(number).elements
        node.need(found == len(given.shape), f"{found} numbers for {len(given.shape)} dimensions")
    node.need(len(strides) == len(given.shape), f"{len(strides)} strides for {len(given.shape)} dimensions")
    node.float_or_8bit(given, node.output())
