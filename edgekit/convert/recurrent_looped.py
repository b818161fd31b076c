"""A recurrence as WHILE loops, one a cell: operators and bytes do not depend on the number of steps.

The input's part of all gates is one matrix product before the loop. State, cell and outputs are loop variables that
begin at zero: nothing stays between invocations.
"""

from dataclasses import dataclass

from edgekit.convert.recurrent_cells import STATE, step
from edgekit.convert.recurrent_graph import Graph
from edgekit.convert.recurrent_operators import Operators
from edgekit.recurrence import Cell, Recurrence


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Tensors of the graph: outputs (N, T, width x directions) or None where not asked, each cell's last state."""

    sequence: int | None
    states: tuple[tuple[int, ...], ...]


def write_looped(ops: Operators, recurrence: Recurrence, frames: int, mask: int | None, *, sequence: bool) -> Written:
    """`frames` (N, T, inputs), `mask` (N, T) or None; `sequence`: whether the outputs of all steps are needed."""
    batch, steps = ops.graph.shape(frames)[:2]
    column = None if mask is None else ops.reshape(mask, (batch, steps, 1))
    value, states = frames, []
    for layer, cells in enumerate(recurrence.layers):
        wanted = sequence or layer + 1 < len(recurrence.layers)
        outputs = []
        for direction, cell in enumerate(cells):
            output, state = _loop(ops, cell, f"{layer}.{direction}", value, column, sequence=wanted)
            states.append(state)
            outputs += [] if output is None else [output]
        value = ops.concatenate(outputs, 2) if wanted else -1
    return Written(sequence=value if sequence else None, states=tuple(states))


def _loop(
    ops: Operators, cell: Cell, name: str, frames: int, mask: int | None, *, sequence: bool
) -> tuple[int | None, tuple[int, ...]]:
    graph = ops.graph
    batch, steps = graph.shape(frames)[:2]
    x_gates = ops.dense(frames, cell.x_weights, cell.x_bias, f"{name}/x_gates")
    held = [STATE, f"{name}/c"][: 2 if cell.kind == "lstm" else 1]
    state = [ops.zeros((batch, cell.width), variable) for variable in held]
    variables = [graph.number_of(0), x_gates, *state]
    variables += [] if mask is None else [mask]
    variables += [ops.zeros((batch, steps, cell.width), STATE)] if sequence else []
    condition, body = Graph.new(graph.model, f"{graph.prefix}/{name}/while"), _body(ops, cell, name)
    inside = _inputs(ops, condition, variables)
    condition.borders(inside, [_less(condition, inside[0], steps)])
    inside = _inputs(ops, body.graph, variables)
    body.graph.borders(inside, _step(body, cell, name, inside, steps, masked=mask is not None, sequence=sequence))
    results = _inputs(ops, graph, variables)
    graph.add("WHILE", variables, results, condSubgraphIndex=condition.number, bodySubgraphIndex=body.graph.number)
    return results[-1] if sequence else None, tuple(results[2 : 2 + len(held)])


def _body(ops: Operators, cell: Cell, name: str) -> Operators:
    return ops.inside(Graph.new(ops.graph.model, f"{ops.graph.prefix}/{name}/step"))


def _inputs(ops: Operators, graph: Graph, variables: list[int]) -> list[int]:
    """Tensors in `graph` like the loop's variables."""
    inner = ops.inside(graph)
    return [inner.like(variable, ops.graph.shape(variable), ops.graph) for variable in variables]


def _less(graph: Graph, counter: int, steps: int) -> int:
    return graph.add("LESS", [counter, graph.number_of(steps)], [graph.tensor((), "bool")])


def _step(
    ops: Operators, cell: Cell, name: str, inputs: list[int], steps: int, *, masked: bool, sequence: bool
) -> list[int]:
    """The body's outputs, in the order of its inputs: counter, gates, state, mask, outputs."""
    graph = ops.graph
    counter, x_gates = inputs[:2]
    after = graph.add("ADD", [counter, graph.number_of(1)], [graph.tensor((), "int32")])
    place = counter
    if cell.backward:
        place = graph.add("SUB", [graph.number_of(steps - 1), counter], [graph.tensor((), "int32")])
    count = 2 if cell.kind == "lstm" else 1
    state = tuple(inputs[2 : 2 + count])
    mask = inputs[2 + count] if masked else None
    now = None if mask is None else ops.gather(mask, place, 1)
    following = step(ops, cell, name, ops.gather(x_gates, place, 1), state, now)
    outputs = [after, x_gates, *following]
    outputs += [] if mask is None else [mask]
    if sequence:
        row = ops.reshape(following[0], (graph.shape(state[0])[0], 1, cell.width))
        zero = graph.number_of(0)
        start = graph.add("PACK", [zero, place, zero], [graph.tensor((3,), "int32")], valuesCount=3, axis=0)
        kept = ops.like(inputs[-1], graph.shape(inputs[-1]))
        outputs.append(graph.add("DYNAMIC_UPDATE_SLICE", [inputs[-1], row, start], [kept]))
    return outputs
