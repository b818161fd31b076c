"""Photographs of ImageNet classes inside packages: two are judged, crops of others calibrate.

Test: coffee (espresso, class 967) and chelsea (a cat: 281, 282 or 285), both CC0, from scikit-image.
Train and validation: random crops of other photographs, from scikit-image and gradio, unlabelled (-1): they calibrate
int8 ranges and carry parity, and nothing is trained on them.
"""

import functools

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgekit.datasets import Normalization, Source, Split
from edgekit.datasets.fetch import PackageFile, found

SIZE = 224
_SKIMAGE = functools.partial(
    PackageFile,
    package="scikit-image",
    version="0.26.0",
    sha256="74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    platform="manylinux_2_28_x86_64",
    python="3.11",
)
_GRADIO = functools.partial(
    PackageFile,
    package="gradio",
    version="6.31.0",
    sha256="7b50b9b6a2d23cd02851ad4c8b1c8312c88d8b911d1f29c93f9761c98348a64a",
)
JUDGED = {"coffee.png": (967,), "chelsea.png": (281, 282, 285)}
"""Photograph -> accepted ImageNet classes."""
TRAIN = ("astronaut.png", "rocket.jpg", "motorcycle_left.png", "cheetah.jpg", "lion.jpg", "tower.jpg")
VALIDATION = ("motorcycle_right.png", "cheetah1.jpg", "rocket.jpg")
"""Other photographs than the judged ones; rocket.jpg gives its left half to train and its right half to validation."""
_ALL = tuple(dict.fromkeys((*JUDGED, *TRAIN, *VALIDATION)))
_GRADIO_IMAGES = ("cheetah.jpg", "cheetah1.jpg", "lion.jpg", "tower.jpg")


def imagenet_photos(folder: str | None = None, crops: int = 100, split_seed: int = 0) -> Source:
    """Images (N, 3, 224, 224) float32, (pixel - 127) / 128 in RGB. `folder`: your own copies of the photographs.

    `crops` random crops of every train and validation photograph; labels (N, 3), padded with -1.
    """
    return Source(
        train=lambda: _crops(TRAIN, folder, crops, split_seed, side=0),
        validation=lambda: _crops(VALIDATION, folder, crops, split_seed + 1, side=1),
        test=lambda: _judged(folder),
        input_names=("image",),
        normalization=(Normalization(mean=(127.0,), std=(128.0,), raw="RGB pixel 0..255"),),
    )


def photograph(name: str, folder: str | None) -> Image.Image:
    """One photograph in RGB, from the user's folder or out of its package."""
    package, inside = (_GRADIO, "gradio/media_assets/images") if name in _GRADIO_IMAGES else (_SKIMAGE, "skimage/data")
    names = (one for one in _ALL if (one in _GRADIO_IMAGES) == (name in _GRADIO_IMAGES))
    members = tuple(f"{inside}/{one}" for one in names)
    wanted = package(member=f"{inside}/{name}", also=members)
    path = found(wanted, folder, ", ".join((*JUDGED, *TRAIN, *VALIDATION)))
    return Image.open(path).convert("RGB")


def normalize(image: Image.Image) -> NDArray[np.float32]:
    """(3, 224, 224) float32 in about -1..1."""
    pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC), dtype=np.float32)
    return ((pixels - 127.0) / 128.0).transpose(2, 0, 1)


def _judged(folder: str | None) -> Split:
    images = [normalize(_center_crop(photograph(name, folder))) for name in JUDGED]
    labels = np.full((len(JUDGED), 3), -1, dtype=np.int64)
    for row, accepted in enumerate(JUDGED.values()):
        labels[row, : len(accepted)] = accepted
    return Split(inputs=(np.stack(images),), labels=labels)


def _center_crop(image: Image.Image) -> Image.Image:
    """The middle square, with the 12.5 % border of ImageNet's evaluation taken off."""
    side = int(min(image.size) * 0.875)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _crops(names: tuple[str, ...], folder: str | None, count: int, seed: int, *, side: int) -> Split:
    generator = np.random.default_rng(seed)
    crops = []
    for name in names:
        image = photograph(name, folder)
        if name in TRAIN and name in VALIDATION:
            half = image.width // 2
            image = image.crop((side * half, 0, side * half + half, image.height))
        for _ in range(count):
            square = int(min(image.size) * generator.uniform(0.6, 1.0))
            left = int(generator.integers(0, image.width - square + 1))
            top = int(generator.integers(0, image.height - square + 1))
            crop = image.crop((left, top, left + square, top + square))
            if generator.random() < 0.5:
                crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            crops.append(normalize(crop))
    order = generator.permutation(len(crops))
    images = np.stack(crops)[order]
    return Split(inputs=(images,), labels=np.full((len(images), 3), -1, dtype=np.int64))
