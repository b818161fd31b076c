"""Recurrent modules of a network and their weights: torch.nn.LSTM, torch.nn.GRU, and the zoo's own."""

from typing import Any

import numpy as np
import torch
from torch import nn

from edgekit.errors import ConvertError
from edgekit.recurrence import Cell, Recurrence

HINT = 'leave it unrolled: recurrent = "unrolled"'


def recurrent_modules(network: nn.Module) -> dict[str, nn.Module]:
    """Name -> module, in the network's order; modules inside one are its own matter."""
    found: dict[str, nn.Module] = {}
    for name, module in network.named_modules():
        inside = any(name.startswith(f"{outer}.") or outer == "" for outer in found)
        if not inside and (isinstance(module, (nn.LSTM, nn.GRU)) or hasattr(module, "recurrence")):
            found[name] = module
    return found


def recurrence_of(module: nn.Module, name: str) -> Recurrence:
    """Raises ConvertError for what no form but the unrolled one computes."""
    if not isinstance(module, (nn.LSTM, nn.GRU)):
        made = module.recurrence()  # type: ignore[operator]
        if not isinstance(made, Recurrence):
            raise ConvertError(f"{name}.recurrence() returns {type(made).__name__}, not a Recurrence")
        return made
    if module.proj_size:
        raise ConvertError(f"{name} projects its state to {module.proj_size} values (proj_size)", HINT)
    kind = "lstm" if isinstance(module, nn.LSTM) else "gru"
    directions = ("", "_reverse") if module.bidirectional else ("",)
    return Recurrence(
        layers=tuple(
            tuple(_cell(module, kind, f"_l{layer}{end}") for end in directions) for layer in range(module.num_layers)
        )
    )


def _cell(module: Any, kind: Any, end: str) -> Cell:
    x_weights, h_weights = _values(getattr(module, f"weight_ih{end}")), _values(getattr(module, f"weight_hh{end}"))
    zeros = np.zeros(len(x_weights), np.float32)
    x_bias = _values(getattr(module, f"bias_ih{end}")) if module.bias else zeros
    h_bias = _values(getattr(module, f"bias_hh{end}")) if module.bias else zeros
    width = h_weights.shape[1]
    if kind == "gru":  # one minus torch's update gate; only the new gate's second bias stands inside the reset
        update = slice(width, 2 * width)
        for array in (x_weights, h_weights, x_bias, h_bias):
            array[update] *= -1
        x_bias[: 2 * width] += h_bias[: 2 * width]
        h_bias[: 2 * width] = 0
    else:
        x_bias, h_bias = x_bias + h_bias, zeros
    return Cell(
        kind=kind,
        x_weights=x_weights,
        x_bias=x_bias,
        h_weights=h_weights,
        h_bias=h_bias if h_bias.any() else None,
        backward=end.endswith("_reverse"),
    )


def _values(parameter: torch.Tensor) -> Any:
    return parameter.detach().to(torch.float32).numpy().copy()
