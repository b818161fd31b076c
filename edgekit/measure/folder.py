"""The folder of one series: its design, a file for every launch's run, and at the end what they came to."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit import __version__
from edgekit.result import Measurement
from edgekit.runner import codec
from edgekit.workspace import write_atomic

COMPLETE = "complete.json"
DESIGN = "design.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A measured series. `scores`: variant -> the metric's score of each check sample, as the target computed them."""

    measurements: tuple[Measurement, ...]
    scores: Mapping[str, tuple[float, ...]]
    complete: bool


def open_design(folder: Path, order: tuple[tuple[int, ...], ...]) -> bool:
    """Store the order, or check that it is the stored one; whether launches of before are there."""
    wanted = {"boot": boot_id(), "order": [list(block) for block in order], "edgekit": __version__}
    stored = folder / DESIGN
    if _json(stored) == wanted:
        return any(folder.glob("*.run.json"))
    for left in folder.iterdir():
        if left.is_file():
            left.unlink()
    write_atomic(stored, json.dumps(wanted).encode())
    return False


def boot_id() -> str:
    """Changes with every boot: launches of two boots are not one series."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _json(path: Path) -> Any:
    """What the file holds; None where it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def save_complete(folder: Path, series: Series) -> None:
    """From here on the series counts as complete."""
    stored = {
        "measurements": codec.encode(series.measurements),
        "scores": codec.encode(series.scores),
        "finished_unix": time.time(),
    }
    write_atomic(folder / COMPLETE, json.dumps(stored).encode())


def load_complete(folder: Path) -> tuple[Series, float] | None:
    """A complete series and its age in seconds, or None."""
    stored = _json(folder / COMPLETE)
    try:
        measurements = codec.decode(tuple[Measurement, ...], stored["measurements"])
        scores = codec.decode(Mapping[str, tuple[float, ...]], stored["scores"])  # type: ignore[type-abstract]
        age = max(0.0, time.time() - float(stored["finished_unix"]))
    except (codec.CodecError, KeyError, TypeError, ValueError):
        return None  # not there, damaged, or written by another version: measured anew
    return Series(measurements=measurements, scores=scores, complete=True), age
