"""Renderers on the golden report, comparisons, gates, exit codes, files of other versions."""

import csv
import dataclasses
import io
import json
from pathlib import Path

import pytest
from golden.report_data import CHANGE, ENVIRONMENT, GOOD, REPORT, compared, measurement, row

from edgekit.errors import ResultError
from edgekit.recipe.spec import Gate
from edgekit.report import EXTENSIONS, RENDERERS, build, cells, differences, gate, render
from edgekit.result import Accuracy, Interval
from edgekit.result.store import load_report
from edgekit.verdict import verdicts

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "report"


@pytest.mark.parametrize("format", RENDERERS)
def test_renderers_equal_the_golden_files(format):
    assert render(REPORT, format) == (GOLDEN / f"report.{EXTENSIONS[format]}").read_text()


def test_the_json_reads_back_the_same():
    assert load_report(GOLDEN / "report.json") == REPORT
    assert load_report(GOLDEN) == REPORT


def test_the_terminal_table_fits():
    assert max(len(line) for line in render(REPORT, "terminal").splitlines()) <= 140


BASELINE = "* baseline. 5 launches, each a fresh process, in randomised blocks (seed 3); 1 thread."
LATENCY = (
    "latency: input copied to output read; centre of launch medians ± half their 95 % interval (t, on logarithms)."
)
DELEGATED = "delegated: nodes that the delegate took, of all nodes, and in how many partitions."
PAID = "paid: faster, or as fast and at least 5 % smaller after zlib."


def legend_of(*rows, **changes):
    return cells.legend(dataclasses.replace(REPORT, rows=rows, **changes))


def test_the_legend_says_all_that_applies():
    assert cells.legend(REPORT) == (
        BASELINE,
        LATENCY,
        "speed-up: paired by block with the baseline; ns: no difference shown.",
        "change: paired with the baseline sample by sample, 95 % interval; of top-1 in points.",
        DELEGATED,
        PAID,
    )


def test_the_legend_of_rows_that_were_not_measured():
    unsupported = row("float32", "android:*:gpu", status="unsupported", accuracy=None)
    assert legend_of(unsupported) == ("* baseline.",)
    assert legend_of(dataclasses.replace(unsupported, variant="int8")) == ()


def test_the_legend_of_a_baseline_alone():
    alone = row("float32", "desktop:cpu", 7000.0)
    assert legend_of(alone) == (BASELINE, LATENCY, DELEGATED)


def test_the_legend_of_one_launch_and_four_threads():
    one = dataclasses.replace(row("float32", "desktop:cpu", 7000.0), latency_ns=Interval(value=7000.0))
    assert legend_of(one, plan={"launches": 1.0, "threads": 4.0}) == (
        "* baseline. 1 launch, a fresh process, in random order (seed 3); 4 threads.",
        "latency: input copied to output read; centre of launch medians.",
        DELEGATED,
    )


def test_the_legend_of_a_metric_without_points():
    change = Accuracy(metric="mse", where="target", samples=1, value=0.5, change=Interval(value=0.1))
    rows = (row("float32", "t", 7000.0), row("int8", "t", 7000.0, accuracy=change, comparison=compared(1, "slower")))
    assert legend_of(*rows, metric="mse", higher_is_better=False)[2:] == (
        "speed-up: paired by block with the baseline.",
        "change: paired with the baseline sample by sample.",
        DELEGATED,
    )
    change = dataclasses.replace(change, change=CHANGE)
    rows = (rows[0], dataclasses.replace(rows[1], accuracy=change))
    said = "change: paired with the baseline sample by sample, 95 % interval."
    assert said in legend_of(*rows, metric="mse", higher_is_better=False)


def test_an_empty_report_is_its_title():
    empty = dataclasses.replace(REPORT, rows=(), notes=())
    assert render(empty, "terminal") == "golden | <b>*recipe*</b>   edgekit 0.1.0, 2026-11-23 12:00 UTC\n"
    assert render(empty, "md") == "### golden \\| \\<b\\>\\*recipe\\*\\</b\\>\n"
    assert render(dataclasses.replace(empty, notes=("a note",)), "terminal").endswith(" UTC\n\n- a note\n")


def test_a_latency_of_zero_from_outside_has_no_share():
    zero = dataclasses.replace(REPORT.rows[0], latency_ns=Interval(value=0.0, low=0.0, high=0.0))
    assert cells.run_cells(zero, "baseline", REPORT)[1] == "0 ns"


