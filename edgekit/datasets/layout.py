"""Images as torch has them, (N, C, H, W), and as a .tflite file takes them, (N, H, W, C)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_channels_last(inputs: Sequence[NDArray[Any]], channels_last: tuple[int, ...]) -> tuple[NDArray[Any], ...]:
    """The inputs at positions `channels_last` with their channels moved to the end, all contiguous."""
    return tuple(
        np.ascontiguousarray(np.moveaxis(array, 1, -1) if index in channels_last else array)
        for index, array in enumerate(inputs)
    )
