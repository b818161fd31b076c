"""Broadcasts that are written out: left to operators that broadcast themselves, or in the form that delegates take."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import BINARY, per_tensor, reshape, static

_MOST_FILLED = 4096
"""Elements of a constant that is written out for SELECT."""


def drop(graph: Graph) -> Sequence[str]:
    """BROADCAST_TO and TILE go where all who read them are elementwise and broadcast to the same shape without them."""
    done = []
    for operator in graph.named("BROADCAST_TO", "TILE"):
        given, made = int(operator.inputs[0]), int(operator.outputs[0])
        if not static(graph, operator) or not repeats_ones_only(graph.shape(given), graph.shape(made)):
            continue
        if made in graph.outputs or not graph.same_numbers(given, made) or not graph.readers(made):
            continue
        if all(_broadcasts_itself(graph, reader, made) for reader in graph.readers(made)) and graph.bypass(operator):
            done.append(graph.label(made))
    return done


def to_tile(graph: Graph) -> Sequence[str]:
    """BROADCAST_TO becomes TILE, behind a RESHAPE where axes are added: the GPU delegate and NNAPI lack the first."""
    done = []
    for operator in graph.named("BROADCAST_TO"):
        given, made = int(operator.inputs[0]), int(operator.outputs[0])
        shape, wanted = graph.shape(given), graph.shape(made)
        if not static(graph, operator) or not wanted or not graph.same_numbers(given, made) or 0 in wanted:
            continue
        whole = (1,) * (len(wanted) - len(shape)) + shape
        source = given if whole == shape else reshape(graph, given, whole, before=operator)
        times = np.array([new // old for new, old in zip(wanted, whole, strict=True)], np.int32)
        graph.add("TILE", (source, graph.new_constant(times)), (made,), before=operator)
        graph.remove(operator)
        done.append(graph.label(made))
    return done


def to_select(graph: Graph) -> Sequence[str]:
    """SELECT_V2 becomes SELECT, constants written out: NNAPI has the one whose three inputs have one shape."""
    done = []
    for operator in graph.named("SELECT_V2"):
        made = int(operator.outputs[0])
        shape = graph.shape(made)
        if not static(graph, operator) or graph.shape(int(operator.inputs[0])) != shape:
            continue
        chosen = [_filled(graph, int(index), shape) for index in operator.inputs[1:]]
        if any(values is None for values in chosen):
            continue
        graph.add("SELECT", (int(operator.inputs[0]), *(v for v in chosen if v is not None)), (made,), before=operator)
        graph.remove(operator)
        done.append(graph.label(made))
    return done


def repeats_ones_only(shape: Sequence[int], made: Sequence[int]) -> bool:
    """Whether the larger shape is a broadcast of the smaller one."""
    aligned = (1,) * (len(made) - len(shape)) + tuple(shape)
    return len(shape) <= len(made) and all(old in (1, new) for old, new in zip(aligned, made, strict=True))


def _broadcasts_itself(graph: Graph, reader: Any, tensor: int) -> bool:
    """Whether an elementwise operator's other operand has the output's shape already."""
    name, inputs = graph.name(reader), [int(index) for index in reader.inputs]
    others = [index for index in inputs if index != tensor]
    shape = graph.shape(int(reader.outputs[0]))
    return name in BINARY and len(others) == 1 and graph.shape(others[0]) == shape


def _filled(graph: Graph, tensor: int, shape: Sequence[int]) -> int | None:
    if graph.shape(tensor) == tuple(shape):
        return tensor
    values = graph.constant(tensor)
    if values is None or int(np.prod(shape)) > _MOST_FILLED or not per_tensor(graph, tensor):
        return None
    return graph.new_constant(np.broadcast_to(values, tuple(shape)).copy(), like=tensor)
