"""What a recipe's metric may be: a score for every sample, so that two variants are compared on the same samples."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Outputs = tuple[NDArray[Any], ...]

METRICS: dict[str, str] = {"top1": "edgekit.metrics:top1", "mse": "edgekit.metrics:mse"}
"""Name in a recipe -> module:function(**options) -> Metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """`scores(outputs, labels)` -> (N,) float64, one score a sample; the metric's value is their mean."""

    name: str
    unit: str
    higher_is_better: bool
    scores: Callable[[Outputs, NDArray[Any]], NDArray[np.float64]]

    def value(self, outputs: Outputs, labels: NDArray[Any]) -> float:
        """The mean score."""
        return float(self.scores(outputs, labels).mean())

    def better(self, value: float, than: float) -> bool:
        """Whether `value` is strictly better."""
        return value > than if self.higher_is_better else value < than


def top1() -> Metric:
    """1 where the largest of output 0's (N, classes) is the label, or one of several labels (N, K) padded with -1."""

    def scores(outputs: Outputs, labels: NDArray[Any]) -> NDArray[np.float64]:
        predicted = outputs[0].reshape(len(labels), -1).argmax(axis=1)
        accepted = labels.reshape(len(labels), -1)
        right: NDArray[np.float64] = (predicted[:, None] == accepted).any(axis=1).astype(np.float64)
        return right

    return Metric(name="top-1", unit="share", higher_is_better=True, scores=scores)


def mse() -> Metric:
    """Squared error of output 0, the mean over its elements."""

    def scores(outputs: Outputs, labels: NDArray[Any]) -> NDArray[np.float64]:
        error = outputs[0].reshape(len(labels), -1).astype(np.float64) - labels.reshape(len(labels), -1)
        squared: NDArray[np.float64] = (error**2).mean(axis=1)
        return squared

    return Metric(name="mse", unit="squared error", higher_is_better=False, scores=scores)