def test_the_lines_below_the_tables_fit():
    lines = render(dataclasses.replace(REPORT, notes=("word " * 100,)), "terminal").splitlines()
    assert max(len(line) for line in lines[lines.index(BASELINE) :]) <= 120


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


def test_markdown_makes_no_links_of_what_comes_from_outside():
    notes = ("![x](http://a)", "[x]: http://a")
    text = render(dataclasses.replace(REPORT, notes=notes), "md")
    assert "- !\\[x]" not in text
    assert "- ![x]\\(http://a)\n- [x]\\: http://a\n" in text


HOSTILE = "\x1b]0;owned\x07\nx\r\x9b2J"
SEEN = "?]0;owned??x??2J"


def report_with(ending):
    """A report whose every text ends so."""
    rows = (
        row(
            f"float32{ending}",
            f"desktop{ending}:cpu",
            7000.0,
            reason=f"reason{ending}",
            cautions=(f"caution{ending}",),
            runtime=f"litert{ending}",
            precision=f"float{ending}",
            artifact_sha256=f"sha{ending}",
            parity=dataclasses.replace(GOOD, measure=f"measure{ending}"),
            accuracy=Accuracy(metric=f"metric{ending}", where="target", samples=5, value=0.5),
        ),
    )
    return dataclasses.replace(
        REPORT,
        edgekit=f"0.1{ending}",
        title=f"title{ending}",
        created_utc=f"now{ending}",
        metric=f"metric{ending}",
        baseline=f"float32{ending}",
        rows=rows,
        notes=(f"note{ending}",),
    )


@pytest.mark.parametrize("format", ["terminal", "md", "csv", "html"])
def test_control_characters_of_a_report_reach_nobody(format):
    text = render(report_with(HOSTILE), format)
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert len(text.splitlines()) == len(render(report_with(""), format).splitlines())
    shown = {
        "terminal": ("title", "now", "float32", "desktop", "litert", "measure", "metric", "reason", "caution", "note"),
        "md": ("title", "float32", "desktop", "litert", "measure", "metric", "reason", "caution", "note"),
        "html": (
            "title",
            "now",
            "float32",
            "desktop",
            "litert",
            "float",
            "sha",
            "measure",
            "metric",
            "reason",
            "caution",
        ),
        "csv": ("float32", "desktop", "litert", "float", "sha", "metric", "reason"),
    }[format]
    for name in shown:
        assert f"{name}{SEEN}" in text, name


def test_control_characters_do_not_reach_a_comparison():
    text = differences.render(differences.compare(REPORT, report_with(HOSTILE)))
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert f"float32{SEEN}" in text


@pytest.mark.parametrize(
    ("variant", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'?=1"),
        ("\r=1", "'?=1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_the_csv_holds_no_formula(variant, cell):
    report = dataclasses.replace(REPORT, rows=(dataclasses.replace(REPORT.rows[1], variant=variant),))
    (read,) = csv.DictReader(io.StringIO(render(report, "csv")))
    assert read["variant"] == cell
    assert read["metric_change"] == "-0.002"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 4}, "report format 4 is newer than this edgekit reads (up to 3)"),
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
    assert verdicts(REPORT) == ("baseline", "paid", "costs accuracy", "inconclusive", "baseline")


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


def test_an_emulators_row_is_functional_and_no_speed_is_judged():
    ran = measurement("int8", "android:e:cpu", 7000.0)
    ran = dataclasses.replace(ran, environment=dataclasses.replace(ENVIRONMENT, emulator=True), latency_ns=None)
    emulated = dataclasses.replace(row("int8", "android:e:cpu"), measurement=ran)
    assert emulated.functional
    assert cells.run_cells(emulated, "inconclusive", REPORT)[1:4] == ("functional", "-", "-")
    report = dataclasses.replace(REPORT, rows=(emulated,))
    assert gate.failed_gates(report, (Gate(variant="int8", min_speedup=2.0),)) == []
    measured = dataclasses.replace(emulated, measurement=dataclasses.replace(ran, environment=ENVIRONMENT))
    assert not measured.functional
    assert (
        len(gate.failed_gates(dataclasses.replace(report, rows=(measured,)), (Gate(variant="int8", min_speedup=2.0),)))
        == 1
    )
