"""Fetching, splits, and who may open the test split."""

import ast
import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgekit.datasets import Source, Split
from edgekit.datasets.fetch import PackageFile, fetch
from edgekit.datasets.load import TestSplitOpened, guard, open_for_training
from edgekit.errors import DataError
from edgekit.metrics import mse, top1

ROOT = Path(__file__).resolve().parents[3] / "edgekit"


def wheel(folder, name="pkg/data.bin", content=b"data"):
    path = folder / "made.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    return path


def wanted(folder, **changes):
    digest = hashlib.sha256(wheel(folder).read_bytes()).hexdigest()
    return PackageFile(**({"package": "pkg", "version": "1", "sha256": digest, "member": "pkg/data.bin"} | changes))


def test_fetched_once_and_kept(tmp_path):
    calls = []

    def download(file, folder):
        calls.append(file)
        (folder / "made.whl").write_bytes((tmp_path / "made.whl").read_bytes())

    file = wanted(tmp_path)
    for _ in range(2):
        assert fetch(file, cache=tmp_path / "cache", download=download).read_bytes() == b"data"
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sha256": "0" * 64}, "expected 0000000000000000...: broken, or another file"),
        ({"member": "pkg/none"}, "holds no pkg/none"),
    ],
)
def test_broken_downloads_keep_nothing(tmp_path, changes, sentence):
    def download(file, folder):
        (folder / "made.whl").write_bytes((tmp_path / "made.whl").read_bytes())

    with pytest.raises(DataError, match=sentence):
        fetch(wanted(tmp_path, **changes), cache=tmp_path / "cache", download=download)
    assert not (tmp_path / "cache").exists()


def test_no_network_and_no_folder_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/none")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(DataError, match=r"edgekit-no-such-package 1 could not be fetched") as caught:
        fetch(wanted(tmp_path, package="edgekit-no-such-package"), cache=tmp_path / "cache")
    assert "local copy" in caught.value.hint


def source(**changes):
    def part(count, offset):
        values = np.arange(offset, offset + count, dtype=np.float32)[:, None]
        return Split(inputs=(values,), labels=np.arange(count))

    return Source(**({"train": lambda: part(100, 0), "test": lambda: part(10, 1000)} | changes))


def test_the_last_part_of_train_is_validation():
    data = open_for_training(source())
    assert (len(data.train), len(data.validation)) == (90, 10)
    assert data.validation.inputs[0].ravel().tolist() == list(range(90, 100))
    assert data.joined(15).inputs[0].ravel().tolist() == [*range(90, 100), *range(5)]


def test_only_evaluate_opens_the_test_split():
    from edgekit import evaluate

    guarded = guard(source())
    with pytest.raises(TestSplitOpened, match="only edgekit.evaluate may"):
        guarded.test()
    assert len(evaluate.test_split(guarded)) == 10
    assert len(evaluate.test_split(guarded, limit=4, seed=1)) == 4


def test_no_other_module_calls_a_sources_test():
    """The guard catches it at run time; this catches it in the text."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "test":
                assert path.name == "evaluate.py", f"{path}:{node.lineno}"


@pytest.mark.parametrize(
    ("labels", "values", "sentence"),
    [
        (np.arange(5), np.zeros((4, 1), np.float32), r"lengths \[4, 5\]"),
        (np.arange(2), np.array([[1.0], [np.nan]], np.float32), "holds NaN"),
        (np.arange(0), np.zeros((0, 1), np.float32), r"lengths \[0\]"),
    ],
)
def test_odd_splits_are_refused(labels, values, sentence):
    with pytest.raises(DataError, match=sentence):
        open_for_training(source(train=lambda: Split(inputs=(values,), labels=labels)))


def test_metrics():
    outputs = (np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]),)
    assert top1().scores(outputs, np.array([1, 1, 1])).tolist() == [1, 0, 1]
    assert top1().scores(outputs, np.array([[0, 1], [1, -1], [-1, -1]])).tolist() == [1, 0, 0]
    assert mse().value((np.array([[1.0], [3.0]]),), np.array([1.0, 1.0])) == 2.0
    assert mse().better(1.0, 2.0) and not top1().better(1.0, 2.0)
