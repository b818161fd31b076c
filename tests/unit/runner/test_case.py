"""One case on an engine that is a script with a clock: what is timed, when memory is read, what becomes of outputs."""

import dataclasses
import hashlib
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from edgekit.runner import case as runner_case
from edgekit.runner import codec, state
from edgekit.runner.case import BadJob, checked_file, first_values, run_case
from edgekit.runner.deploy import runner_environment
from edgekit.runner.engine import Tensor
from edgekit.runner.protocol import Case, FileRef, InputData, Nodes, Phases, SamplePlan, Warmup

COPY, INVOKE, READ = 10, 100, 1000


class Engine:
    """Doubles its input; each call takes its own time on `clock`."""

    runtime_version = "1"
    inputs = outputs = (Tensor(name="x", shape=(1, 2), dtype="float32"),)
    phases = Phases(model_build_ns=1)

    def __init__(self, clock, said):
        self.clock, self.said = clock, said

    def copy_in(self, arrays):
        self.clock[0] += COPY
        self.said.append("copy")
        self.array = arrays[0].copy()

    def invoke(self):
        self.clock[0] += INVOKE
        self.said.append("invoke")
        self.array = self.array * 2

    def read_out(self):
        self.clock[0] += READ
        self.said.append("read")
        return (self.array.copy(),)

    def nodes(self):
        return Nodes()


def reference(folder, name, content):
    (folder / name).write_bytes(content)
    return FileRef(file=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))


@pytest.fixture
def one_case(tmp_path):
    content = np.arange(6, dtype="<f4").tobytes()
    data = InputData(name="x", data=reference(tmp_path, "x.bin", content), dtype="float32", shape=(1, 2), count=3)
    return Case(
        id="c",
        artifact=reference(tmp_path, "m", b"model"),
        delegate="cpu",
        inputs=(data,),
        warmup=Warmup(min_runs=4, in_a_row=4, min_ns=0),
        samples=SamplePlan(min_runs=5, min_ns=0),
        outputs="all",
    )


@pytest.fixture
def said(monkeypatch):
    """The engine's calls and the memory readings, in order."""
    said, clock = [], [0]
    monkeypatch.setattr(runner_case, "open_engine", lambda *_, **__: said.append("open") or Engine(clock, said))
    monkeypatch.setattr(runner_case.time, "perf_counter_ns", lambda: clock[0])
    monkeypatch.setattr(state, "device_state", lambda: None)
    counter = itertools.count(1)
    monkeypatch.setattr(state, "memory_bytes", lambda field: said.append(field) or next(counter))
    monkeypatch.setattr(state, "pss_bytes", lambda: said.append("pss") or 99)
    return said


def test_latency_runs_from_before_the_copy_to_after_the_read(one_case, said, tmp_path):
    result, version = run_case(one_case, tmp_path)
    assert (result.status, version) == ("ok", "1")
    assert result.samples.latency_ns == (COPY + INVOKE + READ,) * 5
    assert result.samples.invoke_ns == (INVOKE,) * 5
    assert (result.samples.warmup_runs, result.samples.warmup_converged) == (4, True)
    assert result.phases == Phases(
        model_build_ns=1, first_inference_ns=COPY + INVOKE + READ, warmup_ns=4 * (COPY + INVOKE + READ)
    )


def test_memory_is_read_at_its_stages(one_case, said, tmp_path):
    memory = run_case(one_case, tmp_path)[0].memory
    assert [call for call in said if call not in ("copy", "invoke", "read")] == (
        ["VmRSS", "open", "VmRSS", "VmRSS", "VmRSS", "VmHWM", "pss"]
    )
    assert said[:7] == ["VmRSS", "open", "VmRSS", "copy", "invoke", "read", "VmRSS"]
    stages = (memory.start_bytes, memory.allocated_bytes, memory.first_bytes, memory.end_bytes, memory.peak_bytes)
    assert stages == (1, 2, 3, 4, 5)
    assert (memory.loaded_bytes, memory.delegated_bytes, memory.arena_bytes) == (None, None, None)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this system has no /proc/self/clear_refs")
