"""The tensors of a TorchScript archive (.jit), without loading it: no code of the file is compiled or run.

`torch.jit.load` compiles the archive's code and runs its `__setstate__`s. Here its table of objects is read by an
unpickler for which every class is an inert bag and every function but torch's rebuilding of a tensor is refused (the
format: torch/csrc/jit/docs/serialization.md).
"""

import io
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from edgekit.errors import ModelFileError

_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
MAX_BYTES = 4_000_000_000


def is_torchscript(path: Path) -> bool:
    """A zip with code in it: what torch.jit.save writes."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name for name in archive.namelist())


def state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Dotted name -> tensor, parameters and buffers alike. Raises ModelFileError."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_BYTES:
                raise ModelFileError("over 4 GB", path=str(path))
            table = next(name for name in archive.namelist() if name.endswith("/data.pkl") and name.count("/") == 1)
            root = _Reader(archive, table.removesuffix(".pkl")).load()
    except (zipfile.BadZipFile, StopIteration, KeyError, OSError, EOFError, pickle.UnpicklingError, _NotRead) as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelFileError(f"no whole TorchScript archive: {said}", path=str(path)) from error
    except (AttributeError, TypeError, ValueError, IndexError, RuntimeError) as error:  # a table that makes no sense
        raise ModelFileError(f"no whole TorchScript archive: {error}", path=str(path)) from error
    return dict(_tensors(root, ""))


class _NotRead(Exception):
    """The table asks for something that is no tensor and no bag."""


class _Bag:
    """What stands for every class of the archive: it keeps its state and does nothing."""

    def __init__(self, *_: Any) -> None:
        self.held: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.held = state


class _Reader(pickle.Unpickler):
    """Reads the table; anything but bags, dictionaries and tensors is refused."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{folder}.pkl")))
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        if module == "__torch__" or module.startswith("__torch__."):
            return _Bag
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return dict
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if module == "torch.jit._pickle" and name.startswith(("build_", "restore_type_tag")):
            return _first
        raise _NotRead(f"it asks for {module}.{name}, which is not read")

    def persistent_load(self, pid: Any) -> Any:
        kind, dtype, key, _, elements = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype) or not str(key).isalnum():
            raise _NotRead(f"an unknown reference {kind!r}")
        content = bytearray(self._archive.read(f"{self._folder}/{key}"))
        return torch.frombuffer(content, dtype=dtype)[: int(elements)] if content else torch.empty(0, dtype=dtype)


def _first(value: Any = None, *_: Any) -> Any:
    return value


def _tensor(storage: torch.Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Any:
    return storage.as_strided(size, stride, offset).clone()


def _tensors(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, _Bag):
        for key, inner in value.held.items():
            yield from _tensors(inner, f"{name}.{key}" if name else str(key))
