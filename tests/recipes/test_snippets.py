"""The Transformer's recipe from texts to a report, at the scale of a test."""

import json

import pytest
from recipes.conftest import by_place

from edgekit.datasets import wordpiece
from edgekit.tflite import read_file
from edgekit.tflite.metadata import entry

pytestmark = pytest.mark.slow  # minutes with the rest: make test-all
VARIANTS = ("float32", "int8", "pruned-int8")


def test_snippets_reach_both_targets(snippets):
    rows = by_place(snippets[1])
    assert set(rows) == {(name, target) for name in VARIANTS for target in ("desktop:cpu", "loopback:0:cpu")}
    for place, row in rows.items():
        assert row["status"] in ("ok", "unstable"), (place, row["reason"])
        assert row["parity"]["passed"]
        assert (row["accuracy"]["where"], row["accuracy"]["samples"]) == ("target", 180)
        assert row["accuracy"]["value"] >= 0.9
        assert row["measurement"]["target_parity"]["passed"]
    for name in VARIANTS:
        desktop, loopback = (rows[(name, target)]["measurement"] for target in ("desktop:cpu", "loopback:0:cpu"))
        assert desktop["first_values"] == loopback["first_values"]
    sizes = [rows[(name, "desktop:cpu")]["size_bytes"] for name in VARIANTS]
    assert sizes[1] < 0.5 * sizes[0]
    assert sizes[2] < 0.7 * sizes[1]


def test_what_no_network_reaches_is_said(snippets):
    (note,) = snippets[1]["notes"]
    assert note.startswith("TF-IDF + logistic regression, no network, on the same 180 test samples: top-1 ")
    assert float(note.rpartition(" ")[2].rstrip("%")) >= 90


def test_every_file_carries_the_tokenizer(snippets):
    folder = snippets[0] / "artifacts" / "snippets-transformer"
    files = sorted(folder.glob("*.tflite"))
    found = {entry(read_file(path), "tokenizer") for path in files}
    assert (len(files), len(found)) == (3, 1)
    tokenizer = wordpiece.from_json(found.pop())
    assert tokenizer.pieces("The great film") == ["the", "great", "film"]
    assert tokenizer.length == json.loads((folder / "int8.tflite.json").read_text())["inputs"][0]["shape"][1] == 48


def test_a_second_run_fits_no_yardstick(snippets, edgekit):
    recipe = snippets[0].parent / "snippets-transformer.toml"
    stages = sorted(path.name for path in (snippets[0] / "stages").iterdir())
    assert sum(name.startswith("yardstick-") for name in stages) == 1
    code, report, said = edgekit(
        "run", recipe, "--workspace", snippets[0], "--launches", 2, "--min-seconds", 0.02, "--format", "json"
    )
    assert code == 0, said
    assert report["notes"] == snippets[1]["notes"]
    assert sorted(path.name for path in (snippets[0] / "stages").iterdir()) == stages


def test_a_bundle_brings_the_tokenizer(snippets, edgekit, tmp_path):
    recipe = snippets[0].parent / "snippets-transformer.toml"
    words = ("bundle", recipe, "--for", "android", "--variant", "int8", "--out", tmp_path / "app")
    code, _, said = edgekit(*words, "--workspace", snippets[0])
    assert code == 0, said
    content = read_file(snippets[0] / "artifacts/snippets-transformer/int8.tflite")
    assert (tmp_path / "app" / "model.tflite").read_bytes() == content
    assert (tmp_path / "app" / "metadata-tokenizer").read_bytes() == entry(content, "tokenizer")
