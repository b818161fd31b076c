"""Slices in the forms that delegates take: three or four axes, no axis dropped or made, one slice for two in a row."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import NONE, per_tensor, reshape, static

_RANKS = (3, 4)
"""The GPU delegate slices these (gpu_compatibility.cc: SLICE, STRIDED_SLICE)."""

Part = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""First place, number of places and step, an axis each."""


def plain(graph: Graph) -> Sequence[str]:
    """Every slice whose part is known becomes a SLICE or STRIDED_SLICE of three or four axes, RESHAPEs around it.

    GATHER of one place or of places in equal steps is a slice; STRIDED_SLICE may drop or add axes: a RESHAPE does that.
    """
    done = []
    for operator in graph.named("SLICE", "STRIDED_SLICE", "GATHER"):
        given, made = int(operator.inputs[0]), int(operator.outputs[0])
        part = part_of(graph, operator)
        if part is None or _is_plain(graph, operator) or not graph.same_numbers(given, made):
            continue
        if not graph.shape(given) or not per_tensor(graph, given) or _in_four(graph.shape(given), part) is None:
            continue
        _put(graph, given, part, before=operator, made=made)
        graph.remove(operator)
        done.append(graph.label(made))
    return done


def merge(graph: Graph) -> Sequence[str]:
    """Two slices in a row become one, where nobody else reads the first."""
    done = []
    for operator in graph.named("SLICE", "STRIDED_SLICE"):
        middle, made = int(operator.inputs[0]), int(operator.outputs[0])
        earlier = graph.maker(middle)
        if earlier is None or graph.name(earlier) not in ("SLICE", "STRIDED_SLICE"):
            continue
        first, second = part_of(graph, earlier), part_of(graph, operator)
        if first is None or second is None or not graph.only_reader(middle):
            continue
        if not (_is_plain(graph, earlier) and _is_plain(graph, operator)):
            continue
        begin = tuple(b + o * s for b, s, o in zip(first[0], first[2], second[0], strict=True))
        step = tuple(s * t for s, t in zip(first[2], second[2], strict=True))
        _slice(graph, int(earlier.inputs[0]), (begin, second[1], step), before=operator, made=made)
        graph.remove(operator)
        graph.remove(earlier)
        done.append(graph.label(made))
    return done


def unpack(graph: Graph) -> Sequence[str]:
    """UNPACK becomes a slice and a RESHAPE for each output."""
    done = []
    for operator in graph.named("UNPACK"):
        given = int(operator.inputs[0])
        shape = graph.shape(given)
        if not static(graph, operator) or not per_tensor(graph, given):
            continue
        axis = operator.builtinOptions.axis % len(shape)
        parts = [_one_place(shape, axis, place) for place in range(len(operator.outputs))]
        if any(_in_four(shape, part) is None for part in parts):
            continue
        for part, made in zip(parts, map(int, operator.outputs), strict=True):
            _put(graph, given, part, before=operator, made=made)
            done.append(graph.label(made))
        graph.remove(operator)
    return done


def pack(graph: Graph) -> Sequence[str]:
    """PACK becomes RESHAPEs and a CONCATENATION."""
    done = []
    for operator in graph.named("PACK"):
        given, made = [int(index) for index in operator.inputs], int(operator.outputs[0])
        shape = graph.shape(made)
        if not static(graph, operator) or len(shape) > max(_RANKS) or not per_tensor(graph, *given, made):
            continue
        if not all(graph.same_numbers(index, made) for index in given) or graph.dtype(made) not in ("float32", "int8"):
            continue
        axis = operator.builtinOptions.axis % len(shape)
        one = tuple(1 if place == axis else size for place, size in enumerate(shape))
        parts = [reshape(graph, index, one, before=operator) for index in given]
        graph.add("CONCATENATION", parts, (made,), before=operator, axis=axis, fusedActivationFunction=NONE)
        graph.remove(operator)
        done.append(graph.label(made))
    return done


def part_of(graph: Graph, operator: Any) -> Part | None:
    """What a slice takes, every axis of the input named; None where it is not known or runs backwards."""
    if not static(graph, operator):
        return None
    shape, name = graph.shape(int(operator.inputs[0])), graph.name(operator)
    if name == "SLICE":
        begin, size = (graph.integers(int(index)) for index in operator.inputs[1:3])
        if begin is None or size is None:
            return None
        sizes = tuple(full - b if s < 0 else s for full, b, s in zip(shape, begin, size, strict=True))
        return begin, sizes, (1,) * len(shape)
    return _gathered(graph, operator, shape) if name == "GATHER" else _strided(graph, operator, shape)


