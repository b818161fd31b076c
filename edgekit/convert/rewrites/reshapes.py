"""RESHAPEs around elementwise operators, reductions and fully connected layers: what lies between changes its shape."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from edgekit.convert.rewrites.graph import NOT_GIVEN, Graph
from edgekit.convert.rewrites.parts import BINARY, REDUCTIONS, UNARY, axes_of, per_tensor, reshape, static

_MOST_RANK = 4
_MOST_TENSORS = 256
_KEEPS_ROWS_SINCE = 5
"""Version of FULLY_CONNECTED with keep_num_dims."""

Shape = tuple[int, ...]


def through_regions(graph: Graph) -> Sequence[str]:
    """Let a region take the shape from before or behind it where that needs fewer RESHAPEs, or mends a broadcast.

    A layer norm's mean and variance of shape (48) between RESHAPEs to (1, 48, 1) become (1, 48, 1) themselves, by a
    reduction that keeps its axes; a fully connected layer on (48, 32) becomes one on (1, 48, 32).
    """
    done: list[str] = []
    tried: set[int] = set()
    for operator in graph.named("RESHAPE", *REDUCTIONS, "FULLY_CONNECTED"):
        start = int(operator.outputs[0])
        if start in tried or not graph.shape(start) or not static(graph, operator):
            continue
        for by_rows in (False, True):
            area = _Area.around(graph, start, by_rows=by_rows)
            tried |= set(area.tensors) if area else set()
            best = _best(graph, area) if area else None
            if area and best:
                done.append(graph.label(start))
                _change(graph, area, best)
                break
    return done


@dataclass(slots=True)
class _Area:
    """Tensors whose shape is `shape`, or (`by_rows`) whose shape but for the last axis is."""

    shape: Shape
    by_rows: bool
    tensors: list[int] = field(default_factory=list)
    members: list[Any] = field(default_factory=list)
    entries: list[tuple[Any, int]] = field(default_factory=list)
    exits: list[tuple[Any, int]] = field(default_factory=list)

    @staticmethod
    def around(graph: Graph, start: int, *, by_rows: bool) -> "_Area | None":
        shape = graph.shape(start)
        area = _Area(shape=shape[:-1] if by_rows else shape, by_rows=by_rows, tensors=[start])
        seen, members = {start}, set[int]()
        for tensor in area.tensors:  # grows while it is walked
            maker = graph.maker(tensor)
            if tensor in graph.inputs | graph.outputs or len(area.tensors) > _MOST_TENSORS or maker is None:
                return None
            if graph.constant(tensor) is not None or not per_tensor(graph, tensor) or not graph.is_static(tensor):
                return None
            if not area.takes(graph, maker):
                area.entries.append((maker, tensor))
            for operator in (maker, *graph.readers(tensor)):
                if not area.takes(graph, operator):
                    if operator is not maker:
                        area.exits.append((operator, tensor))
                elif id(operator) not in members:
                    members.add(id(operator))
                    area.members.append(operator)
                    for index in (*_computed(graph, operator), int(operator.outputs[0])):
                        if index not in seen:
                            seen.add(index)
                            area.tensors.append(index)
        return area

    def holds(self, graph: Graph, tensor: int) -> bool:
        shape = graph.shape(tensor)
        return bool(shape) and (shape[:-1] if self.by_rows else shape) == self.shape

    def takes(self, graph: Graph, operator: Any) -> bool:
        """Whether an operator can lie inside: elementwise, or (by rows) a fully connected layer."""
        name, computed = graph.name(operator), _computed(graph, operator)
        if not computed or len(operator.outputs) != 1 or not static(graph, operator):
            return False
        if name == "FULLY_CONNECTED":
            fits = self.by_rows and computed == [int(operator.inputs[0])]
            rank = len(graph.shape(computed[0]))
            fits = fits and (operator.builtinOptions.keepNumDims or rank == 2)
        else:
            fits = name in UNARY | BINARY and all(
                self.constant_shape(graph, int(index), self.shape) is not None
                for index in operator.inputs
                if int(index) not in computed
            )
        return fits and all(self.holds(graph, index) for index in (*computed, int(operator.outputs[0])))

    def constant_shape(self, graph: Graph, constant: int, shape: Shape) -> Shape | None:
        """The shape in which a constant acts on tensors of `shape` as it did on the area's; None: it cannot."""
        held = graph.shape(constant)
        if graph.constant(constant) is None or not per_tensor(graph, constant):
            return None
        if all(size == 1 for size in held):
            return (1,) * min(len(held), len(shape) + self.by_rows)
        rows = held[:-1] if self.by_rows else held
        last = held[-1:] if self.by_rows else ()
        if all(size == 1 for size in rows) and self.by_rows:
            return last
        return shape + last if rows == self.shape else None


