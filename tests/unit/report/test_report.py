"""Renderers on the golden report, comparisons, gates, exit codes, files of other versions."""

import csv
import dataclasses
import io
import json
from pathlib import Path

import pytest
from golden.report_data import REPORT, measurement, row

from edgekit.errors import ResultError
from edgekit.recipe.spec import Gate
from edgekit.report import RENDERERS, build, differences, gate, render
from edgekit.result.store import load_report
from edgekit.verdict import verdict

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "report"
ENDINGS = {"terminal": "txt", "json": "json", "md": "md", "csv": "csv"}


@pytest.mark.parametrize("format", RENDERERS)
def test_renderers_equal_the_golden_files(format):
    assert render(REPORT, format) == (GOLDEN / f"report.{ENDINGS[format]}").read_text()


def test_the_json_reads_back_the_same():
    assert load_report(GOLDEN / "report.json") == REPORT
    assert load_report(GOLDEN) == REPORT


def test_the_terminal_table_fits():
    assert max(len(line) for line in render(REPORT, "terminal").splitlines()) <= 140


def test_the_csv_is_tidy():
    rows = list(csv.DictReader(io.StringIO(render(REPORT, "csv"))))
    assert len(rows) == len(REPORT.rows)
    assert rows[1]["latency_ns"] == "3500.0"
    assert rows[3]["latency_ns"] == ""
    assert rows[2]["metric_where"] == "desktop"


def test_markdown_escapes_what_comes_from_outside():
    text = render(REPORT, "md")
    assert "<b>" not in text
    assert "golden \\| \\<b\\>" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 2}, "report format 2 is newer than this edgekit reads (up to 1)"),
        ({"schema": "x"}, "not an edgekit report"),
        ({"rowz": []}, "rowz: unknown key, did you mean 'rows'?"),
        ({"rows": [{"variant": 3}]}, "rows[0].variant: expected a string, got 3"),
    ],
)
def test_reports_that_cannot_be_read(tmp_path, change, sentence):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(json.loads((GOLDEN / "report.json").read_text()) | change))
    with pytest.raises(ResultError) as caught:
        load_report(path)
    assert sentence in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1]", b"{" * 100_000, b"null"])
def test_files_that_are_no_reports(tmp_path, content):
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(ResultError):
        load_report(path)


def test_a_missing_report(tmp_path):
    with pytest.raises(ResultError, match="No such file"):
        load_report(tmp_path)


def test_speed_up_is_paired_by_block():
    base, other = measurement("float32", "t", 7000.0), measurement("int8", "t", 3500.0)
    found = build.compare(base, other)
    assert found.ratio.value == pytest.approx(2.0, abs=1e-3)
    assert (found.blocks, found.finding) == (5, "faster")
    assert build.compare(other, base).finding == "slower"
    assert build.compare(base, base).finding == "no difference shown"
    few = dataclasses.replace(other, launches=other.launches[:2])
    assert build.compare(base, few).finding == "too few launches"
    assert build.compare(base, dataclasses.replace(other, series="another")) is None


def test_a_small_difference_is_none():
    base, other = measurement("float32", "t", 7000.0), measurement("half", "t", 6950.0)
    assert build.compare(base, other).finding == "no difference shown"


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([("desktop:cpu", "ok"), ("loopback:0:cpu", "ok")], 0),
        ([("desktop:cpu", "ok"), ("android:x:gpu", "unsupported")], 0),
        ([("desktop:cpu", "incorrect"), ("loopback:0:cpu", "ok")], 6),
        ([("desktop:cpu", "ok"), ("android:x:cpu", "unreachable")], 4),
        ([("loopback:0:cpu", "ok"), ("android:x:cpu", "unreachable")], 6),
    ],
)
def test_exit_codes(statuses, code):
    rows = tuple(row("float32", target, status=status) for target, status in statuses)
    assert build.exit_code(dataclasses.replace(REPORT, rows=rows)) == code


def test_verdicts():
    found = {(item.variant, item.target): verdict(item, REPORT) for item in REPORT.rows}
    assert found[("float32", "desktop:cpu")] == "baseline"
    assert found[("int8", "desktop:cpu")] == "paid"
    assert found[("half", "desktop:cpu")] == "costs accuracy"
    assert found[("broken", "desktop:cpu")] == "inconclusive"


def test_gates():
    gates = (
        Gate(variant="int8", max_metric_drop=0.001, max_size_bytes=34104, min_speedup=1.5),
        Gate(variant="half", max_metric_drop=0.1, max_size_bytes=10, min_speedup=1.5),
    )
    failures = gate.failed_gates(REPORT, gates)
    assert [(item.gate, item.exit_code) for item in failures] == [
        ("max_metric_drop", 5),
        ("max_size_bytes", 5),
        ("min_speedup", 5),
    ]
    assert failures[0].message == "gate max_metric_drop of variant int8: 0.002, the limit is 0.001"


def test_two_reports_side_by_side():
    slower = dataclasses.replace(REPORT, rows=(row("float32", "desktop:cpu", 9000.0, size_bytes=102300),))
    found = differences.compare(REPORT, slower)
    first = found[0]
    assert first.latency_ratio == pytest.approx(9000 / 7000)
    assert (first.overlap, first.size_change_bytes) == (False, 100)
    assert found[1].status_after == "absent"
    assert "x1.286 (intervals apart)" in differences.render(found)
