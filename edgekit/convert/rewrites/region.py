"""Tensors that elementwise operators connect: all of them may lie in another shape, or in another order of axes.

A rewrite that wants an operator at the border gone (a RESHAPE, a TRANSPOSE) changes the whole region between borders.
"""

from dataclasses import dataclass, field
from typing import Any

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import BINARY, UNARY, per_tensor, static

MOST_TENSORS = 256
"""Larger regions are left alone."""


@dataclass(slots=True)
class Region:
    """Tensors of one shape. `entries`: (maker, tensor) where one comes from outside; `exits`: (reader, tensor) where
    one goes there; `constants`: (operator, place) of constants that take part."""

    shape: tuple[int, ...]
    tensors: list[int] = field(default_factory=list)
    members: list[Any] = field(default_factory=list)
    entries: list[tuple[Any, int]] = field(default_factory=list)
    exits: list[tuple[Any, int]] = field(default_factory=list)
    constants: list[tuple[Any, int]] = field(default_factory=list)


def around(graph: Graph, start: int) -> Region | None:
    """The region that holds the tensor `start`; None where it meets the graph's inputs or outputs, or is very large."""
    region = Region(shape=graph.shape(start), tensors=[start])
    seen, members = {start}, set[int]()
    for tensor in region.tensors:  # grows while it is walked
        if tensor in graph.inputs or tensor in graph.outputs or len(region.tensors) > MOST_TENSORS:
            return None
        if graph.constant(tensor) is not None or not per_tensor(graph, tensor):
            return None
        maker = graph.maker(tensor)
        if maker is None:
            return None
        around_it = [*([maker] if _is_member(graph, maker, region.shape) else []), *graph.readers(tensor)]
        if not around_it or around_it[0] is not maker:
            region.entries.append((maker, tensor))
        for operator in around_it:
            if not _is_member(graph, operator, region.shape):
                region.exits.append((operator, tensor))
                continue
            if id(operator) in members:
                continue
            members.add(id(operator))
            region.members.append(operator)
            for place, index in enumerate(map(int, operator.inputs)):
                if graph.constant(index) is not None:
                    region.constants.append((operator, place))
                elif index not in seen:
                    seen.add(index)
                    region.tensors.append(index)
            made = int(operator.outputs[0])
            if made not in seen:
                seen.add(made)
                region.tensors.append(made)
    return region


def _is_member(graph: Graph, operator: Any, shape: tuple[int, ...]) -> bool:
    """An elementwise operator whose computed tensors all have `shape`."""
    if graph.name(operator) not in UNARY | BINARY or len(operator.outputs) != 1 or not static(graph, operator):
        return False
    computed = [index for index in map(int, operator.inputs) if graph.constant(index) is None]
    return bool(computed) and all(graph.shape(index) == shape for index in (*computed, int(operator.outputs[0])))
