"""Inputs to compare on: a user's own, or seeded random ones."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def count_shape(shape: Sequence[int], count: int) -> tuple[int, ...]:
    """Of `count` samples together: a batch of 1 is the axis they lie along, any other first axis stays whole."""
    return (count, *shape[1:]) if len(shape) and shape[0] == 1 else (count, *shape)


def random_inputs(
    shapes: Sequence[Sequence[int]], dtypes: Sequence[str], count: int, seed: int
) -> "tuple[NDArray[Any], ...]":
    """Floats uniform in -1..1, integers 0 or 1 (ids that every vocabulary has), booleans of both kinds."""
    import numpy as np

    generator = np.random.default_rng(seed)
    made = []
    for shape, dtype in zip(shapes, dtypes, strict=True):
        whole = count_shape(shape, count)
        if np.issubdtype(np.dtype(dtype), np.floating):
            made.append(generator.uniform(-1, 1, whole).astype(dtype))
        else:
            made.append(generator.integers(0, 1, whole, endpoint=True).astype(dtype))
    return tuple(made)


def one(array: "NDArray[Any]", index: int, shape: Sequence[int]) -> "NDArray[Any]":
    """Sample `index` as one invocation takes it."""
    chosen: NDArray[Any] = array[index].reshape(tuple(shape))
    return chosen


def relaid(array: "NDArray[Any]", axes: Sequence[int], shape: Sequence[int]) -> "NDArray[Any]":
    """Samples of an input whose axes go into the file's order, where it has `shape`; no axes: as they are."""
    import numpy as np

    if not axes:
        return array
    source = [0] * len(axes)
    for place, axis in enumerate(axes):
        source[axis] = shape[place]
    turned = [one(array, index, source).transpose(tuple(axes)) for index in range(len(array))]
    return np.concatenate(turned) if shape[0] == 1 else np.stack(turned)


def together(outputs: "Sequence[Sequence[NDArray[Any]]]") -> "tuple[NDArray[Any], ...]":
    """One list of outputs a sample -> one array an output, along the first axis, as edgekit.runner.batch does it."""
    import numpy as np

    return tuple(np.concatenate([np.atleast_1d(array) for array in arrays]) for arrays in zip(*outputs, strict=True))


def is_image(shape: Sequence[int]) -> bool:
    """(N, C, H, W) with at most 4 channels and more rows and columns than channels."""
    return len(shape) == 4 and shape[1] <= 4 < min(shape[2], shape[3])
