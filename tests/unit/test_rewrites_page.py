"""docs/rewrites.md holds the tables of its result file, and names every rewrite."""

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "rewrites.md").read_text()


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("rewrites")


def test_the_tables_are_those_of_the_result_file(benchmark):
    held = PAGE.split("<!-- rewrites: begin -->\n")[1].split("\n<!-- rewrites: end -->")[0]
    result = json.loads(benchmark.RESULT.read_text())
    assert held == benchmark.tables(result)
    assert all(step["kept"] for row in result["rows"] for step in row.get("rewrites", {}).values())


def test_every_rewrite_has_a_row():
    from edgekit.convert import rewrites

    rows = {line.split("|")[1].strip(" `"): line for line in PAGE.splitlines() if line.startswith("| `")}
    assert set(rewrites.MODULES) <= set(rows)
    for name in rewrites.MODULES:
        marks = [cell.strip() == "x" for cell in rows[name].split("|")[2:5]]
        assert marks == [name in rewrites.REWRITES[goal] for goal in ("gpu", "nnapi", "xnnpack-sparse")], name
