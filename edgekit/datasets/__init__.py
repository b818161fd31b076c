"""Data sources, one a file, and what each of them returns.

A source is a function `source(**options) -> Source`. The splits are opened one by one: everything but `evaluate` gets
train and validation only (`open_for_training`); the test split is behind `Source.test`, which only `evaluate` calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SOURCES: dict[str, str] = {
    "digits": "edgekit.datasets.digits:digits",
    "fashion-mnist": "edgekit.datasets.fashion_mnist:fashion_mnist",
    "imagenet-photos": "edgekit.datasets.imagenet_photos:imagenet_photos",
    "japanese-vowels": "edgekit.datasets.japanese_vowels:japanese_vowels",
    "spoken-digits": "edgekit.datasets.spoken_digits:spoken_digits",
    "movie-snippets": "edgekit.datasets.movie_snippets:movie_snippets",
}
"""Name in a recipe -> module:function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`inputs[i]` holds all samples of model input i, (N, ...) in torch's layout (NCHW for images).

    `labels`: (N,) class ids, (N, K) several accepted ids padded with -1, or (N, ...) float targets of a regression.
    """

    inputs: tuple[NDArray[Any], ...]
    labels: NDArray[Any]

    def __len__(self) -> int:
        return int(self.inputs[0].shape[0])

    def take(self, indices: NDArray[np.integer[Any]] | slice) -> Split:
        """The samples at `indices`, in that order."""
        return Split(inputs=tuple(array[indices] for array in self.inputs), labels=self.labels[indices])


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalization:
    """How raw values became what the network takes, by element: (raw - mean) / std.

    `mean`, `std`: one number for all, or one a channel. `raw` says what a raw value is, e.g. `RGB pixel 0..255`.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """A method without a network that a recipe must stand beside. `fit_and_predict(train, inputs)` -> output 0."""

    name: str
    fit_and_predict: Callable[[Split, tuple[NDArray[Any], ...]], NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Three splits, each a function that loads it. `validation` None: the last `validation_share` of train is it.

    `normalization`: one an input, None where its values are raw; said by `edgekit bundle`, applied by the source.
    """

    train: Callable[[], Split]
    test: Callable[[], Split]
    validation: Callable[[], Split] | None = None
    validation_share: float = 0.1
    input_names: tuple[str, ...] = ("input",)
    class_names: tuple[str, ...] = ()
    normalization: tuple[Normalization | None, ...] = ()
    metadata: Callable[[], Mapping[str, bytes]] | None = None
    """What a .tflite file made with this data carries, name -> bytes: a tokenizer, for one. None of it is of test."""
    yardstick: Yardstick | None = None
