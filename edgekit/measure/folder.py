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
from edgekit.targets import Identity
from edgekit.workspace import write_atomic

COMPLETE = "complete.json"
DESIGN = "design.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A measured series. `scores`: variant -> the metric's score of each check sample, as the target computed them."""

    measurements: tuple[Measurement, ...]
    scores: Mapping[str, tuple[float, ...]]
    complete: bool


def open_design(folder: Path, order: tuple[tuple[int, ...], ...], identity: Identity) -> bool:
    """Store order and device, or check that they are the stored ones; whether launches of before are there.

    Launches of two devices, or of two boots, are not one series.
    """
    wanted = {
        "device": identity.device,
        "boot": identity.boot,
        "order": [list(block) for block in order],
        "edgekit": __version__,
    }
    stored = folder / DESIGN
    if _json(stored) == wanted:
        return any(folder.glob("*.run.json"))
    for left in folder.iterdir():
        if left.is_file():
            left.unlink()
    write_atomic(stored, json.dumps(wanted).encode())
    return False


def measured_device(folder: Path) -> str | None:
    """Which device the series is of; None where the folder does not say."""
    design = _json(folder / DESIGN)
    found = design.get("device") if isinstance(design, dict) else None
    return found if isinstance(found, str) else None


def _json(path: Path) -> Any:
    """What the file holds; None where it is missing or damaged."""
    try:
        return codec.parsed(path.read_bytes())
    except (OSError, codec.CodecError):
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
    except (codec.CodecError, KeyError, TypeError, ValueError, OverflowError):
        return None  # not there, damaged, or written by another version: measured anew
    return Series(measurements=measurements, scores=scores, complete=True), age
