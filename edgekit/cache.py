"""`edgekit cache`: what the workspace's stages take, and removing the old ones. Measurements are never removed."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from edgekit import units
from edgekit.runner import codec
from edgekit.workspace import MANIFEST, USED


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stage's result. `age_seconds` counts from its last use."""

    name: str
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
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        found.append(Entry(name=folder.name, size_bytes=size, age_seconds=time.time() - used.stat().st_mtime))
    return tuple(sorted(found, key=lambda entry: -entry.age_seconds))


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
    """One line an entry, and the sum."""
    lines = [f"{entry.name:<36} {units.size(entry.size_bytes):>10}  {units.age(entry.age_seconds)}" for entry in found]
    total = units.size(sum(entry.size_bytes for entry in found))
    return "\n".join([*lines, f"{len(found)} stages, {total}"])
