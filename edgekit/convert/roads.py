"""A model file -> its road to .tflite, and what every road hands on: the float file with its source's outputs."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.errors import ModelFileError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROADS = {
    ".onnx": "onnx",
    ".keras": "keras",
    ".h5": "keras",
    ".hdf5": "keras",
    ".pt2": "torch-program",
    ".tflite": "as-it-is",
}
"""Ending -> road. A folder with saved_model.pb takes `saved-model`; a factory takes `torch`."""
WEIGHTS = (".pt", ".pth", ".jit", ".ckpt", ".bin", ".safetensors", ".npz")
FOREIGN = (*WEIGHTS, ".pb", ".mlmodel", ".mlpackage", ".pbtxt", ".caffemodel", ".engine")
"""Endings of models that no road takes: said so, and not looked up as recipes."""
IN_CHILD = ("onnx", "keras", "saved-model")
LISTED = f"{', '.join(ROADS)}, or a SavedModel's folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatFile:
    """`content`: the .tflite; `inputs`, `outputs`: samples and what the source computed, in its order and layout.

    One array (N, ...) an input or output; inputs whose first size is not 1 have a whole invocation in each row.
    """

    content: bytes
    inputs: "tuple[NDArray[Any], ...]"
    outputs: "tuple[NDArray[Any], ...]"
    input_names: tuple[str, ...]
    input_axes: tuple[tuple[int, ...], ...] = ()
    """The permutation that the source's input takes into the file's, or nothing."""
    input_order: tuple[int, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    parameters: int | None = None
    macs: int | None = None


def is_model_file(text: str) -> bool:
    """A name that stands for a model, not for a recipe: by its ending, or a folder that is there."""
    path = Path(text)
    return path.suffix.lower() in (*ROADS, *FOREIGN) or (bool(text) and path.is_dir())


def road_of(path: Path) -> str:
    """The road of a file or folder that is there. UsageError for an unknown ending, ModelFileError for no file."""
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            return "saved-model"
        raise UsageError(f"{path} is a folder without saved_model.pb", f"convert takes {LISTED}")
    road = ROADS.get(path.suffix.lower())
    if path.suffix.lower() in WEIGHTS:
        raise UsageError(
            f"{path} holds weights and no network", f"--factory module:function --weights {path} --shape 1x3x224x224"
        )
    if road is None:
        raise UsageError(
            f"{path} has an ending that no road takes ({path.suffix or 'none'})", f"convert takes {LISTED}"
        )
    if not path.is_file():
        raise ModelFileError("cannot be read: No such file or directory", "name a model file", path=str(path))
    return road


def sha256_of(path: Path) -> str:
    """Of a file; of a folder, over its files' names and contents in order."""
    import hashlib

    digest = hashlib.sha256()
    for item in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if item.is_file():
            if path.is_dir():
                digest.update(str(item.relative_to(path)).encode())
            with item.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()


def has(module: str) -> bool:
    """Whether this interpreter can import it; nothing is imported."""
    return importlib.util.find_spec(module) is not None