def _strided(graph: Graph, operator: Any, shape: tuple[int, ...]) -> Part | None:
    begin, end, steps = (graph.integers(int(index)) for index in operator.inputs[1:4])
    options = operator.builtinOptions
    if begin is None or end is None or steps is None or options.ellipsisMask or options.newAxisMask or options.offset:
        return None
    if min(steps, default=1) <= 0 or len(begin) > len(shape):
        return None
    first, count, step = [], [], []
    for axis, full in enumerate(shape):
        if axis >= len(begin):
            low, high, stride = 0, full, 1
        else:
            stride = steps[axis]
            low = 0 if options.beginMask >> axis & 1 else _clamped(begin[axis], full)
            high = full if options.endMask >> axis & 1 else _clamped(end[axis], full)
            if options.shrinkAxisMask >> axis & 1:
                low = begin[axis] % full if full else 0
                high, stride = low + 1, 1
        if high <= low:
            return None
        first.append(low)
        count.append(-(-(high - low) // stride))
        step.append(stride)
    return tuple(first), tuple(count), tuple(step)


def _clamped(place: int, full: int) -> int:
    return min(max(place + full if place < 0 else place, 0), full)


def _gathered(graph: Graph, operator: Any, shape: tuple[int, ...]) -> Part | None:
    places, options = graph.integers(int(operator.inputs[1])), operator.builtinOptions
    if not places or options.batchDims or not shape or len(graph.shape(int(operator.inputs[1]))) > 1:
        return None
    axis = options.axis % len(shape)
    step = places[1] - places[0] if len(places) > 1 else 1
    if step <= 0 or any(b - a != step for a, b in pairwise(places)):
        return None
    if places[0] < 0 or places[-1] >= shape[axis]:
        return None
    begin = tuple(places[0] if place == axis else 0 for place in range(len(shape)))
    count = tuple(len(places) if place == axis else size for place, size in enumerate(shape))
    return begin, count, tuple(step if place == axis else 1 for place in range(len(shape)))


def _one_place(shape: tuple[int, ...], axis: int, place: int) -> Part:
    begin = tuple(place if held == axis else 0 for held in range(len(shape)))
    return begin, tuple(1 if held == axis else size for held, size in enumerate(shape)), (1,) * len(shape)


def _is_plain(graph: Graph, operator: Any) -> bool:
    if graph.name(operator) == "GATHER" or len(graph.shape(int(operator.inputs[0]))) not in _RANKS:
        return False
    if graph.name(operator) == "SLICE":
        return True
    options = operator.builtinOptions
    return not (options.ellipsisMask or options.newAxisMask or options.shrinkAxisMask)


def _in_four(shape: tuple[int, ...], part: Part) -> tuple[tuple[int, ...], Part] | None:
    """The shape and the part with three or four axes: neighbours that are taken whole become one; None: more differ."""
    begin, count, step = (list(held) for held in part)
    sizes = list(shape)
    place = 0
    while len(sizes) > max(_RANKS) and place < len(sizes) - 1:
        if sizes[place] == count[place] and sizes[place + 1] == count[place + 1]:
            sizes[place : place + 2] = count[place : place + 2] = [sizes[place] * sizes[place + 1]]
            begin[place : place + 2], step[place : place + 2] = [0], [1]
        else:
            place += 1
    while len(sizes) < min(_RANKS):
        for held, one in ((sizes, 1), (begin, 0), (count, 1), (step, 1)):
            held.insert(0, one)
    return (tuple(sizes), (tuple(begin), tuple(count), tuple(step))) if len(sizes) in _RANKS else None


def _put(graph: Graph, given: int, part: Part, *, before: Any, made: int) -> None:
    """A slice of three or four axes, RESHAPEs where the shapes ask for them."""
    found = _in_four(graph.shape(given), part)
    assert found is not None
    sizes, inner = found
    source = given if sizes == graph.shape(given) else reshape(graph, given, sizes, before=before)
    if inner[1] == graph.shape(made):
        _slice(graph, source, inner, before=before, made=made)
    else:
        taken = graph.new_tensor(inner[1], like=made)
        _slice(graph, source, inner, before=before, made=taken)
        reshape(graph, taken, graph.shape(made), before=before, made=made)


def _slice(graph: Graph, given: int, part: Part, *, before: Any, made: int) -> None:
    begin, count, step = (np.array(held, np.int32) for held in part)
    if bool((step == 1).all()):
        name, given_too = "SLICE", [begin, count]
    else:
        name, given_too = "STRIDED_SLICE", [begin, begin + (count - 1) * step + 1, step]
    graph.add(name, (given, *(graph.new_constant(held.astype(np.int32)) for held in given_too)), (made,), before=before)
