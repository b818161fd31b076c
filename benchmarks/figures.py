"""What every topic's figures share: result files, the table of asked and got, and the resumable remake.

A topic is a list of `Figure`s over result files in docs/figures/<topic>/, and a list of `Experiment`s that write those
files. `python benchmarks/figures_<topic>.py` prints the table and exits 1 when a line is short; `--remake` runs the
experiments whose file is not in build/figures/<topic>/ yet and lays them over docs/figures/<topic>/ when all are there.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.runner.state import cpu_name

ROOT = Path(__file__).resolve().parents[1]
Results = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line: `got` takes all result files by name and returns what was measured and whether it holds."""

    name: str
    asked: str
    got: Callable[[Results], tuple[str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """`command` is run with `--out FILE` added and writes the result file `name`.json."""

    name: str
    command: tuple[str, ...]


def main(topic: str, figures: Sequence[Figure], experiments: Sequence[Experiment]) -> None:
    """Print the table, or remake the result files first."""
    parser = argparse.ArgumentParser(description=f"Acceptance figures of {topic}.")
    parser.add_argument("--remake", action="store_true", help="measure anew (resumable)")
    parser.add_argument("--only", default="", help="with --remake: this experiment alone")
    arguments = parser.parse_args()
    folder = ROOT / "docs" / "figures" / topic
    if arguments.remake:
        _remake(topic, folder, [item for item in experiments if arguments.only in ("", item.name)])
    results = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    sys.exit(0 if _print_table(topic, figures, results) else 1)


def _remake(topic: str, folder: Path, experiments: Sequence[Experiment]) -> None:
    building = ROOT / "build" / "figures" / topic
    building.mkdir(parents=True, exist_ok=True)
    for number, experiment in enumerate(experiments, 1):
        out = building / f"{experiment.name}.json"
        if out.exists() and json.loads(out.read_text())["made"]["commit"] == commit():
            print(f"[{number}/{len(experiments)}] {experiment.name}: there already", file=sys.stderr)
            continue
        print(f"[{number}/{len(experiments)}] {experiment.name} ...", file=sys.stderr, flush=True)
        started = time.monotonic()
        subprocess.run([sys.executable, *experiment.command, "--out", str(out)], cwd=ROOT, check=True)
        print(f"  {time.monotonic() - started:.0f} s", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    for experiment in experiments:
        shutil.move(building / f"{experiment.name}.json", folder / f"{experiment.name}.json")


def _print_table(topic: str, figures: Sequence[Figure], results: Results) -> bool:
    rows = [("figure", "asked", "got", "")]
    fine = True
    for figure in figures:
        try:
            got, holds = figure.got(results)
        except KeyError as missing:
            got, holds = f"not measured ({missing})", False
        fine &= holds
        rows.append((figure.name, figure.asked, got, "ok" if holds else "short"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    print(f"figures of {topic}")
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, (*widths, 5), strict=True)).rstrip())
    return fine


def commit() -> str:
    """HEAD of the checkout, with `+` where files differ from it."""
    words = (["git", "rev-parse", "HEAD"], ["git", "status", "--porcelain", "--untracked-files=no"])
    head, changed = (subprocess.run(word, cwd=ROOT, capture_output=True, text=True).stdout.strip() for word in words)
    return head + ("+" if changed else "")


def made() -> dict[str, str | int | None]:
    """What a result file says of itself: commit, time, machine."""
    return {
        "commit": commit(),
        "utc": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M"),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
    }


def write_result(out: str, result: dict[str, Any]) -> None:
    """Write a result file whole, with where and when it was made."""
    result = {"made": made(), **result}
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=1) + "\n")
    temporary.replace(path)


def out_argument(description: str) -> argparse.ArgumentParser:
    """A parser with the `--out` that every experiment takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", required=True, help="the result file to write")
    return parser
