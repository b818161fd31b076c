"""What every step is given besides the model: data without the test split, loss, metric, seed, progress."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from edgekit.datasets.load import TrainingData
from edgekit.metrics import Metric
from edgekit.progress import Progress

Loss = Callable[[tuple[torch.Tensor, ...], torch.Tensor], torch.Tensor]
"""(outputs, labels) -> a scalar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The same for every step of one run."""

    data: TrainingData
    loss: Loss
    metric: Metric
    seed: int
    progress: Progress
