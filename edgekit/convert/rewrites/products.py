"""Matrix products in the forms that delegates take."""

from collections.abc import Sequence

from edgekit.convert.rewrites.graph import NOT_GIVEN, Graph
from edgekit.convert.rewrites.parts import NONE, static
from edgekit.convert.schema import constant

_FLOATS = "float32"


def to_fully_connected(graph: Graph) -> Sequence[str]:
    """BATCH_MATMUL with a constant right side, the same for every item, becomes FULLY_CONNECTED.

    Where that constant has more than two axes the GPU delegate fails as a whole (model_builder.cc,
    BatchedMatMulOperationParser); NNAPI takes BATCH_MATMUL since feature level 6 alone.
    """
    done = []
    for operator in graph.named("BATCH_MATMUL"):
        left, right, made = int(operator.inputs[0]), int(operator.inputs[1]), int(operator.outputs[0])
        weights, options = graph.constant(right), operator.builtinOptions
        if weights is None or options.adjX or not static(graph, operator) or graph.constant(left) is not None:
            continue
        if {graph.dtype(left), graph.dtype(right), graph.dtype(made)} != {_FLOATS} or weights.size == 0:
            continue
        if any(size != 1 for size in weights.shape[:-2]) or len(graph.shape(left)) != len(graph.shape(made)):
            continue
        matrix = weights.reshape(weights.shape[-2:])
        table = graph.new_constant(matrix if options.adjY else matrix.T)
        graph.add(
            "FULLY_CONNECTED", (left, table, NOT_GIVEN), (made,), before=operator,
            keepNumDims=True, fusedActivationFunction=NONE,
        )  # fmt: skip
        graph.remove(operator)
        done.append(graph.label(made))
    return done


def to_convolution(graph: Graph) -> Sequence[str]:
    """A fully connected layer over every place of an image (N, H, W, C) becomes a 1x1 convolution.

    XNNPACK's sparse kernels are those of 1x1 convolutions.
    """
    done = []
    for operator in graph.named("FULLY_CONNECTED"):
        given, table, made = int(operator.inputs[0]), int(operator.inputs[1]), int(operator.outputs[0])
        shape, weights, options = graph.shape(given), graph.constant(table), operator.builtinOptions
        if len(shape) != 4 or shape[1] * shape[2] == 1 or graph.shape(made)[:-1] != shape[:-1] or weights is None:
            continue
        if not static(graph, operator) or {graph.dtype(given), graph.dtype(table)} != {_FLOATS}:
            continue
        filters = graph.new_constant(weights.reshape(weights.shape[0], 1, 1, weights.shape[1]))
        bias = int(operator.inputs[2]) if len(operator.inputs) > 2 else NOT_GIVEN
        inputs = (given, filters) if bias == NOT_GIVEN else (given, filters, bias)
        graph.add(
            "CONV_2D", inputs, (made,), before=operator, padding=constant("Padding", "VALID"), strideH=1, strideW=1,
            fusedActivationFunction=options.fusedActivationFunction,
        )  # fmt: skip
        graph.remove(operator)
        done.append(graph.label(made))
    return done
