"""Whether the GPU delegate can build a node that it was offered: <Operator>OperationParser::Parse.

Source, TFLite 2.16.1: tensorflow/lite/delegates/gpu/common/model_builder.cc, model_builder_helper.cc, object_reader.cc.
Only what files run into; a Parse that fails makes the delegate give up the whole graph.
"""

from collections.abc import Callable

from edgekit.delegates.gpu_operators import BUILDER
from edgekit.delegates.rules import Node, shape
from edgekit.tflite.structure import Tensor


def check(node: Node) -> None:
    """Raises Refused where Parse fails."""
    node.source = f"{BUILDER}: Parse of {node.name}"
    for side, tensors in (("input", node.inputs), ("output", node.outputs)):
        for number, tensor in enumerate(tensors):
            if tensor is not None and not tensor.is_constant:
                node.need(
                    1 <= len(tensor.shape) <= 4,
                    f"{side} {number} has {len(tensor.shape)} dimensions; it builds 1 to 4",
                    "reshape around it",
                    "tensorflow/lite/delegates/gpu/common/model_builder_helper.cc: ExtractTensorShape",
                )
                _one_scale(node, f"{side} {number}", tensor)
    rule = RULES.get(node.name)
    if rule is not None:
        rule(node)


def _one_scale(node: Node, what: str, tensor: Tensor) -> None:
    if tensor.dtype not in ("int8", "uint8"):
        return
    scales = len(tensor.quantization.scales) if tensor.quantization else 0
    node.need(
        scales == 1,
        f"{what} is {tensor.dtype} with {scales} scales; it builds one for the whole tensor",
        "quantize it with one scale a tensor",
        "tensorflow/lite/delegates/gpu/common/model_builder_helper.cc: PopulateQuantParams",
    )


def _fully_connected(node: Node) -> None:
    given, weights = node.input(0), node.input(1)
    if not weights.is_constant:
        return
    node.need(len(weights.shape) == 2, f"its weights are of {shape(weights)}, not a matrix")
    channels = given.shape[-1] if len(given.shape) > 1 else 1
    node.need(
        channels == weights.shape[1],
        f"the input's last dimension is {channels} and the weights read {weights.shape[1]}",
        "reshape the input first",
    )


def _batch_matmul(node: Node) -> None:
    first, second = node.input(0), node.input(1)
    node.need(not first.is_constant, "its first input is a constant", "swap the factors")
    node.need(
        not second.is_constant or len(second.shape) == 2,
        f"its constant of {shape(second)} is no matrix; it builds one of 2 dimensions",
        "use a FULLY_CONNECTED",
    )


def _elements(node: Node) -> None:
    first, second = node.input(0), node.input(1)
    activation = node.option("fused_activation_function")
    node.need(activation != "SIGN_BIT", f"its fused activation is {activation}")
    if first.index == second.index:
        node.need(node.name in ("MUL", "ADD"), "both inputs are the same tensor", "use a constant, or SQUARE")
        return
    for tensor in (first, second):
        if tensor.is_constant and tensor.elements != 1:
            _hwc(node, tensor)


def _hwc(node: Node, tensor: Tensor) -> None:
    """ParseInputsWithConstTensorImpl: one number, a list, a matrix or HxWxC."""
    line = all(size == 1 for size in tensor.shape[:-1])
    fits = line or len(tensor.shape) in (2, 3) or (len(tensor.shape) == 4 and tensor.shape[0] == 1)
    node.need(fits, f"its constant is of {shape(tensor)}; it builds HxWxC", "compute batch by batch")


def _transpose(node: Node) -> None:
    order = node.list_of(1)
    node.need(
        order is not None and 2 <= len(order) <= 4, f"it permutes {len(order or ())} dimensions; it builds 2 to 4"
    )


def _slice(node: Node) -> None:
    rank, starts = len(node.input(0).shape), node.list_of(1)
    node.need(starts is not None, "where it begins is no int32 constant", "slice by constants")
    node.need(starts is None or len(starts) in (3, rank), f"it slices {rank} dimensions by {len(starts or ())} numbers")


def _strided_slice(node: Node) -> None:
    begin, end, strides = node.list_of(1), node.list_of(2), node.list_of(3)
    node.need(
        begin is not None and end is not None and strides is not None,
        "its begin, end and strides are not all int32 constants",
        "slice by constants",
    )
    node.need(len(begin or ()) in (3, 4), f"it slices by {len(begin or ())} numbers; it builds 3 or 4")
    node.need(
        min(strides or (1,)) > 0, f"its strides are {list(strides or ())}; it builds positive ones", "use REVERSE"
    )
    if begin is None or end is None or strides is None or len(begin) != len(node.input(0).shape) or len(begin) == 3:
        return
    sizes, made = node.input(0).shape, node.output().shape
    for place, (size, first, last, step) in enumerate(zip(sizes, begin, end, strides, strict=True)):
        first = 0 if node.number("begin_mask") >> place & 1 else first + size * (first < 0)
        last = size if node.number("end_mask") >> place & 1 else last + size * (last < 0)
        found = (last - first + step - 1) // step
        node.need(
            place < len(made) and found == made[place],
            f"dimension {place} from {first} to {last} by {step} is {found} long, not as in {shape(node.output())}",
            "end the slice at the tensor's size",
        )


def _prelu(node: Node) -> None:
    alpha, given = node.input(1), node.input(0)
    node.need(alpha.is_constant, "its slope is computed at run time", "make it a constant")
    line = all(size == 1 for size in alpha.shape[:-1]) and bool(alpha.shape)
    fits = alpha.shape[-1] == given.shape[-1] if line else alpha.shape[-3:] == given.shape[-3:]
    node.need(fits, f"its slopes are of {shape(alpha)} and its input of {shape(given)}")


def _pad(node: Node) -> None:
    node.need(node.list_of(1) is not None, "its paddings are no int32 constant", "pad by constants")


def _weights(node: Node) -> None:
    """Convolutions with constant weights; a float16 or quantized constant is read as float."""
    weights = node.input(1)
    node.need(len(weights.shape) == 4, f"its weights are of {shape(weights)}")
    channels = node.input(0).shape[-1] if node.name == "CONV_2D" else weights.shape[3]
    node.need(
        weights.is_constant or weights.shape[3] == channels,
        f"its weights are computed at run time and read {weights.shape[3]} of {channels} channels",
        "split the groups into convolutions of their own",
    )


RULES: dict[str, Callable[[Node], None]] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"), _weights),
    **dict.fromkeys(("ADD", "MUL", "SUB", "DIV", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE"), _elements),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _pad),
    "BATCH_MATMUL": _batch_matmul,
    "FULLY_CONNECTED": _fully_connected,
    "PRELU": _prelu,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
}
"""Operator -> what building it needs."""
