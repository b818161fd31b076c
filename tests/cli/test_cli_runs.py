"""Whole runs of a tiny recipe: results in every format, gates, reuse, and the recipe that `edgekit new` writes."""

import csv
import io
import json

from cli.tools import FLOAT, QUICK, RECIPE, files_in, write_recipe

FORMATS = ("terminal", "json", "md", "csv", "html")


def parsed(text, format):
    """The text, read as its format; what it holds says little here, that it parses says enough."""
    if format == "json":
        return json.loads(text)
    if format == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    assert "float32" in text and "int8" in text
    assert ("|---" in text) is (format == "md")
    assert text.startswith("<!doctype html>") is (format == "html")
    return text


def test_a_run_in_every_format_and_again(tmp_path, tiny, edgekit):
    first = edgekit("run", tiny, "--format", "json")
    assert first.code == 0
    report = parsed(first.out, "json")
    assert [(row["variant"], row["target"]) for row in report["rows"]] == [
        ("float32", "desktop:cpu"),
        ("int8", "desktop:cpu"),
    ]
    assert all(row["latency_ns"]["value"] > 0 and row["accuracy"]["samples"] == 50 for row in report["rows"])
    assert first.err.splitlines() == ["desktop:cpu: measuring", f"report: {tmp_path / '.edgekit/reports/tiny'}"]

    kept = {name: (tmp_path / name).stat().st_mtime_ns for name in files_in(tmp_path) if not name.endswith("/used")}
    for format in FORMATS:
        again = edgekit("run", tiny, "--format", format)
        assert again.code == 0
        parsed(again.out, format)
        reused, folder = again.err.splitlines()
        assert reused.startswith("desktop:cpu: series of ")
        assert reused.endswith(" reused (--fresh measures anew)")
        assert folder == f"report: {tmp_path / '.edgekit/reports/tiny'}"
    changed = [name for name, time in kept.items() if (tmp_path / name).stat().st_mtime_ns != time]
    assert {name.rpartition("/")[0] for name in changed} == {".edgekit/reports/tiny"}, "a second run computes nothing"
    suffixes = {"terminal": "txt"}
    for format in FORMATS:
        path = tmp_path / ".edgekit" / "reports" / "tiny" / f"report.{suffixes.get(format, format)}"
        parsed(path.read_text(), format)
        assert parsed(edgekit("report", ".edgekit/reports/tiny", "--format", format).out, format)


def test_quiet_says_nothing_and_out_takes_the_result(tmp_path, tiny, edgekit):
    done = edgekit("convert", tiny, "--quiet")
    assert (done.code, done.err) == (0, "")
    assert done.out.count("parity ok") == 2
    done = edgekit("run", tiny, "--format", "csv", "--out", "result.csv", "--quiet")
    assert (done.code, done.out) == (0, "")
    assert len(parsed((tmp_path / "result.csv").read_text(), "csv")) == 2


def test_what_the_other_commands_print_parses(tiny, edgekit):
    made = json.loads(edgekit("convert", tiny, "--format", "json").out)
    assert [artifact["variant"] for artifact in made] == ["float32", "int8"]
    inspected = json.loads(edgekit("inspect", ".edgekit/artifacts/tiny/int8.tflite", "--format", "json").out)
    assert inspected["size_bytes"] == made[1]["size_bytes"]
    histories = json.loads(edgekit("compress", tiny, "--format", "json").out)
    assert histories == {"float32": [], "int8": []}
    stages = json.loads(edgekit("cache", "--format", "json").out)
    assert sorted(stage["name"].split("-")[0] for stage in stages) == ["convert", "convert", "float"]
    freed = edgekit("cache", "--to-megabytes", "0", "--format", "json")
    assert json.loads(freed.out) == []
    assert freed.err.startswith("removed 3 stages, ")


def test_only_the_named_variant_and_the_baseline(tmp_path, edgekit):
    write_recipe(tmp_path, RECIPE + '\n[variants.half]\nprecision = "fp16"\n')
    made = json.loads(edgekit("convert", "tiny.toml", "--variant", "int8", "--format", "json").out)
    assert [artifact["variant"] for artifact in made] == ["float32", "int8"]


