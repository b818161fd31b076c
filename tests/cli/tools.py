"""The command line as its tests call it: a recipe small enough to run in a second, and what a refusal looks like."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edgekit import zoo

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
FLOAT = GOLDEN / "runner" / "float.tflite"
REPORT = GOLDEN / "report" / "report.json"
QUICK = ("--launches", "2", "--min-seconds", "0.01")

MODULE = """
import numpy as np
import torch
from torch import nn
from edgekit.datasets import Source, Split


def build():
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    with torch.no_grad():
        network[1].weight.zero_()
        network[1].bias.zero_()
        for digit in range(3):
            network[1].weight[digit, digit * 9] = 1.0
    return network


def part(seed, count, scale=1.0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, count)
    images = generator.normal(size=(count, 1, 8, 8)).astype(np.float32)
    images[np.arange(count), 0, labels, labels] += 4
    return Split(inputs=(images * np.float32(scale),), labels=labels)


def data():
    return Source(train=lambda: part(0, 300), test=lambda: part(1, 200), input_names=("image",))
"""
RECIPE = """
targets = ["desktop:cpu"]

[model]
factory = "own:build"
channels_last = [0]

[data]
source = "own:data"

[steps.train]
epochs = 1

[steps.prune]
ratio = 0.3

[variants.float32]
precision = "float32"

[variants.int8]
precision = "int8"

[plan]
launches = 2
min_seconds = 0.01
accuracy_samples = 50
"""


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def write_recipe(folder: Path, text: str = RECIPE, module: str = MODULE) -> Path:
    """tiny.toml and own.py in `folder`."""
    (folder / "own.py").write_text(module)
    path = folder / "tiny.toml"
    path.write_text(text)
    return path


def changed(old: str, new: str, text: str = RECIPE) -> str:
    """`text` with `old` replaced; `old` must be there."""
    assert old in text
    return text.replace(old, new, 1)


def shell(*words: object, folder: Path, start: tuple[str, ...] = ("-m", "edgekit"), **options) -> Done:
    """`python -m edgekit WORDS` in a process of its own, in `folder`."""
    done = subprocess.run(
        [sys.executable, *start, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        **options,
    )
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


def environment() -> dict[str, str]:
    """Ours, without the serial that somebody may have set."""
    return {name: value for name, value in os.environ.items() if name != "ANDROID_SERIAL"}


def assert_refused(done: Done, code: int, sentence: str, hint: str, *, debug: bool = False) -> None:
    """One sentence, one hint, nothing on standard output; the traceback with --debug and only then."""
    assert done.code == code, done.err
    assert done.out == ""
    lines = done.err.splitlines()
    assert lines[-2:] == [f"edgekit: {sentence}", f"  {hint}"]
    assert sum(line.startswith("edgekit: ") for line in lines) == 1
    assert ("Traceback (most recent call last)" in done.err) is debug


def files_in(folder: Path) -> list[str]:
    """Every file below `folder` that is not Python's own cache."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if "__pycache__" not in path.parts)


RECIPES = ", ".join(sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "recipes").glob("*.toml")))
"""The names of the recipes that edgekit brings, as sentences list them."""
NETWORKS = ", ".join(zoo.NETWORKS)
