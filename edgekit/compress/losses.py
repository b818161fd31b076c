"""What a recipe's loss may be: a function without arguments that returns (outputs, labels) -> scalar."""

import torch
from torch.nn import functional

from edgekit.compress.context import Loss


def cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """Cross-entropy of output 0's logits (N, classes) with class ids (N,)."""
    return lambda outputs, labels: functional.cross_entropy(outputs[0], labels, label_smoothing=label_smoothing)


def mse() -> Loss:
    """Mean squared error of output 0."""

    def loss(outputs: tuple[torch.Tensor, ...], labels: torch.Tensor) -> torch.Tensor:
        return functional.mse_loss(outputs[0].reshape(len(labels), -1), labels.reshape(len(labels), -1).float())

    return loss
