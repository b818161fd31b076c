"""`edgekit cache`: what the workspace's stages and series take, and removing old ones."""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgekit import scratch, units
from edgekit.runner import codec
from edgekit.workspace import MANIFEST, USED


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stage's result, or one series of measurements. `age_seconds` counts from its last use, or its last launch.

    0 where that lies in the future: the clock was set back since.
    """

    kind: Literal["stage", "series"]
    name: str
    """The folder, below `stages/` or `series/`."""
    size_bytes: int
    age_seconds: float


def entries(workspace: Path) -> tuple[Entry, ...]:
    """Every complete stage, the least recently used first."""
    stages = workspace / "stages"
    found = []
    for folder in sorted(stages.iterdir()) if stages.is_dir() else ():
        if not (folder / MANIFEST).is_file():
            continue
        used = folder / USED if (folder / USED).exists() else folder / MANIFEST
        found.append(_entry("stage", folder.name, folder, used.stat().st_mtime))
    return tuple(sorted(found, key=lambda entry: -entry.age_seconds))


def series_entries(workspace: Path) -> tuple[Entry, ...]:
    """Every series, complete or broken, the oldest first."""
    found = []
    for folder in sorted((workspace / "series").glob("*/*")):
        if folder.is_dir():
            name = f"{folder.parent.name}/{folder.name}"
            found.append(
                _entry("series", name, folder, max((status.st_mtime for status in _statuses(folder, "*")), default=0.0))
            )
    return tuple(sorted(found, key=lambda entry: -entry.age_seconds))


def _entry(kind: Literal["stage", "series"], name: str, folder: Path, used_unix: float) -> Entry:
    size = sum(status.st_size for status in _statuses(folder, "**/*") if stat.S_ISREG(status.st_mode))
    return Entry(kind=kind, name=name, size_bytes=size, age_seconds=max(0.0, time.time() - used_unix))


def _statuses(folder: Path, pattern: str) -> Iterator[os.stat_result]:
    """Of the folder and of what matches in it; another process may be at work there, and files go meanwhile."""
    for path in (folder, *folder.glob(pattern)):
        with contextlib.suppress(FileNotFoundError):
            yield path.stat()


def prune_series(workspace: Path, *, older_than_days: float) -> tuple[Entry, ...]:
    """Remove series whose last launch is older, raw samples and all; one being measured stays. Returns them."""
    removed = []
    for entry in series_entries(workspace):
        folder = workspace / "series" / entry.name
        if entry.age_seconds > older_than_days * 86400:
            with scratch.holding(folder) as alone:
                if alone:
                    shutil.rmtree(folder)
                    removed.append(entry)
    return tuple(removed)


def prune(workspace: Path, *, older_than_days: float | None, to_megabytes: float | None) -> tuple[Entry, ...]:
    """Remove stages not used for so many days, then the least recently used down to so many MB. Returns them."""
    removed = []
    kept = list(entries(workspace))
    limit = None if to_megabytes is None else to_megabytes * 1e6
    for entry in tuple(kept):
        old = older_than_days is not None and entry.age_seconds > older_than_days * 86400
        big = limit is not None and sum(left.size_bytes for left in kept) > limit
        if old or big:
            folder = workspace / "stages" / entry.name
            (folder / MANIFEST).unlink()  # from here on it is not found, even if removal is cut short
            shutil.rmtree(folder)
            kept.remove(entry)
            removed.append(entry)
    return tuple(removed)


def entries_json(found: tuple[Entry, ...]) -> str:
    """The entries as JSON text."""
    return codec.dumps(found)


def entries_text(found: tuple[Entry, ...]) -> str:
    """One line an entry, and the sums."""
    lines = [f"{entry.name:<56} {units.size(entry.size_bytes):>10}  {units.age(entry.age_seconds)}" for entry in found]
    for kind, word in (("stage", "stages"), ("series", "series of measurements")):
        sizes = [entry.size_bytes for entry in found if entry.kind == kind]
        lines.append(f"{len(sizes)} {word}, {units.size(sum(sizes))}")
    return "\n".join(lines)
