"""An LSTM as TFLite's UNIDIRECTIONAL_SEQUENCE_LSTM, one a cell, in float and with int8 weights.

The operator keeps its state in variable tensors from one invocation to the next. A FILL in front of it writes zeros
into them: outputs do not depend on how often the model ran, in any program, without a reset.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.convert.recurrent_looped import Written
from edgekit.convert.recurrent_operators import LIMIT, Operators
from edgekit.recurrence import GATES, Cell, Recurrence

TANH = 4
"""ActivationFunctionType of the schema."""


def write_fused(ops: Operators, recurrence: Recurrence, frames: int, mask: int | None, *, sequence: bool) -> Written:
    """As `write_looped`; the mask's ones come first. The last state is the output at the last step of mask 1."""
    graph = ops.graph
    batch, steps = graph.shape(frames)[:2]
    last = None if mask is None else _last_step(ops, mask)
    lengths = None
    if mask is not None and any(cell.backward for cell in recurrence.cells):
        lengths = graph.add("SUM", [mask, graph.numbers(1)], [graph.tensor((batch,))])
        lengths = graph.add("CAST", [lengths], [graph.tensor((batch,), "int32")], inDataType=0, outDataType=2)
    value, states = frames, []
    for cells in recurrence.layers:
        outputs = []
        for cell in cells:
            turned = _reversed(ops, value, lengths) if cell.backward else value
            output = _lstm(ops, cell, turned)
            states.append((_at_last_step(ops, output, last, steps),))
            outputs.append(_reversed(ops, output, lengths) if cell.backward else output)
        value = ops.concatenate(outputs, 2)
    return Written(sequence=value if sequence else None, states=tuple(states))


def _lstm(ops: Operators, cell: Cell, frames: int) -> int:
    graph = ops.graph
    batch, steps = graph.shape(frames)[:2]
    shape = graph.numbers(batch, cell.width)
    zero = graph.constant(np.zeros((), np.float32))
    variables = [graph.tensor((batch, cell.width), variable=True) for _ in range(2)]
    for variable in variables:
        graph.add("FILL", [shape, zero], [variable])
    count = GATES["lstm"]
    weights = [_weights(ops, part) for matrix in (cell.x_weights, cell.h_weights) for part in np.split(matrix, count)]
    bias = cell.x_bias if cell.h_bias is None else cell.x_bias + cell.h_bias
    biases = [graph.constant(part.astype(np.float32)) for part in np.split(bias, count)]
    made = graph.tensor((batch, steps, cell.width))
    inputs = [frames, *weights, -1, -1, -1, *biases, -1, -1, *variables, -1, -1, -1, -1]
    version = 2 if ops.precision == "int8-dynamic" else 1
    return graph.add(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [made], version, fusedActivationFunction=TANH, timeMajor=False
    )


def _weights(ops: Operators, values: "NDArray[Any]") -> int:
    """As other weights; int8 with one scale, which is what the operator takes."""
    if ops.precision != "int8-dynamic":
        return ops.weights(values)
    scale = np.float32(np.abs(values).max() / LIMIT) or np.float32(1)
    return ops.graph.constant(np.clip(np.rint(values / scale), -LIMIT, LIMIT).astype(np.int8), scales=scale)


def _reversed(ops: Operators, value: int, lengths: int | None) -> int:
    """The steps in the other order; each sequence's own, where there are lengths."""
    graph = ops.graph
    made = ops.like(value, graph.shape(value))
    if lengths is None:
        return graph.add("REVERSE_V2", [value, graph.numbers(1)], [made])
    return graph.add("REVERSE_SEQUENCE", [value, lengths], [made], seqDim=1, batchDim=0)


def _last_step(ops: Operators, mask: int) -> int:
    """(N, 1, T): 1 at the last step of mask 1; all 0 where there is none, and the state is what it began as."""
    graph = ops.graph
    batch, steps = graph.shape(mask)
    if steps == 1:
        return ops.reshape(mask, (batch, 1, 1))
    following = graph.tensor((batch, steps - 1))
    graph.add("SLICE", [mask, graph.numbers(0, 1), graph.numbers(batch, steps - 1)], [following])
    paddings = graph.constant(np.array([[0, 0], [0, 1]], np.int32))
    padded = graph.add("PAD", [following, paddings], [graph.tensor((batch, steps))])
    return ops.reshape(ops.sub(mask, padded, ""), (batch, 1, steps))


def _at_last_step(ops: Operators, output: int, last: int | None, steps: int) -> int:
    """(N, width)."""
    graph = ops.graph
    if last is None:
        return ops.gather(output, graph.number_of(steps - 1), 1)
    batch, _, width = graph.shape(output)
    product = graph.add("BATCH_MATMUL", [last, output], [graph.tensor((batch, 1, width))])
    return ops.reshape(product, (batch, width))
