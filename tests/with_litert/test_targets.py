"""Targets: why one cannot be used, and what becomes of runners that crash, hang, or answer nonsense."""

import dataclasses
import sys
import tempfile

import pytest
from fakes import FakeAdb
from with_adb.processes import commands_with, endless_job, until
from with_litert.golden_job import FILES, golden_job, run_golden_job

from edgekit.errors import NoDevice, ProtocolMismatch, ResultError, RunnerError, UsageError
from edgekit.runner import protocol
from edgekit.target import parse_target
from edgekit.targets import TARGETS, expand, open_target
from edgekit.targets.desktop import read_run


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("desktop:cpu", None),
        ("desktop:cpu-default", None),
        ("desktop:cpu@torch", None),
        ("desktop:gpu", "the desktop's litert has no delegate gpu in this version"),
        ("desktop:coreml", "Core ML runs on macOS only, and this computer runs linux"),
        ("desktop:cuda", "the desktop's litert has no delegate cuda in this version"),
        ("desktop:nnapi@torch", "the desktop's torch has no delegate nnapi in this version"),
        ("desktop:cpu@onnxruntime", "the desktop has no runtime onnxruntime in this version"),
        ("loopback:0:cpu", None),
        ("loopback:0:gpu", "the loopback device has no delegate gpu: it is this computer's CPU"),
    ],
)
def test_why_a_target_cannot_be_used(name, reason):
    target = open_target(parse_target(name))
    assert target.probe() == reason
    target.close()


@pytest.mark.parametrize("python", [sys.executable, "/bin/false"])
def test_a_runtime_that_is_not_installed_gets_the_line_that_mends_it(python, monkeypatch):
    if python == sys.executable:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    target = open_target(parse_target("desktop:cpu@tflite-runtime"), pythons={"tflite-runtime": python})
    reason = target.probe()
    assert reason.startswith("tflite_runtime is not installed here: make an environment with tflite-runtime")
    assert reason.endswith("set EDGEKIT_PYTHON_TFLITE_RUNTIME to its python")


def test_a_python_that_does_not_start_is_named():
    target = open_target(parse_target("desktop:cpu@tensorflow"), pythons={"tensorflow": "/gone/python"})
    assert target.probe() == "the Python named for tensorflow cannot be started: /gone/python"


def test_kinds_that_are_not_built():
    with pytest.raises(UsageError, match="target linux:x:cpu: targets of kind linux are not part of this version"):
        open_target(parse_target("linux:x:cpu"))
    assert set(TARGETS) == {"desktop", "android", "loopback"}


def test_every_delegate():
    specs = expand([parse_target("loopback:0:*"), parse_target("loopback:0:cpu"), parse_target("android:*:*")])
    assert [str(spec) for spec in specs] == [
        "loopback:0:cpu",
        "loopback:0:cpu-default",
        "android:*:cpu",
        "android:*:cpu-default",
        "android:*:gpu",
        "android:*:nnapi",
    ]


def test_an_android_target_without_a_device(monkeypatch, tmp_path):
    FakeAdb(tmp_path, monkeypatch, devices={}, shell={})
    with pytest.raises(NoDevice):
        open_target(parse_target("android:*:cpu")).probe()


@pytest.fixture
def desktop(tmp_path, monkeypatch):
    """desktop:cpu whose python is a script of the test; its job folders lie in tmp_path/jobs."""
    (tmp_path / "jobs").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "jobs"))

    def opened(script):
        program = tmp_path / "python"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        return open_target(parse_target("desktop:cpu"), pythons={"litert": str(program)})

    yield opened
    assert list((tmp_path / "jobs").iterdir()) == []
    assert commands_with(str(tmp_path / "jobs")) == []


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo first >&2; echo last >&2; kill -SEGV $$", "the runner was ended by SIGSEGV: first | last"),
        ("kill -KILL $$", "the runner was ended by SIGKILL"),
        ("kill -40 $$", "the runner was ended by signal 40"),
        ("echo why >&2; exit 7", "the runner ended with code 7 and no answer: why"),
        ("exit 0", "the runner ended with code 0 and no answer: "),
    ],
)
def test_a_runner_that_breaks_is_a_sentence(desktop, tmp_path, script, sentence):
    with pytest.raises(RunnerError) as caught:
        desktop(script).run(golden_job(), FILES, tmp_path / "answer")
    assert caught.value.message == sentence
    assert caught.value.exit_code == 4


def test_a_python_that_is_not_there(tmp_path):
    target = open_target(parse_target("desktop:cpu"), pythons={"litert": "/gone/python"})
    with pytest.raises(RunnerError, match="/gone/python cannot be started: No such file or directory"):
        target.run(golden_job(), FILES, tmp_path)


def test_a_time_out_ends_the_runner_and_what_it_started(desktop, tmp_path):
    job = golden_job()
    job = dataclasses.replace(job, cases=(dataclasses.replace(job.cases[0], limit_ns=500_000_000),))
    target = desktop('tail -f "$3/job.json" & wait')  # $3: the job's folder
    with pytest.raises(RunnerError, match="the runner did not answer within 0.5 s"):
        target.run(job, FILES, tmp_path / "answer")
    assert until(lambda: commands_with(str(tmp_path / "jobs")) == [])


def test_the_limit_of_a_case_ends_a_real_runner(desktop, tmp_path):
    job = endless_job()
    job = dataclasses.replace(job, cases=(dataclasses.replace(job.cases[0], limit_ns=2_000_000_000),))
    with pytest.raises(RunnerError, match="the runner did not answer within 2 s"):
        open_target(parse_target("desktop:cpu")).run(job, FILES, tmp_path / "answer")


def test_the_current_folder_is_not_the_runners(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('taken from the current folder')")
    monkeypatch.chdir(tmp_path)
    assert [case.status for case in run_golden_job("litert", tmp_path / "answer").cases] == ["ok", "ok"]


def test_answers_that_do_not_belong_to_the_job(tmp_path):
    run = run_golden_job("litert", tmp_path)
    text = protocol.dump_run(run)
    assert read_run(text.encode(), golden_job()) == run
    with pytest.raises(ResultError, match="the runner answered job 'golden', asked was 'other'"):
        read_run(text.encode(), dataclasses.replace(golden_job(), id="other"))
    with pytest.raises(ResultError, match="the runner answered job"):
        read_run(text.encode(), dataclasses.replace(golden_job(), cases=golden_job().cases[:1]))
    with pytest.raises(ProtocolMismatch, match="format 3 is newer than this edgekit reads"):
        read_run(text.replace('"version": 2', '"version": 3').encode(), golden_job())
    with pytest.raises(ResultError, match="the runner's answer cannot be read: not JSON"):
        read_run(text[:-10].encode(), golden_job())
