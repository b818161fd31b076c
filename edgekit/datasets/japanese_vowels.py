"""JapaneseVowels: nine men say /ae/, who speaks? Sequences of 12 cepstrum coefficients (UCI; in the package aeon).

Kudo, Toyama, Shimbo 1999, "Multidimensional curve classification using passing-through regions", Pattern Recognition
Letters 20. The published train (270) and test (370) parts are kept apart as published.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgekit.datasets import Source, Split
from edgekit.datasets.fetch import PackageFile, found
from edgekit.datasets.sequences import INPUT_NAMES, padded, parted
from edgekit.errors import DataError, RecipeError

LONGEST = 29
"""Frames of the longest published sequence."""
CHANNELS = 12
SPEAKERS = tuple(str(number) for number in range(1, 10))
VALIDATION_SHARE = 0.2
_INSIDE = "aeon/datasets/data/JapaneseVowels/"
_FILES = ("JapaneseVowels_TRAIN.ts", "JapaneseVowels_TEST.ts")
_WHEEL = PackageFile(
    package="aeon",
    version="1.6.0",
    sha256="d05227086706f80111ac5fee8de4d5d3115bb3bcfd1c786c8629393055816409",
    member=_INSIDE + _FILES[0],
    also=tuple(_INSIDE + name for name in _FILES),
)
Sequences = tuple[list[NDArray[np.float32]], NDArray[np.int64]]


def japanese_vowels(folder: str | None = None, length: int = LONGEST, split_seed: int = 0) -> Source:
    """Frames (N, length, 12) float32, mask (N, length) float32, labels (N,) int64 in 0..8 (speaker 1 to 9).

    `length`: what a sequence has beyond it is cut off (the longest for training has 26). `folder`: holds
    JapaneseVowels_TRAIN.ts and JapaneseVowels_TEST.ts. `split_seed` chooses the 20 % of the published train part that
    are validation; the recipe's seed does not matter.
    """
    if not 1 <= length <= LONGEST:
        raise RecipeError(f"data.options.length: {length} is not between 1 and {LONGEST} frames")

    def train_part(which: int) -> Split:
        sequences, labels = _read(_path(_FILES[0], folder))
        rows = parted(labels, VALIDATION_SHARE, split_seed, _FILES[0])[which]
        return Split(inputs=padded([sequences[row] for row in rows], length), labels=labels[rows])

    def test_part() -> Split:
        sequences, labels = _read(_path(_FILES[1], folder))
        return Split(inputs=padded(sequences, length), labels=labels)

    return Source(
        train=lambda: train_part(0),
        validation=lambda: train_part(1),
        test=test_part,
        input_names=INPUT_NAMES,
        class_names=SPEAKERS,
    )


def _path(name: str, folder: str | None) -> Path:
    return found(replace(_WHEEL, member=_INSIDE + name), folder, " and ".join(_FILES))


def _read(path: Path) -> Sequences:
    """Every sequence (frames, 12) float32 and its label. The .ts text: a line a sequence, `:` between channels."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as text: {error}", "fetch the file anew") from error
    begins = next((number for number, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    if begins is None:
        raise DataError(f"{path} has no line @data", "is it a .ts file of the UEA & UCR archive?")
    sequences, labels = [], []
    for number, line in enumerate(lines[begins + 1 :], start=begins + 2):
        if line.strip():
            *channels, label = line.strip().split(":")
            sequences.append(_sequence(channels, f"{path}, line {number}"))
            if label not in SPEAKERS:
                raise DataError(f"{path}, line {number}: speaker {label[:20]!r} is none of 1 to 9")
            labels.append(SPEAKERS.index(label))
    if not sequences:
        raise DataError(f"{path} holds no sequence after @data")
    return sequences, np.array(labels, dtype=np.int64)


def _sequence(channels: list[str], place: str) -> NDArray[np.float32]:
    """(frames, 12) of one line's channels."""
    lengths = {channel.count(",") + 1 for channel in channels}
    if len(channels) != CHANNELS or len(lengths) != 1 or max(lengths) > LONGEST:
        raise DataError(
            f"{place}: {len(channels)} channels of lengths {sorted(lengths)[:5]}",
            f"a sequence has {CHANNELS} channels of one length, at most {LONGEST}",
        )
    try:
        values = np.array([channel.split(",") for channel in channels], dtype=np.float32)
    except ValueError as error:
        raise DataError(f"{place}: {error}", "every value is a number") from error
    if not np.isfinite(values).all():
        raise DataError(f"{place}: a value is missing, NaN or infinite", "drop or mend that sequence")
    return np.ascontiguousarray(values.T)
