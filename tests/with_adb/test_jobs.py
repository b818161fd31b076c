"""A whole job through the loopback target: the desktop's answer bit for bit, and what it leaves on the device."""

import dataclasses

import pytest
from with_adb.processes import commands_with
from with_litert.golden_job import FILES, compare, golden_job, run_golden_job

from edgekit.errors import DeviceError, RunnerError
from edgekit.runner import protocol
from edgekit.target import parse_target
from edgekit.targets import adb_target, open_target


@pytest.fixture
def target():
    opened = open_target(parse_target("loopback:0:cpu"))
    yield opened
    opened.close()
    opened.close()


def outputs(run, answer):
    return {output.data.file: (answer / output.data.file).read_bytes() for c in run.cases for output in c.outputs}


def test_the_loopback_device_answers_as_the_desktop_does(target, tmp_path):
    assert target.probe() is None
    here, there = tmp_path / "here", tmp_path / "there"
    on_desktop = run_golden_job("litert", here)
    on_device = target.run(golden_job(), FILES, there)
    compare(on_device, there, runtime="litert", exact_nodes=True)
    assert outputs(on_device, there) == outputs(on_desktop, here)
    assert [case.outputs for case in on_device.cases] == [case.outputs for case in on_desktop.cases]
    assert [case.nodes for case in on_device.cases] == [case.nodes for case in on_desktop.cases]
    assert on_device.environment == on_desktop.environment


def test_files_stay_and_outputs_do_not(target, tmp_path):
    target.run(golden_job(), FILES, tmp_path)
    folder = "/data/local/tmp/edgekit/job"
    names = ["float.tflite", "images.bin", "int8.tflite", "job.json", "run.json"]
    assert target.adb().shell(f"ls {folder}").text.split() == names
    again = target.run(dataclasses.replace(golden_job(), id="again"), FILES, tmp_path)
    assert again.job == "again"
    root = target._folder
    target.close()
    assert not root.exists()
    assert commands_with(str(root)) == []


def test_a_case_that_fails_is_a_row_and_not_an_error(target, tmp_path):
    job = golden_job()
    bad = dataclasses.replace(job.cases[0], delegate="gpu")
    run = target.run(dataclasses.replace(job, cases=(bad, job.cases[1])), FILES, tmp_path)
    assert [case.status for case in run.cases] == ["unsupported", "ok"]


def test_a_job_that_the_runner_cannot_read(target, tmp_path, monkeypatch):
    monkeypatch.setattr(protocol, "dump_job", lambda _: "{}")
    with pytest.raises(
        RunnerError, match="ended with code 2: edgekit runner: job.json: schema: expected 'edgekit.job'"
    ):
        target.run(golden_job(), FILES, tmp_path)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "outputs/../../x", ""])
def test_outputs_stay_in_the_answers_folder(target, tmp_path, monkeypatch, name):
    run = target.run(golden_job(), FILES, tmp_path / "first")
    output = run.cases[0].outputs[0]
    changed = dataclasses.replace(output, data=dataclasses.replace(output.data, file=name))
    hostile = dataclasses.replace(run, cases=(dataclasses.replace(run.cases[0], outputs=(changed,)), run.cases[1]))
    monkeypatch.setattr(adb_target, "read_run", lambda *_: hostile)
    with pytest.raises(RunnerError, match="names a file outside its folder"):
        target.run(golden_job(), FILES, tmp_path / "second")
    assert not (tmp_path / "x").exists()


def test_an_output_that_comes_back_changed(target, tmp_path, monkeypatch):
    run = target.run(golden_job(), FILES, tmp_path / "first")
    output = run.cases[0].outputs[0]
    changed = dataclasses.replace(output, data=dataclasses.replace(output.data, sha256="0" * 64))
    other = dataclasses.replace(run, cases=(dataclasses.replace(run.cases[0], outputs=(changed,)), run.cases[1]))
    monkeypatch.setattr(adb_target, "read_run", lambda *_: other)
    with pytest.raises(DeviceError, match="float-0.bin came back from .* with another sha256"):
        target.run(golden_job(), FILES, tmp_path / "second")


def test_a_file_is_pushed_once(target, tmp_path):
    assert " pushed, sha256 5b26c69d" in adb_target.push_file(target.adb(), FILES["float.tflite"])
    assert " there already, sha256 5b26c69d" in adb_target.push_file(target.adb(), FILES["float.tflite"])