def test_gates_that_are_missed(tmp_path, tiny, edgekit):
    gates = ("max_metric_drop = -2", "max_size_bytes = 10", "min_speedup = 1000")
    write_recipe(tmp_path, "\n".join([RECIPE, "[gates.int8]", *gates, ""]))
    done = edgekit("run", tiny, "--format", "json")
    assert done.code == 5
    assert all(row["latency_ns"] for row in parsed(done.out, "json")["rows"])
    assert (tmp_path / ".edgekit" / "reports" / "tiny" / "report.json").is_file()
    said = done.err.splitlines()[-3:]
    for gate, line in zip(gates, said, strict=True):
        name, _, limit = gate.split()
        assert line.startswith(f"edgekit: gate {name} of variant int8: ")
        assert line.endswith(f", the limit is {limit}")
    done = edgekit("run", tiny, "--quiet", "--format", "json")
    assert done.code == 5
    assert done.err.splitlines()[-3:] == said


def test_gates_that_are_met(tmp_path, tiny, edgekit):
    write_recipe(tmp_path, f"{RECIPE}\n[gates.int8]\nmax_size_bytes = 100000\nmax_metric_drop = 0.5\n")
    assert edgekit("run", tiny).code == 0


def test_the_recipe_that_new_writes_runs(edgekit):
    done = edgekit("new", "mine.toml", "--starter")
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines() == ["wrote mine.toml", "wrote my_module.py", "next: edgekit run mine.toml"]
    words = ("run", "mine.toml", "--target", "desktop:cpu", "--launches", "2", "--min-seconds", "0.05")
    done = edgekit(*words, "--format", "json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)["rows"]
    assert [row["variant"] for row in rows] == ["float32", "int8", "pruned-qat-int8"]
    assert rows[0]["accuracy"]["value"] > 0.9
    done = edgekit(*words)
    assert done.code == 0
    assert len(done.err.splitlines()) == 2
    assert " reused (--fresh measures anew)" in done.err


def test_bench_measures_anew_each_time(tmp_path, edgekit):
    for _ in range(2):
        done = edgekit("bench", FLOAT, FLOAT, "--format", "json", "--launches", "1", "--min-seconds", "0")
        assert done.code == 0
        assert "reused" not in done.err
        report = json.loads(done.out)
        assert [row["variant"] for row in report["rows"]] == ["float", "float-1"]
        assert report["notes"] == ["inputs are random: nothing is said about accuracy or parity"]
    series = list((tmp_path / ".edgekit" / "series").glob("*/*/complete.json"))
    assert len(series) == 2


def test_a_delegate_that_a_target_lacks_is_a_row(edgekit):
    done = edgekit("bench", FLOAT, "--target", "loopback:0:gpu", "--target", "desktop:cpu", "--format", "json", *QUICK)
    assert done.code == 0
    lacking, measured = json.loads(done.out)["rows"]
    reason = "the loopback device has no delegate gpu: it is this computer's CPU"
    assert (lacking["status"], lacking["reason"]) == ("unsupported", reason)
    assert measured["latency_ns"]["value"] > 0


def test_doctor_here(edgekit):
    done = edgekit("doctor", "--format", "json")
    assert (done.code, done.err) == (0, "")
    findings = {finding["subject"]: finding for finding in json.loads(done.out)}
    assert findings["desktop:cpu"]["state"] == "ok"
    assert all(finding["state"] == "ok" for finding in findings.values() if finding["needed_for_run"])
    assert edgekit("doctor").out.startswith("ok      edgekit ")
    named = json.loads(edgekit("doctor", "--serial", "none", "--format", "json").out)[-1]
    assert named["text"] in ("no device is called 'none'", "there is no adb program on PATH")


def test_doctor_without_adb(edgekit, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = edgekit("doctor", "--format", "json")
    assert (done.code, done.err) == (0, "")
    last = json.loads(done.out)[-1]
    assert (last["subject"], last["state"], last["text"]) == ("devices", "note", "there is no adb program on PATH")
    assert last["mend"].startswith("install it (Debian: apt install adb; ")
