"""What every step is given besides the model: data without the test split, loss, metric, seed, progress."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from edgekit.datasets.load import TrainingData
from edgekit.metrics import Metric
from edgekit.progress import Progress

Loss = Callable[[tuple[torch.Tensor, ...], torch.Tensor], torch.Tensor]
"""(outputs, labels) -> a scalar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a distill step is given: `logits` (N, classes) of the teacher on the train samples in their order.

    `student`: a new network to teach (None: the step's model learns on), built with the factory `options` given here.
    """

    teacher: str
    logits: NDArray[Any]
    student: nn.Module | None
    options: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The same for every step of one run."""

    data: TrainingData
    loss: Loss
    metric: Metric
    seed: int
    progress: Progress
    lesson: Lesson | None = None