def _computed(graph: Graph, operator: Any) -> list[int]:
    given = [int(index) for index in operator.inputs if index != NOT_GIVEN]
    return [index for index in given if graph.constant(index) is None]


def _best(graph: Graph, area: _Area) -> Shape | None:
    """The shape that saves most operators, if one does."""
    found: dict[Shape, int] = {}
    for operator, tensor in (*area.entries, *area.exits):
        for shape in _wished(graph, area, operator, tensor):
            fits = len(shape) + area.by_rows <= _MOST_RANK and math.prod(shape) == math.prod(area.shape)
            if fits and shape != area.shape and shape not in found:
                found[shape] = _gain(graph, area, shape)
    best = max(found, key=lambda shape: found[shape], default=None)
    return best if best is not None and found[best] > 0 else None


def _wished(graph: Graph, area: _Area, operator: Any, tensor: int) -> list[Shape]:
    """Shapes (without the last axis where by rows) in which the operator would not be needed, or would fit better."""
    last = graph.shape(tensor)[-1:]
    whole: list[Shape] = []
    if graph.name(operator) == "RESHAPE":
        whole = [graph.shape(int(index)) for index in (operator.inputs[0], operator.outputs[0]) if index != tensor]
    elif graph.name(operator) in BINARY and tensor in map(int, operator.inputs):
        whole = [graph.shape(int(operator.outputs[0]))]
    elif graph.name(operator) in REDUCTIONS and int(operator.outputs[0]) == tensor:
        whole = [_with_ones(graph, operator)]
    elif graph.name(operator) == "FULLY_CONNECTED" and int(operator.outputs[0]) == tensor:
        whole = [graph.shape(int(operator.inputs[0]))[:-1] + last]
    if not area.by_rows:
        return [shape for shape in whole if shape]
    return [shape[:-1] for shape in whole if shape[-1:] == last]


def _with_ones(graph: Graph, reduction: Any) -> Shape:
    axes, given = axes_of(graph, reduction) or (), graph.shape(int(reduction.inputs[0]))
    return tuple(1 if axis in axes else size for axis, size in enumerate(given))


def _gain(graph: Graph, area: _Area, shape: Shape) -> int:
    """Operators saved; a broadcast between ranks that becomes one between equal ranks counts as one."""
    gain = 0
    for maker, tensor in area.entries:
        cost = _entry_cost(graph, area, maker, tensor, shape)
        gain -= cost
    for reader, tensor in area.exits:
        gain -= _exit_cost(graph, area, reader, tensor, shape)
    stays = {tensor for reader, tensor in area.exits if _exit_cost(graph, area, reader, tensor, shape) == 1}
    repeated = sum(_exit_cost(graph, area, reader, tensor, shape) == 1 for reader, tensor in area.exits) - len(stays)
    fits = all(
        area.constant_shape(graph, int(index), shape) is not None
        for operator in area.members
        if graph.name(operator) != "FULLY_CONNECTED"
        for index in operator.inputs
        if graph.constant(int(index)) is not None
    )
    return gain + repeated if fits else -1


def _new(area: _Area, graph: Graph, tensor: int, shape: Shape) -> Shape:
    return shape + graph.shape(tensor)[-1:] if area.by_rows else shape


