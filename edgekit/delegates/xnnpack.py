"""What XNNPACK takes: the CPU's delegate, applied by the runtimes without being asked for.

The rules are those of LiteRT's tflite/delegates/xnnpack/xnnpack_delegate.cc with the flags of the interpreter's own
default delegate: signed and unsigned 8-bit on, weights computed at run time off.
"""

from collections.abc import Callable
from dataclasses import replace

from edgekit.delegates import xnnpack_elements as elements
from edgekit.delegates import xnnpack_layers as layers
from edgekit.delegates import xnnpack_shapes as shapes
from edgekit.delegates.coverage import Coverage, Refusal, Unknown, conclude
from edgekit.delegates.partitions import partition
from edgekit.delegates.run_time_sizes import Sizes
from edgekit.delegates.xnnpack_node import Node, Refused, Release, Unpacked
from edgekit.delegates.xnnpack_variables import Variables
from edgekit.tflite.structure import ModelFile, Operator, Subgraph

LITERT = Release(runtime="ai-edge-litert 2.3.0", file="tflite/delegates/xnnpack/xnnpack_delegate.cc")
TFLITE_2_16_1 = Release(
    runtime="TFLite 2.16.1", file="tensorflow/lite/delegates/xnnpack/xnnpack_delegate.cc", older=True
)

RULES: dict[str, Callable[[Node], None]] = {
    **dict.fromkeys(
        (*elements.FLOAT_UNARY, "DEQUANTIZE", "ELU", "LEAKY_RELU", "LOGISTIC", "QUANTIZE", "TANH"), elements.unary
    ),
    **dict.fromkeys((*elements.FLOAT_BINARY, "ADD", "MUL", "SUB"), elements.binary),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"), shapes.reduce),
    "AVERAGE_POOL_2D": layers.average_pool_2d,
    "BATCH_MATMUL": layers.batch_matmul,
    "CONCATENATION": shapes.concatenation,
    "CONV_2D": layers.conv_2d,
    "DEPTHWISE_CONV_2D": layers.depthwise_conv_2d,
    "DEPTH_TO_SPACE": shapes.depth_to_space,
    "EXPAND_DIMS": shapes.expand_dims,
    "FULLY_CONNECTED": layers.fully_connected,
    "MAX_POOL_2D": layers.max_pool_2d,
    "PAD": shapes.pad,
    "RESHAPE": shapes.reshape,
    "RESIZE_BILINEAR": shapes.resize_bilinear,
    "SLICE": shapes.slice_,
    "SOFTMAX": elements.softmax,
    "SPACE_TO_DEPTH": shapes.space_to_depth,
    "SPLIT": shapes.split,
    "STRIDED_SLICE": shapes.strided_slice,
    "TRANSPOSE": shapes.transpose,
    "TRANSPOSE_CONV": layers.transpose_conv,
}
"""Operator -> its rule, which raises Refused. Operators that are not here are not taken."""

MENDS: dict[str, str] = {
    "BROADCAST_TO": "leave it out where the next operator broadcasts by itself",
    "CAST": "give the model's inputs the type that it computes in",
    "GATHER": "take SLICE where the indices follow each other",
    "PACK": "take RESHAPE and CONCATENATION",
    "PADV2": "take PAD where the value is 0",
    "POW": "take SQUARE, MUL or SQRT for the exponents 2, 3 and 0.5",
    "SPLIT_V": "take SLICE for each part",
    "SQUEEZE": "take RESHAPE to a constant shape",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "unroll the layer where its speed counts more than its bytes",
    "UNPACK": "take SLICE and RESHAPE for each part",
}
"""What to take instead of operators that the delegate does not have."""


def predict(model: ModelFile, release: Release = LITERT) -> Coverage:
    """The forecast for the main graph; graphs of loops and branches, which get kernels of their own, in the notes."""
    notes = []
    judge = _Judge(model, model.main, release)
    judged = judge.verdicts()
    for number, graph in enumerate(model.subgraphs[1:], start=1):
        taken = {index for index, refusal in enumerate(verdicts(model, graph, release)) if refusal is None}
        kernels = partition(graph, taken)
        notes.append(f"graph {number}: {len(taken)} of {len(graph.operators)} nodes, {len(kernels or ())} partitions")
    return conclude(
        model, judged, delegate="cpu", runtime=f"XNNPACK of {release.runtime}", notes=(*judge.breaks, *notes)
    )


def predict_android(model: ModelFile) -> Coverage:
    """The same for the library in the Android app."""
    return replace(predict(model, TFLITE_2_16_1), delegate="cpu@android")


