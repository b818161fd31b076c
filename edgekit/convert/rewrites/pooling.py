"""A pooling over the whole image as a mean, and means in the form that delegates take."""

from collections.abc import Sequence

import numpy as np

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import NONE, REDUCTIONS, axes_of, static


def to_mean(graph: Graph) -> Sequence[str]:
    """AVERAGE_POOL_2D over every place becomes MEAN over rows and columns: where XNNPACK's sparse part ends."""
    done = []
    for operator in graph.named("AVERAGE_POOL_2D"):
        given, made, options = int(operator.inputs[0]), int(operator.outputs[0]), operator.builtinOptions
        shape = graph.shape(given)
        whole = (options.filterHeight, options.filterWidth) == shape[1:3] and graph.shape(made)[1:3] == (1, 1)
        if not whole or not static(graph, operator) or options.fusedActivationFunction != NONE:
            continue
        if graph.dtype(given) != "float32":
            continue
        axes = graph.new_constant(np.array([1, 2], np.int32))
        graph.add("MEAN", (given, axes), (made,), before=operator, keepDims=True)
        graph.remove(operator)
        done.append(graph.label(made))
    return done


def without_ones(graph: Graph) -> Sequence[str]:
    """A reduction does not name axes of size 1, whose reduction changes nothing.

    litert-torch writes a layer norm's mean over (1, 48, 32) as one over the first and the last axis.
    """
    done = []
    for operator in graph.named(*REDUCTIONS):
        axes, shape = axes_of(graph, operator), graph.shape(int(operator.inputs[0]))
        if axes is None or not static(graph, operator) or not operator.builtinOptions.keepDims:
            continue
        long = [axis for axis in axes if shape[axis] != 1]
        if not long or len(long) == len(axes):
            continue
        graph.set_input(operator, 1, graph.new_constant(np.array(long, np.int32)))
        done.append(graph.label(int(operator.outputs[0])))
    return done