def _entry_cost(graph: Graph, area: _Area, maker: Any, tensor: int, shape: Shape) -> int:
    """-1: the maker goes; 0: it makes the new shape itself; 1: a RESHAPE must follow it."""
    name, wanted = graph.name(maker), _new(area, graph, tensor, shape)
    if name == "RESHAPE" and static(graph, maker):
        return -1 if graph.shape(int(maker.inputs[0])) == wanted else 0
    if name in REDUCTIONS and not maker.builtinOptions.keepDims and axes_of(graph, maker) is not None:
        return 0 if _with_ones(graph, maker) == wanted else 1
    if name == "FULLY_CONNECTED" and len(graph.shape(tensor)) == 2:
        return 0 if graph.shape(int(maker.inputs[0]))[:-1] == wanted[:-1] else 1
    return 1


def _exit_cost(graph: Graph, area: _Area, reader: Any, tensor: int, shape: Shape) -> int:
    """-1: the reader goes, or fits better; 0: it reads the new shape as it is; 1: a RESHAPE must come before it."""
    name, wanted = graph.name(reader), _new(area, graph, tensor, shape)
    if name == "RESHAPE" and int(reader.inputs[0]) == tensor and static(graph, reader):
        made = int(reader.outputs[0])
        return -1 if graph.shape(made) == wanted and made not in graph.outputs else 0
    if name in BINARY and tensor in map(int, reader.inputs):
        result, old = graph.shape(int(reader.outputs[0])), graph.shape(tensor)
        ranks = {len(graph.shape(int(index))) for index in reader.inputs if int(index) != tensor}
        longer = len(wanted) > len(old) and result[len(result) - len(old) :] == old
        if result == wanted and longer and ranks == {len(result)}:
            return -1
    return 1


def _change(graph: Graph, area: _Area, shape: Shape) -> None:
    exits = [(reader, tensor, _exit_cost(graph, area, reader, tensor, shape)) for reader, tensor in area.exits]
    entries = [(maker, tensor, _entry_cost(graph, area, maker, tensor, shape)) for maker, tensor in area.entries]
    old = {tensor: graph.shape(tensor) for tensor in area.tensors}
    for operator in area.members:
        if graph.name(operator) == "FULLY_CONNECTED":
            _keep_rows(graph, operator)
            continue
        for place, index in enumerate(map(int, operator.inputs)):
            values = graph.constant(index)
            if values is not None:
                sizes = area.constant_shape(graph, index, shape)
                assert sizes is not None
                if sizes != values.shape:
                    graph.set_input(operator, place, graph.new_constant(values.reshape(sizes), like=index))
    for tensor in area.tensors:
        graph.set_shape(tensor, _new(area, graph, tensor, shape))
    for maker, tensor, cost in entries:
        if cost == 1:
            made = graph.new_tensor(old[tensor], like=tensor)
            graph.set_output(maker, made)
            reshape(graph, made, graph.shape(tensor), before=graph.operators[graph.place(maker) + 1], made=tensor)
        elif graph.name(maker) == "RESHAPE":
            reshape(graph, int(maker.inputs[0]), graph.shape(tensor), before=maker, made=tensor)
            graph.remove(maker)
        elif graph.name(maker) == "FULLY_CONNECTED":
            _keep_rows(graph, maker)
        else:
            maker.builtinOptions.keepDims = True
    for tensor in dict.fromkeys(tensor for _, tensor, _ in exits):
        others = [reader for reader, read, cost in exits if read == tensor and cost == 1]
        if others:
            back = reshape(graph, tensor, old[tensor], before=min(others, key=graph.place))
            graph.redirect(tensor, back, others)
    for reader, tensor, cost in exits:
        if graph.name(reader) == "RESHAPE" and cost == -1:
            made = int(reader.outputs[0])
            graph.remove(reader)
            graph.redirect(made, tensor)


def _keep_rows(graph: Graph, operator: Any) -> None:
    """A fully connected layer on any rank, the last axis alone multiplied."""
    operator.builtinOptions.keepNumDims = True
    graph.require(operator, _KEEPS_ROWS_SINCE)
