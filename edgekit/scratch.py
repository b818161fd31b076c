"""Folders that belong to a process: the next one sweeps those whose owner is gone, whatever ended it (kill -9 too)."""

import os
import shutil
import uuid
from pathlib import Path


def make(parent: Path, prefix: str = "") -> Path:
    """A new folder `<prefix><process>-<its start>-<random>` in `parent`, for the user alone."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"{prefix}{os.getpid()}-{_start_of(os.getpid())}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o700)
    return folder


def sweep(parent: Path, prefix: str = "") -> None:
    """Remove the folders that `make` made for processes that are gone."""
    for left in parent.glob(f"{prefix}*-*-*"):
        process, _, rest = left.name.removeprefix(prefix).partition("-")
        started = rest.partition("-")[0]
        if not process.isdigit() or _start_of(int(process)) == started != "":
            continue
        shutil.rmtree(left, ignore_errors=True)


def _start_of(process: int) -> str:
    """Start time of a live process in clock ticks, so that a reused process id is told apart; empty when gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "0" if not Path("/proc/self").exists() else ""