def test_each_case_has_its_own_peak():
    held = b"x" * 200_000_000
    before = state.memory_bytes("VmHWM")
    assert before >= len(held)
    del held
    state.reset_peak()
    assert state.memory_bytes("VmHWM") <= before - 150_000_000


def test_outputs_are_those_of_each_sample(one_case, said, tmp_path):
    output = run_case(one_case, tmp_path)[0].outputs[0]
    assert (output.count, output.shape, output.first_values) == (3, (1, 2), (0.0, 2.0))
    assert np.fromfile(tmp_path / output.data.file, "<f4").tolist() == [0, 2, 4, 6, 8, 10]
    first = dataclasses.replace(one_case, outputs="first")
    output = run_case(first, tmp_path)[0].outputs[0]
    assert (output.count, output.data.size_bytes) == (1, 8)


def test_whatever_a_runtime_raises_is_the_cases_reason(one_case, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise KeyError("tensor\n7")

    monkeypatch.setattr(runner_case, "open_engine", broken)
    result, _ = run_case(one_case, tmp_path)
    assert (result.status, result.reason) == ("failed", "KeyError: 'tensor\\n7'")


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1.5, -2.0], (1.5, -2.0)),
        ([1.0, math.nan, 2.0], (1.0,)),
        ([math.inf, 1.0], ()),
        ([0.0, 1.0, -math.inf], (0.0, 1.0)),
        (range(20), tuple(map(float, range(8)))),
    ],
)
def test_first_values_end_before_what_json_cannot_hold(values, kept):
    assert first_values(np.array([list(values)], np.float32)) == kept


def test_files_are_checked_before_use(tmp_path):
    good = reference(tmp_path, "m", b"model")
    assert checked_file(good, tmp_path) == tmp_path / "m"
    for change, reason in (
        ({"size_bytes": 6}, "m has 5 bytes, the job says 6"),
        ({"sha256": "f" * 64}, "m has sha256 9372c470eeadd5ec..., the job says ffffffffffffffff..."),
        ({"file": "n"}, "n is not there"),
    ):
        with pytest.raises(BadJob) as caught:
            checked_file(dataclasses.replace(good, **change), tmp_path)
        assert str(caught.value) == reason
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadJob, match="folder is not there"):
        checked_file(dataclasses.replace(good, file="folder"), tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"fast": NaN}', "not JSON (NaN is no JSON)"),
        ('{"fast": -Infinity}', "not JSON (-Infinity is no JSON)"),
        ('{"fast": 1e999}', "fast: expected a finite number, got Infinity"),
        ('{"fast": 1' + "0" * 400 + "}", "fast: expected a finite number, got 1" + "0" * 56 + "..."),
        ('{"min_ns": 1.5}', "min_ns: expected a whole number, got 1.5"),
    ],
)
def test_numbers_that_json_or_we_do_not_have(text, sentence):
    with pytest.raises(codec.CodecError) as caught:
        codec.loads(Warmup, text)
    assert str(caught.value) == sentence


def test_half_a_character_is_no_text():
    with pytest.raises(codec.CodecError, match="file: expected Unicode text"):
        codec.loads(FileRef, json.dumps({"file": "\ud800", "sha256": "", "size_bytes": 1}))
    assert codec.loads(FileRef, json.dumps({"file": "größe?🙂", "sha256": "", "size_bytes": 1})).file == "größe?🙂"


def test_the_runner_travels_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    environment = runner_environment(tmp_path)
    assert environment["PYTHONPATH"] == str(tmp_path / "program")
    assert environment["PYTHONSAFEPATH"] == "1"
    package = tmp_path / "program" / "edgekit"
    assert sorted(path.name for path in package.iterdir()) == ["__init__.py", "runner"]
    assert not list(package.rglob("__pycache__"))
    assert runner_environment(tmp_path) == environment
