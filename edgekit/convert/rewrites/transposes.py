"""TRANSPOSE pairs that cancel: through elementwise operators, and into a reduction's axes."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import REDUCTIONS, axes_of, order_of, per_tensor, reshape, static, transpose
from edgekit.convert.rewrites.region import Region, around

Order = tuple[int, ...]


def cancel(graph: Graph) -> Sequence[str]:
    """Change the order of axes between TRANSPOSEs where that needs fewer of them.

    A region lies in the order that a TRANSPOSE at its border made. In the order before it, that one goes, and every one
    that would have turned it back.
    """
    done: list[str] = []
    for operator in graph.named("TRANSPOSE"):
        order, made = order_of(graph, operator), int(operator.outputs[0])
        if order is None or not static(graph, operator) or not per_tensor(graph, made, int(operator.inputs[0])):
            continue
        region = around(graph, made)
        if region is not None and _gain(graph, region, order) > 0 and _constants_fit(graph, region):
            done.append(graph.label(made))
            _turn(graph, region, order)
    return done


def into_reductions(graph: Graph) -> Sequence[str]:
    """A reduction of a transposed tensor reduces the axes that the TRANSPOSE moved, where the rest keeps its order."""
    done = []
    for operator in graph.named(*REDUCTIONS):
        moved = int(operator.inputs[0])
        maker = graph.maker(moved)
        if maker is None or graph.name(maker) != "TRANSPOSE" or not static(graph, operator):
            continue
        order, axes = order_of(graph, maker), axes_of(graph, operator)
        given = int(maker.inputs[0])
        if order is None or axes is None or moved in graph.outputs or not graph.same_numbers(given, moved):
            continue
        kept = [order[axis] for axis in range(len(order)) if axis not in axes]
        long = [axis for axis in kept if graph.shape(given)[axis] != 1]
        keep, made = operator.builtinOptions.keepDims, int(operator.outputs[0])
        if long != sorted(long) or (not keep and kept != sorted(kept)):
            continue
        new_axes = sorted(order[axis] for axis in axes)
        graph.set_input(operator, 1, graph.new_constant(np.array(new_axes, np.int32)))
        graph.set_input(operator, 0, given)
        shape = tuple(1 if axis in new_axes else size for axis, size in enumerate(graph.shape(given)))
        if keep and shape != graph.shape(made):
            reduced = graph.new_tensor(shape, like=made)
            graph.set_output(operator, reduced)
            following = graph.operators[graph.place(operator) + 1 :]
            reshape(graph, reduced, graph.shape(made), before=following[0] if following else None, made=made)
        if not graph.readers(moved):
            graph.remove(maker)
        done.append(graph.label(made))
    return done


def _inverse(order: Order) -> Order:
    return tuple(order.index(axis) for axis in range(len(order)))


def _gain(graph: Graph, region: Region, order: Order) -> int:
    """TRANSPOSEs that go, less those that must be put in, where the region lies as before `order`."""
    entries = {tensor for _, tensor in region.entries}
    gain = 0
    for maker, tensor in region.entries:
        others = [
            reader for reader, read in region.exits if read == tensor and not _is_turn(graph, reader, _inverse(order))
        ]
        if not _is_turn(graph, maker, order):
            gain -= 1
        elif not others:  # else the TRANSPOSE stays for them
            gain += 1
    for tensor in {tensor for _, tensor in region.exits}:
        readers = [reader for reader, read in region.exits if read == tensor]
        back = [reader for reader in readers if _turns_back(graph, reader, order, tensor, entries)]
        gain += len(back)
        gain -= len(back) < len(readers) and tensor not in entries  # others read the tensor in its old order
    return gain


def _turns_back(graph: Graph, operator: Any, order: Order, tensor: int, entries: Collection[int]) -> bool:
    """Whether a reader of `tensor` undoes `order`; an output of the graph needs another maker than a border's."""
    if not _is_turn(graph, operator, _inverse(order)):
        return False
    return int(operator.outputs[0]) not in graph.outputs or tensor not in entries


def _is_turn(graph: Graph, operator: Any, order: Order) -> bool:
    return graph.name(operator) == "TRANSPOSE" and order_of(graph, operator) == order


def _constants_fit(graph: Graph, region: Region) -> bool:
    for operator, place in region.constants:
        index = int(operator.inputs[place])
        if len(graph.shape(index)) > len(region.shape) or not per_tensor(graph, index):
            return False
    return True


def _turn(graph: Graph, region: Region, order: Order) -> None:
    back, entries = _inverse(order), {tensor for _, tensor in region.entries}
    shape = [region.shape[axis] for axis in back]
    undone = [pair for pair in region.exits if _turns_back(graph, pair[0], order, pair[1], entries)]
    fresh = {tensor: graph.new_tensor(shape, like=tensor) for tensor in region.tensors}
    for reader, tensor in undone:
        if int(reader.outputs[0]) in graph.outputs:
            fresh[tensor] = int(reader.outputs[0])
    for maker, tensor in region.entries:
        if _is_turn(graph, maker, order):
            fresh[tensor] = int(maker.inputs[0])
        else:
            after = graph.operators[graph.place(maker) + 1]
            transpose(graph, tensor, back, before=after, made=fresh[tensor])
    for operator, place in region.constants:
        held = int(operator.inputs[place])
        values = graph.constant(held)
        assert values is not None
        if values.size > 1:
            turned = values.reshape((1,) * (len(order) - values.ndim) + values.shape).transpose(back)
            graph.set_input(operator, place, graph.new_constant(turned, like=held))
    for tensor in region.tensors:
        members = [reader for reader in graph.readers(tensor) if any(reader is held for held in region.members)]
        graph.redirect(tensor, fresh[tensor], members)
        if tensor not in entries:
            graph.set_output(graph.maker(tensor), fresh[tensor])
    for reader, tensor in undone:
        made = int(reader.outputs[0])
        if made == fresh[tensor]:
            graph.remove(reader)
        elif made not in graph.outputs:
            graph.remove(reader)
            graph.redirect(made, fresh[tensor])
    for tensor in {tensor for _, tensor in region.exits} - entries:
        others = [reader for reader, read in region.exits if read == tensor and int(read) in map(int, reader.inputs)]
        others = [reader for reader in others if any(reader is held for held in graph.operators)]
        if others:
            transpose(graph, fresh[tensor], order, before=min(others, key=graph.place), made=tensor)
    for maker, tensor in region.entries:
        if _is_turn(graph, maker, order) and not graph.readers(tensor):
            graph.remove(maker)
