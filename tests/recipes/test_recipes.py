"""Every recipe from its first step to its report, small: what people rely on, as numbers."""

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from recipes.conftest import ROOT, SMALL, by_place

from edgekit.convert.shrink import shrink
from edgekit.tflite import read
from edgekit.tflite.metadata import entry, with_metadata

TARGETS = ("desktop:cpu", "loopback:0:cpu")


def test_digits_reaches_both_targets(digits):
    rows = by_place(digits[1])
    assert len(rows) == 8
    for (variant, target), row in rows.items():
        assert target in TARGETS
        assert row["status"] in ("ok", "unstable"), (variant, target, row["reason"])
        assert row["parity"]["passed"]
        assert row["accuracy"]["where"] == "target"
        assert row["accuracy"]["samples"] == 500
        assert row["accuracy"]["value"] >= 0.95
        assert row["measurement"]["target_parity"]["passed"]
        assert row["latency_ns"]["value"] > 0
        nodes = row["measurement"]["nodes"]
        assert nodes["delegated"] == nodes["total"] > 0
        assert nodes["partitions"] == 1


def test_digits_files_shrink(digits):
    rows = by_place(digits[1])
    sizes = [rows[(name, "desktop:cpu")]["size_bytes"] for name in ("float32", "fp16", "int8", "pruned-qat-int8")]
    assert sizes == sorted(sizes, reverse=True)
    float32, pruned = rows[("float32", "desktop:cpu")], rows[("pruned-qat-int8", "desktop:cpu")]
    assert pruned["macs"] <= 0.5 * float32["macs"]
    assert 0.13 < pruned["size_bytes"] / float32["size_bytes"] < 0.16


def test_digits_is_converted_from_torch_once_for_every_precision(digits):
    floats = list((digits[0] / "stages").glob("float-*/float32.tflite"))
    assert len(floats) == 1, "float32, fp16 and int8 begin with one file; the trained int8 has a graph of its own"
    made = (digits[0] / "artifacts/digits-cnn/float32.tflite").read_bytes()
    added = {name: entry(made, name) for name in read(made).metadata if name.startswith("edgekit.")}
    assert added.keys() == {"edgekit.lineage", "edgekit.labels", "edgekit.normalization"}
    shrunk, names = shrink(with_metadata(floats[0].read_bytes(), added))
    assert shrunk == made
    assert json.loads((digits[0] / "artifacts/digits-cnn/float32.tflite.json").read_text())["tensor_names"] == names


def test_digits_trained_scales_are_all_in_the_file(digits):
    path = digits[0] / "artifacts" / "digits-cnn" / "pruned-qat-int8.tflite.json"
    sidecar = json.loads(path.read_text())
    assert sidecar["quantized_tensors"] == sidecar["quantized_compared"] == sidecar["quantized_equal"] == 16
    assert sidecar["parity"]["rule"] == "int8-qat"
    assert sidecar["parity"]["value"] >= 0.99
    assert [step["kind"] for step in sidecar["steps"]] == ["train", "prune", "qat"]


def test_the_desktop_and_the_device_return_the_same(digits):
    """One computer, one runtime: the first outputs agree to the last bit through the whole ADB road."""
    rows = by_place(digits[1])
    for variant in ("float32", "fp16", "int8", "pruned-qat-int8"):
        desktop, loopback = (rows[(variant, target)]["measurement"] for target in TARGETS)
        assert desktop["first_values"] == loopback["first_values"]
        assert desktop["environment"]["context"] == "shell"


def test_a_second_run_computes_and_measures_nothing(digits, edgekit):
    workspace, report, _ = digits
    before = {path: path.stat().st_mtime_ns for path in (workspace / "series").rglob("*")}
    code, again, said = edgekit("run", "digits-cnn", "--workspace", workspace, *SMALL)
    assert code == 0
    assert again["rows"] == report["rows"]
    assert said.count("reused (--fresh measures anew)") == 2
    assert "step " not in said
    assert "convert " not in said
    assert {path: path.stat().st_mtime_ns for path in (workspace / "series").rglob("*")} == before


def test_another_target_computes_only_what_is_missing(digits, edgekit):
    """@torch runs the float program; the other variants say why they do not run there."""
    workspace = digits[0]
    words = ("--target", "desktop:cpu@torch", "--workspace", workspace)
    code, report, said = edgekit("run", "digits-cnn", *words, *SMALL)
    assert code == 0
    assert "step " not in said
    rows = by_place(report)
    measured = rows[("float32", "desktop:cpu@torch")]
    assert measured["status"] in ("ok", "unstable")
    assert measured["runtime"].startswith("torch 2.")
    assert measured["measurement"]["nodes"]["total"] is None
    assert rows[("int8", "desktop:cpu@torch")]["status"] == "unsupported"
    assert "torch runs float32 variants only" in rows[("int8", "desktop:cpu@torch")]["reason"]


def runners_of(process):
    """Command lines of the runners in folders that `process` made, a moment after its end."""
    time.sleep(0.5)
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if "edgekit.runner" in line and f"-{process}-" in line]


@pytest.mark.slow
def test_killed_runs_go_on(edgekit, tmp_path, digits):
    """Three kills in a row in one workspace; `make figures-remake TOPIC=chain` does twenty."""
    generator = random.Random(7)
    command = [sys.executable, "-m", "edgekit", "run", "digits-cnn", "--workspace", str(tmp_path), *map(str, SMALL)]
    for _ in range(3):
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(generator.uniform(5, 14))
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert not runners_of(child.pid)  # none lives on to disturb the next run's launches
    code, report, _ = edgekit("run", "digits-cnn", "--workspace", tmp_path, *SMALL)
    assert code == 0
    wanted = by_place(digits[1])
    for place, row in by_place(report).items():
        assert row["artifact_sha256"] == wanted[place]["artifact_sha256"]
        assert row["accuracy"] == wanted[place]["accuracy"]
        assert row["parity"] == wanted[place]["parity"]


def test_two_inputs_and_two_outputs(edgekit, tmp_path):
    code, report, said = edgekit("run", "tests/recipes/two-inputs.toml", "--workspace", tmp_path, *SMALL)
    assert code == 0, said
    rows = by_place(report)
    assert len(rows) == 6
    for row in rows.values():
        assert row["status"] in ("ok", "unstable")
        assert row["parity"]["passed"]
        assert row["accuracy"]["metric"] == "mse"
        assert row["accuracy"]["value"] < 0.03
    sidecar = json.loads((tmp_path / "artifacts" / "two-inputs" / "int8.tflite.json").read_text())
    assert [tensor["shape"] for tensor in sidecar["inputs"]] == [[1, 8, 8, 2], [1, 5]]
    assert [tensor["shape"] for tensor in sidecar["outputs"]] == [[1, 1], [1, 2]]
    assert sidecar["parity"]["measure"] == "rmse / output range"


@pytest.mark.slow
def test_photographs_are_recognised_on_every_target(photographs):
    rows = by_place(photographs[1])
    assert set(rows) == {(name, target) for name in ("float32", "fp16", "int8") for target in TARGETS}
    for row in rows.values():
        assert row["accuracy"]["where"] == "target"
        assert (row["accuracy"]["samples"], row["accuracy"]["value"]) == (2, 1.0)
        assert row["parity"]["passed"]
    assert rows[("int8", "desktop:cpu")]["size_bytes"] < 0.3 * rows[("float32", "desktop:cpu")]["size_bytes"]
