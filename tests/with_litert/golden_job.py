"""The golden job of tests/golden/runner on a runtime, by the python that has it, compared with the golden run."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from edgekit.runner import protocol
from edgekit.target import TargetSpec
from edgekit.targets.desktop import Desktop

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "runner"
FILES = {name: GOLDEN / name for name in ("float.tflite", "int8.tflite", "images.bin")}
TOLERANCE = {"float32": 1e-5, "int8": 1}
"""Of an output value: absolute for floats, steps for integers."""


def golden_job(runtime="litert"):
    """The job, its cases on `runtime`."""
    job = protocol.load_job((GOLDEN / "job.json").read_bytes())
    return dataclasses.replace(job, cases=tuple(dataclasses.replace(case, runtime=runtime) for case in job.cases))


def run_golden_job(runtime, answer, *, python=None):
    """The run, through the desktop target."""
    spec = TargetSpec(kind="desktop", address="", delegate="cpu", runtime=runtime)
    target = Desktop(spec, {runtime: str(python)} if python else {})
    assert target.probe() is None
    return target.run(golden_job(runtime), FILES, answer)


def nulls(table):
    """The keys of a JSON table that are null."""
    return {key for key, value in table.items() if value is None}


def compare(run, answer, *, runtime, exact_nodes):
    """Everything but timings and this machine's state, as parsed JSON."""
    got = json.loads(protocol.dump_run(run))
    wanted = json.loads((GOLDEN / "run.json").read_bytes())
    assert (got["schema"], got["version"], got["job"]) == ("edgekit.run", protocol.VERSION, "golden")
    environment = got["environment"]
    assert (environment["runner"], environment["context"], environment["runtime"]) == ("portable", "shell", runtime)
    assert environment["runtime_version"]
    assert [case["id"] for case in got["cases"]] == ["float", "int8"]
    for mine, golden in zip(got["cases"], wanted["cases"], strict=True):
        compare_case(mine, golden, exact_nodes)
        for output, theirs in zip(mine["outputs"], golden["outputs"], strict=True):
            compare_output(output, theirs, answer)


def compare_case(got, golden, exact_nodes):
    assert (got["status"], got["reason"]) == ("ok", "")
    samples = got["samples"]
    assert [len(samples[name]) for name in ("latency_ns", "invoke_ns")] == [20, 20]
    assert all(0 < inner <= outer for outer, inner in zip(samples["latency_ns"], samples["invoke_ns"], strict=True))
    assert samples["warmup_runs"] >= 1
    assert got["threads"]["asked"] == 1
    assert 1 <= got["threads"]["seen_before"] <= got["threads"]["seen_after"]
    for part in ("phases", "memory"):
        assert nulls(got[part]) == nulls(golden[part]), part
        assert all(value > 0 for value in got[part].values() if value is not None), part
    assert nulls(got["phases"]) == {"file_open_ns", "delegate_create_ns", "delegate_apply_ns"}
    memory = got["memory"]
    assert memory["peak_bytes"] >= memory["start_bytes"]
    nodes = got["nodes"]
    if exact_nodes:
        assert nodes == golden["nodes"]
    elif nodes["total"] is not None:
        assert nodes["total"] >= nodes["delegated"] >= nodes["partitions"] >= 0


def compare_output(got, golden, answer):
    assert {key: got[key] for key in ("dtype", "shape", "count", "zero_point")} == {
        key: golden[key] for key in ("dtype", "shape", "count", "zero_point")
    }
    assert got["scale"] == golden["scale"]
    dtype = golden["dtype"]
    values = np.fromfile(answer / got["data"]["file"], dtype).astype(np.float64)
    theirs = np.fromfile(GOLDEN / golden["data"]["file"], dtype).astype(np.float64)
    assert values.shape == theirs.shape == (golden["count"] * int(np.prod(golden["shape"])),)
    assert np.abs(values - theirs).max() <= TOLERANCE[dtype]
    step = golden["scale"] or TOLERANCE[dtype]
    assert np.abs(np.array(got["first_values"]) - golden["first_values"]).max() <= step * 1.0001
