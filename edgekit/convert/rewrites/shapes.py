"""RESHAPE in place of operators that only say shapes, and one RESHAPE in place of a chain."""

from collections.abc import Sequence

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import moves_ones_only, order_of, reshape, static


def to_reshapes(graph: Graph) -> Sequence[str]:
    """SQUEEZE, EXPAND_DIMS, a TRANSPOSE that moves axes of size 1 only, a RESHAPE whose shape is computed: RESHAPE.

    The GPU delegate has no EXPAND_DIMS and no SQUEEZE; a delegate's RESHAPE costs nothing where a TRANSPOSE copies.
    """
    done = []
    for operator in graph.named("SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "RESHAPE"):
        given, made, name = int(operator.inputs[0]), int(operator.outputs[0]), graph.name(operator)
        if not (graph.is_static(given) and graph.is_static(made)) or not graph.same_numbers(given, made):
            continue
        if name == "TRANSPOSE":
            order = order_of(graph, operator)
            if order is None or not moves_ones_only(graph.shape(given), order):
                continue
        if name == "RESHAPE" and (len(operator.inputs) < 2 or graph.constant(int(operator.inputs[1])) is not None):
            continue
        reshape(graph, given, graph.shape(made), before=operator, made=made)
        graph.remove(operator)
        done.append(graph.label(made))
    return done


def merge(graph: Graph) -> Sequence[str]:
    """A RESHAPE that alone reads another RESHAPE reads what that one reads."""
    done = []
    for operator in graph.named("RESHAPE"):
        middle, made = int(operator.inputs[0]), int(operator.outputs[0])
        earlier = graph.maker(middle)
        if earlier is None or graph.name(earlier) != "RESHAPE" or not static(graph, operator):
            continue
        first = int(earlier.inputs[0])
        back = graph.shape(first) == graph.shape(made)
        if middle in graph.outputs or not static(graph, earlier) or not (back or graph.only_reader(middle)):
            continue
        if not graph.same_numbers(first, middle) or not graph.same_numbers(middle, made):
            continue
        reshape(graph, first, graph.shape(made), before=operator, made=made)
        graph.remove(operator)
        done.append(graph.label(made))
    return done
