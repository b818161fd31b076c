"""The folder that keeps every stage's files: content-addressed, written whole or not at all.

WORKSPACE/stages/<stage>-<key>/    a stage's files and manifest.json (what went into the key)
WORKSPACE/building/                half-made stages, swept when their process is gone; never found
WORKSPACE/series/<target>/<key>/   the launches of one series of measurements
WORKSPACE/artifacts/<recipe>/      copies for people
WORKSPACE/reports/<recipe>/        the newest report in every format
"""

import contextlib
import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from edgekit import scratch

MANIFEST = "manifest.json"
USED = "used"
"""A file in each stage's folder whose time of change is that of the last use."""
_PACKAGE = Path(__file__).resolve().parent


def stage_key(stage: str, *, sources: Sequence[str], inputs: Mapping[str, object], tools: Sequence[str]) -> str:
    """16 hex digits over everything a stage's result depends on.

    `sources`: names of edgekit's modules whose text is hashed; `inputs`: JSON data (hashes of what went in, options,
    seed); `tools`: distributions whose installed versions are hashed (`-` where one is not installed).
    """
    parts = {
        "stage": stage,
        "sources": {name: _source_digest(name) for name in sorted(set(sources))},
        "inputs": inputs,
        "tools": {name: version_of(name) for name in sorted(set(tools))},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _source_digest(module: str) -> str:
    base = _PACKAGE.joinpath(*module.split(".")[1:])
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def version_of(distribution: str) -> str:
    """An installed distribution's version, `-` where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "-"


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file whole: temporary file beside it, fsync, rename, fsync of the folder."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:  # a full disk names no file
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def write_by(path: Path, save: Callable[[IO[bytes]], object]) -> None:
    """Write a file with a library's own `save(file)`: in memory first, for libraries do not say that a disk is full."""
    content = io.BytesIO()
    save(content)
    try:
        path.write_bytes(content.getbuffer())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def sync_file(path: Path) -> None:
    """Wait until the file's content is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Workspace:
    """Opened by every command; makes its folder when the first file is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        scratch.sweep(self.folder / "building")

    def find(self, stage: str, key: str) -> Path | None:
        """The folder of a stage's complete result, or None."""
        folder = self._stage_folder(stage, key)
        if not (folder / MANIFEST).is_file():
            return None
        with contextlib.suppress(OSError):  # a read-only workspace can still be read
            (folder / USED).touch()
        return folder

    @contextlib.contextmanager
    def build(self, stage: str, key: str) -> Iterator[Path]:
        """A folder to fill; it becomes the stage's result when the block ends, and is removed when it fails."""
        building = scratch.make(self.folder / "building")
        try:
            yield building
            (building / MANIFEST).write_text(json.dumps({"stage": stage, "key": key}))
            for path in building.rglob("*"):
                if path.is_file():
                    sync_file(path)
            _sync_folder(building)
            target = self._stage_folder(stage, key)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Where another process kept the same key first, the rename fails and its result serves.
            with contextlib.suppress(OSError):
                building.rename(target)
            if not (target / MANIFEST).is_file():
                shutil.rmtree(target, ignore_errors=True)
                building.rename(target)
            _sync_folder(target.parent)
        except OSError as error:  # a full disk names no file
            if error.errno is None or error.filename is not None:
                raise
            raise OSError(error.errno, error.strerror, str(building)) from error
        finally:
            scratch.remove(building)

    def kept(self, stage: str, key: str, make: Callable[[Path], None]) -> Path:
        """The folder of a stage's result: found, or filled by `make` and kept."""
        found = self.find(stage, key)
        if found is None:
            with self.build(stage, key) as folder:
                make(folder)
            found = self.find(stage, key)
        if found is None:
            raise FileNotFoundError(f"{stage} {key} is not in the workspace right after it was built")
        return found

    def series_folder(self, target: str) -> Path:
        """Where the series of one target lie, each in a folder of its own."""
        return self.folder / "series" / slug(target)

    def _stage_folder(self, stage: str, key: str) -> Path:
        return self.folder / "stages" / f"{stage}-{key}"


def slug(name: str) -> str:
    """A target's name as a folder name; two names never share one."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:48]
    if readable == name:
        return name
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
