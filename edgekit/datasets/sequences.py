"""Sequences of different lengths as two arrays of one shape each: frames, and a mask that says which are valid."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgekit.errors import DataError

INPUT_NAMES = ("frames", "mask")


def padded(sequences: Sequence[NDArray[np.float32]], length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Frames (N, length, channels) float32, zeros after each sequence's end, and mask (N, length) float32 of 1 and 0.

    What a sequence has beyond `length` is cut off.
    """
    frames = np.zeros((len(sequences), length, sequences[0].shape[1]), dtype=np.float32)
    mask = np.zeros((len(sequences), length), dtype=np.float32)
    for row, sequence in enumerate(sequences):
        valid = min(len(sequence), length)
        frames[row, :valid] = sequence[:valid]
        mask[row, :valid] = 1.0
    return frames, mask


def parted(labels: NDArray[np.int64], share: float, seed: int, file: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Shuffled row numbers: the rest, and `share` of every class. Raises DataError where a class is too small."""
    order = np.random.default_rng(seed).permutation(len(labels))
    held_back = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = order[labels[order] == label]
        count = round(len(rows) * share)
        if not 0 < count < len(rows):
            raise DataError(
                f"{file}: of the {len(rows)} sequences of class {label} no {share:.0%} can be held back",
                "give more sequences of that class",
            )
        held_back[rows[:count]] = True
    return order[~held_back[order]], order[held_back[order]]
