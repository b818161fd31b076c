"""Folders that a living process holds by a locked file beside them: the next one sweeps those whose holder is gone.

The kernel gives a lock up with its process, however that ended (kill -9 too).
"""

import contextlib
import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_held: dict[Path, IO[str]] = {}


def make(parent: Path, prefix: str = "") -> Path:
    """A new folder `<prefix><process>-<random>` in `parent`, for the user alone, held until `remove` or the end."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"{prefix}{os.getpid()}-{uuid.uuid4().hex[:8]}"
    handle = _locked(_lock_of(folder))  # before the folder: no moment at which it could not be swept
    if handle is not None:
        _held[folder] = handle
    folder.mkdir(mode=0o700)
    return folder


def remove(folder: Path) -> None:
    """Remove a folder of `make` with all that is in it, and its lock; may be called twice, or after a rename."""
    shutil.rmtree(folder, ignore_errors=True)
    handle = _held.pop(folder, None)
    if handle is not None:
        _lock_of(folder).unlink(missing_ok=True)
        handle.close()


def sweep(parent: Path, prefix: str = "") -> None:
    """Remove the folders that `make` made for processes that are gone."""
    for lock in parent.glob(f"{prefix}[0-9]*-????????.lock"):
        with contextlib.suppress(OSError):
            handle = _locked(lock)
            if handle is not None:
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
                handle.close()


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[bool]:
    """Whether this process alone works in `folder` during the block; False: another one does."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    handle = _locked(_lock_of(folder))
    try:
        yield handle is not None
    finally:
        if handle is not None:
            handle.close()


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _locked(path: Path) -> IO[str] | None:
    """The file, open and locked, or None where another process (or this one, by another handle) holds it."""
    handle = path.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle
