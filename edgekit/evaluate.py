"""Accuracy of a model and of an artifact on this computer: the only module that opens a test split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.artifact import Artifact
from edgekit.datasets import Source, Split
from edgekit.datasets.layout import to_channels_last
from edgekit.metrics import Metric
from edgekit.model import Model
from edgekit.runner.batch import BatchOutputs, run_batch

BATCH = 256


def test_split(source: Source, *, limit: int | None = None, seed: int = 0) -> Split:
    """The test split in seeded order, its first `limit` samples (all where None or fewer are there)."""
    split = source.test()
    if limit is None or limit >= len(split):
        return split
    order = np.random.default_rng(seed).permutation(len(split))[:limit]
    return split.take(np.sort(order))


test_split.__test__ = False  # type: ignore[attr-defined]  # no test case, whatever pytest thinks of the name


def model_outputs(model: Model, inputs: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], ...]:
    """The network's outputs on samples in torch's own layout, (N, ...) float32 each."""
    import torch

    network = model.network.eval()
    parts: list[tuple[NDArray[Any], ...]] = []
    with torch.inference_mode():
        for start in range(0, len(inputs[0]), BATCH):
            batch = [torch.from_numpy(np.ascontiguousarray(array[start : start + BATCH])) for array in inputs]
            result = network(*batch)
            results = result if isinstance(result, tuple) else (result,)
            parts.append(tuple(tensor.numpy() for tensor in results))
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def artifact_outputs(
    path: Path, artifact: Artifact, inputs: Sequence[NDArray[Any]], channels_last: tuple[int, ...]
) -> BatchOutputs:
    """The artifact's outputs on samples in torch's layout, run in this process."""
    if artifact.format == "pt2":
        return run_batch(path, inputs, runtime="torch")
    if artifact.format == "mlpackage.zip":
        return run_batch(path, inputs, delegate="coreml")
    return run_batch(path, to_channels_last(inputs, channels_last))


def artifact_scores(
    path: Path, artifact: Artifact, split: Split, metric: Metric, channels_last: tuple[int, ...]
) -> NDArray[np.float64]:
    """The metric's score of each sample, by the artifact on this computer."""
    return metric.scores(artifact_outputs(path, artifact, split.inputs, channels_last).floats(), split.labels)
