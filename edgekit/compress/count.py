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
    """Multiply-accumulates of one sample: convolutions and linear layers, bias not counted.

    A convolution: output elements x kernel elements x input channels / groups. Counted by hooks in one forward pass.
    """
    total = 0

    def count(module: nn.Module, _: Any, output: torch.Tensor) -> None:
        nonlocal total
        weight = module.weight
        if not isinstance(weight, torch.Tensor):
            return
        if isinstance(module, nn.Linear):
            total += output.numel() * weight.shape[1]
        else:
            total += output.numel() * weight[0].numel()

    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    hooks = [module.register_forward_hook(count) for module in network.modules() if isinstance(module, kinds)]
    try:
        with torch.inference_mode():
            network.eval()(*(torch.from_numpy(array[:1]) for array in example))
    finally:
        for hook in hooks:
            hook.remove()
    return total