def verdicts(model: ModelFile, graph: Subgraph, release: Release = LITERT) -> list[Refusal | None]:
    """One a node, in the order in which the delegate asks: what it unpacks early decides what it takes later."""
    return _Judge(model, graph, release).verdicts()


class _Judge:
    """Delegate::PrepareOpsToDelegate. `breaks`: what keeps the file from loading."""

    def __init__(self, model: ModelFile, graph: Subgraph, release: Release) -> None:
        self.model, self.graph, self.release = model, graph, release
        self.breaks: list[str] = []
        self.unpacked = Unpacked()
        self.producers: dict[int, int] = {}
        self.variables = Variables()
        self.sizes = Sizes(graph) if release.older else None
        self.unpacked.early = self.sizes.known if self.sizes else set()
        self.reads_half = _reads_half(graph)

    def verdicts(self) -> list[Refusal | None]:
        if self.sizes and self.sizes.cause is not None:
            return [self._unsized(self.sizes.cause)] * len(self.graph.operators)
        found: list[Refusal | None] = []
        spoiled: dict[int, int] = {}
        for index, operator in enumerate(self.graph.operators):
            if self._unpacks(index, operator):
                found.append(None)
                continue
            refusal = self._verdict(index, operator)
            found.append(refusal)
            if refusal is not None:
                for tensor in operator.inputs:
                    if tensor in self.producers:
                        spoiled[self.producers[tensor]] = index
        for index, reader in spoiled.items():
            found[index] = Refusal(
                rule=f"it unpacks a constant that node {reader} reads on the CPU",
                source=f"{self.release.file}: PrepareOpsToDelegate",
                mend=f"mend node {reader}",
            )
        return self.variables.settle(found)

    def _unsized(self, cause: int) -> Refusal:
        name = self.graph.operators[cause].name
        return Refusal(
            rule=f"node {cause} {name} makes a tensor whose size is known at run time alone: no node is taken",
            source="tensorflow/lite/core/subgraph.cc: ModifyGraphWithDelegate",
            mend="give every size as a constant",
        )

    def _verdict(self, index: int, operator: Operator) -> Refusal | None:
        if operator.name == "STABLEHLO_COMPOSITE":
            return Unknown(
                rule="a composite may be replaced by its graph before the delegate sees it",
                source="tflite/core/subgraph.cc: InlineCompositeNodes",
            )
        rule = None if operator.is_custom else RULES.get(operator.name)
        node = Node(self.model, self.graph, operator, self.unpacked, self.release)
        try:
            if self.variables.about(operator):
                self.variables.visit(index, node)
            elif rule is None:
                node.need(
                    False, f"XNNPACK's delegate has no {operator.name}", MENDS.get(operator.name, ""), "VisitNode"
                )
            else:
                rule(node)
        except Refused as error:
            return node.refusal(error)
        self.breaks += [f"it does not load: node {index} {operator.name} is taken, and {why}" for why in node.breaks]
        return None

    def _unpacks(self, index: int, operator: Operator) -> bool:
        """Whether a node turns a constant into another one, which the delegate does while it prepares."""
        if operator.name not in ("DEQUANTIZE", "DENSIFY") or (len(operator.inputs), len(operator.outputs)) != (1, 1):
            return False
        if operator.inputs[0] < 0:
            return False
        given, output = self.graph.tensors[operator.inputs[0]], self.graph.tensors[operator.outputs[0]]
        if operator.name == "DENSIFY":
            if not (given.is_constant and given.is_sparse and given.dtype == output.dtype):
                return False
            if given.dtype not in ("float16", "int8", "float32"):
                return False
        else:
            known = given.is_constant or given.index in self.unpacked.tensors
            narrow = given.dtype == "float16" or (given.dtype == "int8" and given.quantization is not None)
            if given.is_sparse or not known or not narrow or output.dtype != "float32":
                return False
            if given.dtype == "float16" and self.reads_half.get(output.index, True):
                self.unpacked.still_half.add(output.index)
        self.producers[output.index] = index
        self.unpacked.tensors.add(output.index)
        return True


def _reads_half(graph: Subgraph) -> dict[int, bool]:
    """Whether all that read a tensor can read it as float16: layers, for weights and biases."""
    found: dict[int, bool] = {}
    for operator in graph.operators:
        layer = operator.name in ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")
        for tensor in operator.inputs:
            found[tensor] = found.get(tensor, True) and layer and operator.inputs[0] != tensor
    return found
