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
    product, attention's too, in one forward pass.
    """
    from torch.utils.flop_counter import FlopCounterMode  # a second of imports

    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        network.eval()(*(torch.from_numpy(array) for array in example))
    return int(counter.get_total_flops()) // 2
