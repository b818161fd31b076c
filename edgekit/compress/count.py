"""Parameters and multiply-accumulates of a network, counted the same way everywhere."""

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn


def parameters(network: nn.Module) -> int:
    """Trainable values (batch norm's running statistics are none)."""
    return sum(parameter.numel() for parameter in network.parameters())


def macs(network: nn.Module, example: Sequence[NDArray[Any]]) -> int:
    """Multiply-accumulates of one sample, biases not counted: half of what torch's FlopCounterMode counts.

    Convolutions (output elements x kernel elements x input channels / groups), linear layers and every other matrix
    product, attention's and recurrent layers' too, in one forward pass.
    """
    from torch.utils.flop_counter import FlopCounterMode  # a second of imports

    lstms: list[int] = []
    hooks = [
        module.register_forward_hook(lambda lstm, given, _: lstms.append(_lstm(lstm, given[0])))
        for module in network.modules()
        if isinstance(module, nn.LSTM)
    ]
    counter = FlopCounterMode(display=False)
    try:
        with torch.no_grad(), counter:
            network.eval()(*(torch.from_numpy(array) for array in example))
    finally:
        for hook in hooks:
            hook.remove()
    return int(counter.get_total_flops()) // 2 + sum(lstms)


def _lstm(lstm: nn.LSTM, frames: torch.Tensor) -> int:
    """Four gates a step, layer and direction. One operator of oneDNN runs it, which the counter does not know."""
    directions = 2 if lstm.bidirectional else 1
    out = lstm.proj_size or lstm.hidden_size
    total = 0
    for layer in range(lstm.num_layers):
        taken = lstm.input_size if layer == 0 else out * directions
        total += directions * (4 * lstm.hidden_size * (taken + out) + lstm.proj_size * lstm.hidden_size)
    return total * (frames.numel() // lstm.input_size)
