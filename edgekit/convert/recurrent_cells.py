"""One step of a GRU and an LSTM, written once: as operators of a file, and as numbers that tell int8 its ranges.

GRU: Cho et al. 2014 (arXiv 1406.1078) as torch.nn.GRU computes it. LSTM: Hochreiter & Schmidhuber 1997 with the forget
gate of Gers et al. 2000.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgekit.recurrence import GATES, Cell, Recurrence

STATE = "h"
"""The name under which every cell's state has its range: outputs of several cells come to lie in one tensor."""
Ranges = dict[str, tuple[float, float]]


class Arithmetic(Protocol):
    """What a step needs. Values are what the implementation makes of them; a name says whose range a result has."""

    def dense(self, value: Any, weights: "NDArray[Any]", bias: "NDArray[Any] | None", name: str) -> Any:
        """value x weights transposed + bias."""

    def split(self, value: Any, count: int) -> list[Any]:
        """Equal parts of the last axis."""

    def add(self, a: Any, b: Any, name: str) -> Any: ...
    def sub(self, a: Any, b: Any, name: str) -> Any: ...
    def mul(self, a: Any, b: Any, name: str) -> Any: ...
    def logistic(self, value: Any) -> Any: ...
    def tanh(self, value: Any) -> Any: ...


def step(ops: Arithmetic, cell: Cell, name: str, x_gates: Any, state: tuple[Any, ...], mask: Any) -> tuple[Any, ...]:
    """The next state, (h,) or (h, c): (N, width) each. `x_gates`: the input's part of every gate, (N, gates x width).

    `mask`: (N, 1), or None for no mask.
    """
    from_state = ops.dense(state[0], cell.h_weights, cell.h_bias, f"{name}/h_gates")
    if cell.kind == "gru":
        return (_gru(ops, name, x_gates, from_state, state[0], mask),)
    return _lstm(ops, name, x_gates, from_state, state, mask)


def _gru(ops: Arithmetic, name: str, x_gates: Any, from_state: Any, h: Any, mask: Any) -> Any:
    reset_x, update_x, new_x = ops.split(x_gates, GATES["gru"])
    reset_h, update_h, new_h = ops.split(from_state, GATES["gru"])
    reset = ops.logistic(ops.add(reset_x, reset_h, f"{name}/reset"))
    update = ops.logistic(ops.add(update_x, update_h, f"{name}/update"))
    if mask is not None:
        update = ops.mul(update, mask, f"{name}/masked")
    new = ops.tanh(ops.add(new_x, ops.mul(reset, new_h, f"{name}/kept"), f"{name}/new"))
    change = ops.mul(update, ops.sub(new, h, f"{name}/difference"), f"{name}/change")
    return ops.add(h, change, STATE)


def _lstm(
    ops: Arithmetic, name: str, x_gates: Any, from_state: Any, state: tuple[Any, ...], mask: Any
) -> tuple[Any, ...]:
    h, c = state
    gates = ops.split(ops.add(x_gates, from_state, f"{name}/gates"), GATES["lstm"])
    let_in, keep, new, let_out = ops.logistic(gates[0]), ops.logistic(gates[1]), ops.tanh(gates[2]), None
    let_out = ops.logistic(gates[3])
    kept, added = ops.mul(keep, c, f"{name}/kept"), ops.mul(let_in, new, f"{name}/added")
    next_c = ops.add(kept, added, f"{name}/c")
    if mask is not None:
        change = ops.mul(mask, ops.sub(next_c, c, f"{name}/c_difference"), f"{name}/c_change")
        next_c = ops.add(c, change, f"{name}/c")
    next_h = ops.mul(let_out, ops.tanh(next_c), STATE)
    if mask is not None:
        change = ops.mul(mask, ops.sub(next_h, h, "h_difference"), "h_change")
        next_h = ops.add(h, change, STATE)
    return next_h, next_c


class Numbers:
    """Arithmetic on arrays that keeps the smallest and largest value under each name."""

    def __init__(self) -> None:
        self.ranges: Ranges = {}

    def _kept(self, value: "NDArray[Any]", name: str) -> "NDArray[Any]":
        low, high = self.ranges.get(name, (0.0, 0.0))
        self.ranges[name] = (min(low, float(value.min())), max(high, float(value.max())))
        return value

    def dense(self, value: Any, weights: "NDArray[Any]", bias: "NDArray[Any] | None", name: str) -> Any:
        return self._kept(value @ weights.T + (0 if bias is None else bias), name)

    def split(self, value: Any, count: int) -> list[Any]:
        return np.split(value, count, axis=-1)

    def add(self, a: Any, b: Any, name: str) -> Any:
        return self._kept(a + b, name)

    def sub(self, a: Any, b: Any, name: str) -> Any:
        return self._kept(a - b, name)

    def mul(self, a: Any, b: Any, name: str) -> Any:
        return self._kept(a * b, name)

    def logistic(self, value: Any) -> Any:
        return 1 / (1 + np.exp(-value))

    def tanh(self, value: Any) -> Any:
        return np.tanh(value)


def compute(
    recurrence: Recurrence, frames: "NDArray[Any]", mask: "NDArray[Any] | None" = None, numbers: Numbers | None = None
) -> tuple["NDArray[Any]", list[tuple["NDArray[Any]", ...]]]:
    """(outputs (N, T, width x directions), each cell's last state), as the looped form computes them.

    frames (N, T, inputs), mask (N, T). The ranges of everything inside go to `numbers`.
    """
    numbers = Numbers() if numbers is None else numbers
    value, states = frames, []
    for layer, cells in enumerate(recurrence.layers):
        outputs = []
        for direction, cell in enumerate(cells):
            name = f"{layer}.{direction}"
            x_gates = numbers.dense(value, cell.x_weights, cell.x_bias, f"{name}/x_gates")
            zeros = np.zeros((len(frames), cell.width), frames.dtype)
            state: tuple[NDArray[Any], ...] = (zeros, zeros) if cell.kind == "lstm" else (zeros,)
            hidden = np.zeros((*frames.shape[:2], cell.width), frames.dtype)
            for t in reversed(range(frames.shape[1])) if cell.backward else range(frames.shape[1]):
                masked = None if mask is None else mask[:, t, None]
                state = step(numbers, cell, name, x_gates[:, t], state, masked)
                hidden[:, t] = state[0]
            outputs.append(hidden)
            states.append(state)
        value = np.concatenate(outputs, axis=-1)
    return value, states
