"""What a recurrent layer computes, as numbers: what networks hand over and files are written from."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

Kind = Literal["lstm", "gru"]
FORMS = {
    "looped": ("float32", "fp16", "int8", "int8-dynamic"),
    "fused": ("float32", "fp16", "int8-dynamic"),
}
"""How a recurrence lies in a file that does not unroll it, and in which precisions: a WHILE loop; TFLite's
UNIDIRECTIONAL_SEQUENCE_LSTM, whose integer form is not written."""
GATES = {"lstm": 4, "gru": 3}
"""Rows of a cell's weights, in units of its width: input, forget, new, output; reset, update, new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One layer in one direction. Arrays are float32 numpy; gates lie one under the other in the order of GATES.

    A GRU's update gate is one minus torch's (the share of the new state), so that a gate of 0 keeps the state; its
    reset gate multiplies what comes from the state after the bias, as torch.nn.GRU computes it.
    """

    kind: Kind
    x_weights: Any
    """(gates x width, inputs)."""
    x_bias: Any
    """(gates x width)."""
    h_weights: Any
    """(gates x width, width)."""
    h_bias: Any = None
    """(gates x width) or None: zeros."""
    backward: bool = False
    """From the last step to the first."""

    @property
    def width(self) -> int:
        """Units of the state."""
        return int(self.h_weights.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Layers of cells: each layer holds one, or a forward and a backward one whose outputs lie side by side.

    Inputs: (N, T, inputs) float32 and, where `masked`, a mask (N, T) of ones and, after them, zeros: a step of mask 0
    leaves the state as it is. State and, in an LSTM, cell begin at 0.
    """

    layers: tuple[tuple[Cell, ...], ...]
    masked: bool = False

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All of them, as torch orders their last states."""
        return tuple(cell for layer in self.layers for cell in layer)

    @property
    def kind(self) -> Kind:
        """All cells are of one kind."""
        return self.cells[0].kind


class HasRecurrence(Protocol):
    """A module that hands its computation over: called with (frames, mask), it returns the last state (N, width)."""

    def recurrence(self) -> Recurrence:
        """Its cells with the weights that it has now; one layer, one direction, masked."""
        ...
