"""Train and validation for everybody; the test split for `edgekit.evaluate` alone."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgekit.datasets import Source, Split
from edgekit.errors import DataError, EdgekitError

EVALUATE = "edgekit.evaluate"


class TestSplitOpened(RuntimeError):
    """Somebody else than edgekit.evaluate opened a test split: a bug that would spoil every figure."""

    __test__ = False  # not a test case, whatever pytest thinks of the name


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """What training, early stop, best checkpoint, calibration and search may see."""

    train: Split
    validation: Split

    def joined(self, limit: int) -> Split:
        """Validation, then train samples, at most `limit`: real data for parity."""
        both = zip(self.validation.inputs, self.train.inputs, strict=True)
        inputs = tuple(np.concatenate(pair)[:limit] for pair in both)
        labels = np.concatenate([self.validation.labels, self.train.labels])[:limit]
        return Split(inputs=inputs, labels=labels)


def guard(source: Source) -> Source:
    """The same source, whose test split raises TestSplitOpened for every caller but edgekit.evaluate."""
    if not isinstance(source, Source):
        raise DataError(f"the data source returned a {type(source).__name__}", "return an edgekit.datasets.Source")
    opened = source.test

    def test() -> Split:
        caller = sys._getframe(1).f_globals.get("__name__")
        if caller != EVALUATE:
            raise TestSplitOpened(f"{caller} opened the test split; only {EVALUATE} may")
        return _open(opened, "test")

    return replace(source, test=test)


def open_for_training(source: Source) -> TrainingData:
    """Open train and validation; where the source has no validation, the last part of train is it."""
    train = _open(source.train, "train")
    if source.validation is not None:
        return TrainingData(train=train, validation=_open(source.validation, "validation"))
    count = max(1, round(len(train) * source.validation_share))
    if count >= len(train):
        raise DataError(
            f"{len(train)} train samples are too few to keep {source.validation_share:.0%} for validation",
            "give the source more samples, or a validation split of its own",
        )
    return TrainingData(train=train.take(slice(0, -count)), validation=train.take(slice(-count, None)))


def open_metadata(source: Source) -> dict[str, bytes]:
    """What the artifacts made with this data carry; DataError where it is no mapping of names to bytes."""
    if source.metadata is None:
        return {}
    found = _called(source.metadata, "metadata")
    if not isinstance(found, Mapping) or not all(isinstance(k, str) and isinstance(v, bytes) for k, v in found.items()):
        raise DataError(f"the source's metadata is a {type(found).__name__}", "return a mapping of names to bytes")
    return dict(found)


LABELS, NORMALIZATION = "edgekit.labels", "edgekit.normalization"
"""Metadata of an artifact, JSON: a list of class names; a list of one entry an input, null where it is raw."""


def open_description(source: Source) -> dict[str, bytes]:
    """What the artifacts made with this data say of their inputs and outputs: labels and normalization, where known."""
    found: dict[str, object] = {}
    if source.class_names:
        found[LABELS] = list(source.class_names)
    if any(source.normalization):
        found[NORMALIZATION] = [
            item and {"mean": list(item.mean), "std": list(item.std), "raw": item.raw} for item in source.normalization
        ]
    return {
        name: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() for name, value in found.items()
    }


def _open(load: Callable[[], Split], name: str) -> Split:
    return _checked(_called(load, f"{name} split"), name)


def _called(load: Callable[[], Any], what: str) -> Any:
    """What the user's code returns; what it raises becomes a sentence."""
    try:
        return load()
    except (EdgekitError, OSError, ModuleNotFoundError, TestSplitOpened):
        raise  # a sentence already
    except Exception as error:  # the user's code raises whatever it does
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        raise DataError(f"the {what} cannot be opened: {said}", "run with --debug to see where") from error


def _checked(split: Any, name: str) -> Split:
    if not isinstance(split, Split):
        raise DataError(f"the {name} split is a {type(split).__name__}", "return an edgekit.datasets.Split")
    arrays = (*split.inputs, split.labels) if isinstance(split.inputs, tuple) else (split.inputs,)
    if not isinstance(split.inputs, tuple) or not all(isinstance(array, np.ndarray) for array in arrays):
        kinds = ", ".join(type(array).__name__ for array in arrays)
        raise DataError(
            f"the {name} split holds {kinds}", "inputs is a tuple of numpy arrays, one an input; labels a numpy array"
        )
    sizes = {len(array) for array in (*split.inputs, split.labels)}
    if len(sizes) != 1 or sizes == {0}:
        raise DataError(
            f"the {name} split has inputs and labels of lengths {sorted(sizes)}: one length is needed",
            "give every input and the labels one row a sample, and at least one sample",
        )
    for index, array in enumerate(split.inputs):
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise DataError(f"input {index} of the {name} split holds NaN or infinity", "drop or mend those samples")
    return split
