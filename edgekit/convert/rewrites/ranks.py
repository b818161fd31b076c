"""Tensors of more than four axes, and broadcasts between different numbers of axes."""

from collections.abc import Sequence
from itertools import pairwise

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import BINARY, order_of, per_tensor, reshape, static, transpose

_MOST = 4


def split_transposes(graph: Graph) -> Sequence[str]:
    """A TRANSPOSE of more than four axes becomes one of at most four between RESHAPEs: axes that stay neighbours join.

    A channel shuffle is (N, H, W, groups, C / groups) to (N, H, W, C / groups, groups): the first three are one axis.
    """
    done = []
    for operator in graph.named("TRANSPOSE"):
        given, made = int(operator.inputs[0]), int(operator.outputs[0])
        order, shape = order_of(graph, operator), graph.shape(given)
        if len(shape) <= _MOST or order is None or not static(graph, operator) or not graph.same_numbers(given, made):
            continue
        sizes, turned = merged_axes(shape, order)
        if len(sizes) > _MOST or not per_tensor(graph, given):
            continue
        flat = reshape(graph, given, sizes, before=operator)
        moved = transpose(graph, flat, turned, before=operator)
        reshape(graph, moved, graph.shape(made), before=operator, made=made)
        graph.remove(operator)
        done.append(graph.label(made))
    return done


def merged_axes(shape: Sequence[int], order: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Sizes and order of the same TRANSPOSE with as few axes as possible: size 1 left out, neighbours joined."""
    groups: list[list[int]] = []
    kept = [axis for axis in range(len(shape)) if shape[axis] != 1]
    following = dict(pairwise(kept))
    for axis in (axis for axis in order if shape[axis] != 1):
        if groups and following.get(groups[-1][-1]) == axis:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    ordered = sorted(groups)
    sizes = []
    for group in ordered:
        size = 1
        for axis in group:
            size *= shape[axis]
        sizes.append(size)
    return tuple(sizes), tuple(ordered.index(group) for group in groups)


def equal(graph: Graph) -> Sequence[str]:
    """The operand of an elementwise operator that has fewer axes gets leading ones: a constant's shape, or a RESHAPE.

    The GPU delegate reads (48, 32) as 48 items and (1, 48, 32) as one of 48 columns, and refuses most such pairs
    (gpu_compatibility.cc, CheckAddMulBroadcastCompatibility).
    """
    done = []
    for operator in graph.named(*BINARY):
        made = int(operator.outputs[0])
        rank = len(graph.shape(made))
        if not static(graph, operator) or rank > _MOST:
            continue
        for place, index in enumerate(map(int, operator.inputs)):
            shape = graph.shape(index)
            if not 1 < len(shape) < rank or not per_tensor(graph, index):
                continue
            wanted = (1,) * (rank - len(shape)) + shape
            values = graph.constant(index)
            if values is not None:
                fresh = graph.new_constant(values.reshape(wanted), like=index)
            else:
                fresh = reshape(graph, index, wanted, before=operator)
            graph.set_input(operator, place, fresh)
            done.append(graph.label(made))
    return done


def four_axes_in_constants(graph: Graph) -> Sequence[str]:
    """A constant that is added to or multiplied with an image gets four axes: XNNPACK's sparse part takes no fewer."""
    done = []
    for operator in graph.named("ADD", "MUL"):
        if len(graph.shape(int(operator.outputs[0]))) != _MOST or not static(graph, operator):
            continue
        for place, index in enumerate(map(int, operator.inputs)):
            values = graph.constant(index)
            if values is not None and values.ndim < _MOST and per_tensor(graph, index):
                whole = values.reshape((1,) * (_MOST - values.ndim) + values.shape)
                graph.set_input(operator, place, graph.new_constant(whole, like=index))
                done.append(graph.label(int(operator.outputs[0])))
    return done
