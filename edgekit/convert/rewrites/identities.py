"""Operators that give back what they were given."""

from collections.abc import Sequence
from typing import Any

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import NONE, moves_ones_only, order_of, static

_SAME_SHAPE = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "BROADCAST_TO", "TILE", "SLICE", "PAD")
"""Where the output has the input's shape, it has its numbers."""
_OTHERS = ("TRANSPOSE", "STRIDED_SLICE", "CONCATENATION", "CAST", "QUANTIZE", "PADV2", "MIRROR_PAD")


def drop(graph: Graph) -> Sequence[str]:
    """Take out RESHAPEs to the same shape, slices of everything, casts to the same type and the like."""
    done = []
    for operator in graph.named(*_SAME_SHAPE, *_OTHERS):
        made = int(operator.outputs[0])
        if _is_identity(graph, operator) and graph.bypass(operator):
            done.append(graph.label(made))
    return done


def _is_identity(graph: Graph, operator: Any) -> bool:
    given, made, name = int(operator.inputs[0]), int(operator.outputs[0]), graph.name(operator)
    if graph.shape(given) != graph.shape(made) or not static(graph, operator) or not graph.same_numbers(given, made):
        return False
    if name == "TRANSPOSE":
        order = order_of(graph, operator)
        return order is not None and moves_ones_only(graph.shape(given), order)
    if name == "STRIDED_SLICE":
        steps = graph.integers(int(operator.inputs[3]))
        options = operator.builtinOptions
        masks = options.ellipsisMask | options.newAxisMask | options.shrinkAxisMask
        return steps is not None and min(steps) > 0 and not masks
    if name == "CONCATENATION":
        return len(operator.inputs) == 1 and operator.builtinOptions.fusedActivationFunction == NONE
    return True
