"""Fashion-MNIST: 60,000 + 10,000 grey images of clothes, 28x28, 10 balanced classes (Xiao et al. 2017, MIT).

Out of Debian's package of the original files, or from a folder that holds those files.
"""

import functools
import gzip
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.datasets import Normalization, Source, Split
from edgekit.datasets.fetch import PackageFile, found
from edgekit.errors import DataError, RecipeError

CLASSES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
VALIDATION = 5000
"""The last images of the published training part."""
_FILES = {
    part: (f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz")
    for part in ("train", "t10k")  # as published
}
_INSIDE = "usr/share/datasets/fashion-mnist"
_DEBIAN = functools.partial(
    PackageFile,
    package="dataset-fashion-mnist",
    version="0.0~git20200523.55506a9-1",
    sha256="39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
    archive="deb",
    also=tuple(f"{_INSIDE}/{name}" for names in _FILES.values() for name in names),
)


def fashion_mnist(folder: str | None = None, train_samples: int = 0) -> Source:
    """Images (N, 1, 28, 28) float32 in 0..1, labels (N,) int64. Published split; its last 5,000 train images validate.

    `folder`: your own copies of the four published files. `train_samples`: only the first so many train images (their
    order is random as published); 0 takes all 55,000.
    """
    if not 0 <= train_samples <= 60_000 - VALIDATION:
        raise RecipeError(f"data.options.train_samples: {train_samples} is not in 0..{60_000 - VALIDATION}")
    labelled = train_samples or 60_000 - VALIDATION
    return Source(
        train=lambda: _part("train", folder, slice(0, labelled)),
        validation=lambda: _part("train", folder, slice(60_000 - VALIDATION, 60_000)),
        test=lambda: _part("t10k", folder, slice(None)),
        input_names=("image",),
        class_names=CLASSES,
        normalization=(Normalization(mean=(0.0,), std=(255.0,), raw="grey value 0..255"),),
    )


def _part(part: str, folder: str | None, rows: slice) -> Split:
    images, labels = (read_idx(_file(name, folder)) for name in _FILES[part])
    if images.ndim != 3 or images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise DataError(
            f"{part}: images of shape {list(images.shape)} and labels of {list(labels.shape)}",
            "the folder must hold Fashion-MNIST's four files as published",
        )
    pixels = images[rows].astype(np.float32)[:, None] / np.float32(255.0)
    return Split(inputs=(pixels,), labels=labels[rows].astype(np.int64))


def _file(name: str, folder: str | None) -> Path:
    every = ", ".join(name for names in _FILES.values() for name in names)
    return found(_DEBIAN(member=f"{_INSIDE}/{name}"), folder, every)


def read_idx(path: Path) -> NDArray[Any]:
    """An idx-ubyte file (gzip), as LeCun's MNIST page defines it: zero, zero, type 8, rank, sizes, bytes."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise DataError(f"{path} is no whole gzip file: {error}", "copy the published file again") from error
    rank = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    sizes = tuple(int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(rank))
    values = np.frombuffer(content, np.uint8, offset=min(4 + 4 * rank, len(content)))
    if rank == 0 or values.size != int(np.prod(sizes, dtype=np.int64)):
        raise DataError(f"{path} is no idx file of bytes ({len(content)} bytes)", "copy the published file again")
    return values.reshape(sizes)
