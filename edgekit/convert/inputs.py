"""What a person gives with a model file: shapes of its inputs, and samples of them."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.errors import DataError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DTYPES = ("float32", "float16", "float64", "int8", "uint8", "int16", "int32", "int64", "bool")
SCALAR = "scalar"
MAX_RANK = 8
MAX_ELEMENTS = 1 << 28
"""Of one input: a gigabyte of float32."""


def parse_shape(text: str) -> tuple[tuple[int, ...], str]:
    """`1x3x224x224`, `1x128:int64` or `scalar:int64` -> (sizes, dtype); UsageError for anything else."""
    sizes, _, dtype = text.partition(":")
    if sizes == SCALAR and dtype in DTYPES:
        return (), dtype
    if not re.fullmatch(r"[1-9]\d{0,8}(x[1-9]\d{0,8})*", sizes) or sizes.count("x") >= MAX_RANK:
        raise UsageError(f"--shape {text!r} is no shape", "sizes joined by x, batch first: 1x3x224x224, or 1x128:int64")
    if (dtype or "float32") not in DTYPES:
        raise UsageError(f"--shape {text!r}: {dtype!r} is no type of inputs", f"one of: {', '.join(DTYPES)}")
    shape = tuple(int(size) for size in sizes.split("x"))
    elements = 1
    for size in shape:
        elements *= size
    if elements > MAX_ELEMENTS:
        raise UsageError(f"--shape {text!r} has {elements:.3g} elements", f"at most {MAX_ELEMENTS:.3g} are taken")
    return shape, dtype or "float32"


def load_samples(path: Path) -> "tuple[NDArray[Any], ...]":
    """One array (N, ...) an input, in the order of their names.

    A .npy: the only input. A .npz: one array an input. A folder: .npy or .npz files of the same inputs, joined in the
    order of their names. Raises DataError.
    """
    import numpy as np

    if not path.is_dir():
        return _arrays(path)
    files = sorted(item for item in path.iterdir() if item.suffix in (".npy", ".npz"))
    if not files:
        raise DataError(
            f"{path} holds no .npy or .npz file", "one file a sample or a batch, inputs along the first axis"
        )
    parts = [_arrays(item) for item in files]
    if len({tuple((a.shape[1:], a.dtype.str) for a in part) for part in parts}) > 1:
        raise DataError(
            f"the files of {path} hold arrays of different shapes or types", "give every file the same inputs"
        )
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def _arrays(path: Path) -> "tuple[NDArray[Any], ...]":
    import numpy as np

    if path.suffix not in (".npy", ".npz"):
        raise UsageError(f"{path} is no .npy, .npz or folder of them", "numpy.savez('samples.npz', image=images)")
    try:
        held = np.load(path, allow_pickle=False)
        arrays = (held,) if isinstance(held, np.ndarray) else tuple(held[name] for name in sorted(held.files))
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        said = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise DataError(f"{path} cannot be read: {said}", "write it with numpy.savez") from error
    if not arrays or any(array.ndim == 0 or len(array) == 0 for array in arrays):
        raise DataError(f"{path} holds no samples", "one array (N, ...) an input")
    if len({len(array) for array in arrays}) > 1:
        lengths = ", ".join(str(len(array)) for array in arrays)
        raise DataError(f"{path}: its arrays hold {lengths} samples", "the same number for every input")
    return arrays


def fitted(
    arrays: "Sequence[NDArray[Any]]", shapes: Sequence[Sequence[int]], dtypes: Sequence[str], names: Sequence[str]
) -> "tuple[NDArray[Any], ...]":
    """`arrays` where they are samples of these inputs; DataError says which is not."""
    if len(arrays) != len(shapes):
        raise DataError(f"the model takes {len(shapes)} inputs, the samples hold {len(arrays)} arrays")
    ready = []
    for array, shape, dtype, name in zip(arrays, shapes, dtypes, names, strict=True):
        wanted = tuple(shape[1:]) if len(shape) and shape[0] == 1 else tuple(shape)
        if array.shape[1:] != wanted:
            raise DataError(
                f"input {name} takes {list(shape)}, the samples have shape {list(array.shape)}",
                "give samples in the model's own layout, along the first axis",
            )
        ready.append(array.astype(dtype, copy=False))
    return tuple(ready)
