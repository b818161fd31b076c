"""What several rewrites need: kinds of operators, and operators that only move numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.convert.rewrites.graph import Graph

UNARY = frozenset(
    (
        *("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC"),
        *("NEG", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "ROUND", "RSQRT", "SIGN", "SIN", "SQRT"),
        *("SQUARE", "TANH", "CAST", "QUANTIZE", "LOGICAL_NOT"),
    )
)
BINARY = frozenset(
    (
        *("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE", "FLOOR_DIV"),
        *("FLOOR_MOD", "EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOGICAL_AND"),
        *("LOGICAL_OR"),
    )
)
"""Element by element, with broadcasting from the right."""
REDUCTIONS = frozenset(["MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"])
NONE = 0
"""The number of `no fused activation`."""


def reshape(graph: Graph, given: int, shape: Sequence[int], *, before: Any, made: int | None = None) -> int:
    """A RESHAPE of `given`, into `made` where it is given; returns its output."""
    made = graph.new_tensor(shape, like=given) if made is None else made
    sizes = np.array(shape, np.int32)
    graph.add("RESHAPE", (given, graph.new_constant(sizes)), (made,), before=before, newShape=sizes)
    return made


def transpose(graph: Graph, given: int, order: Sequence[int], *, before: Any, made: int | None = None) -> int:
    """A TRANSPOSE of `given`, into `made` where it is given; returns its output."""
    shape = graph.shape(given)
    made = graph.new_tensor([shape[axis] for axis in order], like=given) if made is None else made
    graph.add("TRANSPOSE", (given, graph.new_constant(np.array(order, np.int32))), (made,), before=before)
    return made


def order_of(graph: Graph, operator: Any) -> tuple[int, ...] | None:
    """A TRANSPOSE's constant order of axes, none negative; or None."""
    order = graph.integers(int(operator.inputs[1]))
    rank = len(graph.shape(int(operator.inputs[0])))
    return None if order is None or len(order) != rank else tuple(axis % rank for axis in order)


def axes_of(graph: Graph, operator: Any) -> tuple[int, ...] | None:
    """A reduction's constant axes, none negative, ascending; or None."""
    axes = graph.integers(int(operator.inputs[1]))
    rank = len(graph.shape(int(operator.inputs[0])))
    return None if axes is None or not rank else tuple(sorted({axis % rank for axis in axes}))


def moves_ones_only(shape: Sequence[int], order: Sequence[int]) -> bool:
    """Whether a TRANSPOSE leaves the numbers where they are: axes longer than 1 keep their order."""
    long = [axis for axis in order if shape[axis] != 1]
    return long == sorted(long)


def per_tensor(graph: Graph, *tensors: int) -> bool:
    """Whether none of the tensors has a scale for each of several slices: axes may move freely."""
    return all(len(graph.scales(tensor)[0]) <= 1 for tensor in tensors)


def static(graph: Graph, operator: Any) -> bool:
    """Whether every tensor of an operator has a known shape."""
    touched = (*operator.inputs, *operator.outputs)
    return all(graph.is_static(int(index)) for index in touched if index >= 0)
