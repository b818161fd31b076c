"""Versions of operators, no newer than what each of them does."""

from collections.abc import Sequence
from typing import Any

from edgekit.convert.rewrites.graph import Graph

_RANK_OF_FIRST = 4
"""TRANSPOSE of more axes is of a newer version."""


def lower(graph: Graph) -> Sequence[str]:
    """TRANSPOSE, CONV_2D and DEPTHWISE_CONV_2D of the first version that does what they do.

    A converter writes one version for all operators of a kind, the newest that any of them needs, and NNAPI asks for
    old ones. Source: tflite/tools/versioning/op_version.cc, GetBuiltinOperatorVersion.
    """
    done = []
    for operator in graph.named("TRANSPOSE", "CONV_2D", "DEPTHWISE_CONV_2D"):
        least = _least(graph, operator)
        if least is not None and least < graph.version(operator):
            graph.set_version(operator, least)
            done.append(graph.label(int(operator.outputs[0])))
    return done


def _least(graph: Graph, operator: Any) -> int | None:
    """The oldest version; None where it is not told by floats and int8 alone."""
    given, table, name = int(operator.inputs[0]), int(operator.inputs[1]), graph.name(operator)
    kinds = {graph.dtype(given), graph.dtype(int(operator.outputs[0]))}
    if name == "TRANSPOSE":
        known = {"float32": 1, "int8": 2}.get(kinds.pop())
        return known if len(graph.shape(given)) <= _RANK_OF_FIRST and not kinds else None
    options, kinds = operator.builtinOptions, kinds | {graph.dtype(table)}
    if name == "CONV_2D" and graph.shape(table)[3] != graph.shape(given)[3]:
        return None  # groups
    if kinds == {"int8"}:
        return 3
    dilated = (options.dilationHFactor, options.dilationWFactor) != (1, 1)
    return (2 if dilated and name == "DEPTHWISE_CONV_2D" else 1) if kinds == {"float32"} else None
