"""The convolutions and fully connected operators of a file, and their weights with one row an output channel."""

from typing import TYPE_CHECKING, Any

from edgekit.tflite import ModelFile, Operator
from edgekit.tflite.patch import Patch

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTED = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
"""Operator -> the axis of its weights that is the output channel."""


def weighted(file: ModelFile) -> list[Operator]:
    """These operators of the main graph, in order of execution."""
    return [operator for operator in file.main.operators if operator.name in WEIGHTED]


def to_rows(weights: "NDArray[Any]", name: str) -> "NDArray[Any]":
    """(out, elements): OHWI as (O, HWI), a depthwise operator's 1HWO as (O, HW), OI as it is."""
    import numpy as np

    return np.moveaxis(weights, WEIGHTED[name], 0).reshape(weights.shape[WEIGHTED[name]], -1)


def from_rows(rows: "NDArray[Any]", shape: tuple[int, ...], name: str) -> "NDArray[Any]":
    """The weights in the file's own layout and `shape`."""
    import numpy as np

    axis = WEIGHTED[name]
    moved = (shape[axis], *shape[:axis], *shape[axis + 1 :])
    return np.ascontiguousarray(np.moveaxis(rows.reshape(moved), 0, axis))


def floats(patch: Patch, file: ModelFile, index: int) -> "NDArray[Any]":
    """A float32 constant's values."""
    import numpy as np

    tensor = file.main.tensors[index]
    return np.frombuffer(patch.values(tensor), dtype="<f4").reshape(tensor.shape)
