"""docs/report.schema.json takes what is written, and refuses what the reader refuses."""

import copy
import json
from pathlib import Path

import pytest
from golden.report_data import many
from json_schema_check import problems

from edgekit.errors import ResultError
from edgekit.report import render
from edgekit.result.store import parse_report

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())
GOLDEN = json.loads((ROOT / "tests" / "golden" / "report" / "report.json").read_text())


def test_what_is_written_holds():
    assert problems(GOLDEN, SCHEMA) == []
    assert problems(json.loads(render(many(8), "json")), SCHEMA) == []


def changed(*path, value):
    """The golden report with another value at a place; `...`: without it."""
    report = copy.deepcopy(GOLDEN)
    at = report
    for key in path[:-1]:
        at = at[key]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return report


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("schema",), "other", "$.schema: not 'edgekit.report'"),
        (("schema",), ..., "$.schema: missing"),
        (("rowz",), [], "$.rowz: unknown"),
        (("title",), ..., "$.title: missing"),
        (("seed",), "3", "$.seed: no integer"),
        (("seed",), True, "$.seed: no integer"),
        (("rows",), {}, "$.rows: no array"),
        (("rows", 1, "variant"), None, "$.rows[1].variant: no string"),
        (("rows", 0, "size_bytes"), 1.5, "$.rows[0].size_bytes: no integer"),
        (("rows", 0, "status"), "fine", "$.rows[0].status: not one of "),
        (("rows", 1, "comparison", "ratio", "value"), "2", "$.rows[1].comparison.ratio.value: no number"),
        (("rows", 0, "measurement", "launches", 4, "block"), ..., "$.rows[0].measurement.launches[4].block: missing"),
        (("plan", "launches"), "5", "$.plan.launches: no number"),
        (("rows", 0, "operators", "CONV_2D"), "3", "$.rows[0].operators.CONV_2D: no integer"),
    ],
)
def test_what_the_reader_refuses_breaks_the_schema(path, value, said):
    report = changed(*path, value=value)
    with pytest.raises(ResultError):
        parse_report(json.dumps(report).encode())
    (problem,) = problems(report, SCHEMA)
    assert problem.startswith(said)


def test_it_says_what_the_fields_mean():
    assert SCHEMA["$defs"]["Measurement"]["properties"]["latency_ns"]["description"].startswith("Geometric mean")
    assert SCHEMA["$defs"]["Interval"]["description"].startswith("An estimate and its 95 % interval.")
