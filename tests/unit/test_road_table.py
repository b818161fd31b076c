"""docs/conversion.md holds the table that benchmarks/roads.py made: the page equals the JSON."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("roads", "road_models", "figures")


@pytest.fixture
def benchmark(monkeypatch):
    """benchmarks/roads.py, imported as a script imports it, and forgotten again."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import roads

    yield roads
    for name in OURS:
        sys.modules.pop(name, None)


@pytest.fixture
def result():
    return json.loads((ROOT / "docs" / "figures" / "conversion" / "roads.json").read_text())


def test_the_page_equals_the_json(benchmark, result):
    page = (ROOT / "docs" / "conversion.md").read_text()
    assert page.split(benchmark.BEGIN)[1].split(benchmark.END)[0].strip() == benchmark.table(result)


def test_every_model_has_its_row(benchmark, result):
    assert [benchmark.key(row) for row in result["rows"]] == [benchmark.key_of(case) for case in benchmark.CASES]


def test_what_does_not_convert_says_why(result):
    unexpected = {row["model"]: row["reason"] for row in result["rows"] if row["converts"] != row["expected"]}
    assert unexpected.keys() <= {"light vgg19"}, "only what memory did not allow"
    assert all("memory" in reason or "ended by" in reason for reason in unexpected.values()), unexpected
    refused = {row["model"]: row["reason"] for row in result["rows"] if not row["expected"]}
    assert refused == {"silero-vad with If": refused["silero-vad with If"]}
    assert refused["silero-vad with If"].startswith("If at node ")


def test_basic_pitch_is_one_network_in_every_format_that_runs_here(result):
    differences = [item["largest_difference"] for item in result["formats"] if item["model"] == "basic-pitch"]
    assert len(differences) == 3
    assert max(differences) < 1e-5
