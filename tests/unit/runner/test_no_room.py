"""A runner without room for its answer: that is the place's doing, and never said of the artifact."""

import sys
from dataclasses import replace

import pytest
from full_disks import largest_file
from with_litert.golden_job import FILES, golden_job

from edgekit.device.adb import ShellResult
from edgekit.errors import DeviceError, RunnerError
from edgekit.runner.main import NO_ROOM
from edgekit.target import TargetSpec
from edgekit.targets import adb_target, desktop
from edgekit.targets.desktop import Desktop, run_child


def exits(code, said):
    return [sys.executable, "-c", f"import sys; sys.stderr.write({said!r}); sys.exit({code})"]


def test_what_the_exit_code_means(tmp_path):
    with pytest.raises(DeviceError, match="the runner ended without an answer: x: No space left on device") as caught:
        run_child(exits(NO_ROOM, "x: No space left on device"), tmp_path, 60)
    assert (type(caught.value), caught.value.hint) == (DeviceError, "free space there")
    with pytest.raises(RunnerError, match="the runner ended with code 1 and no answer"):
        run_child(exits(1, "x"), tmp_path, 60)


def test_what_it_means_on_a_device():
    class Adb:
        serial = "s"

        def shell(self, command, seconds):
            return ShellResult(stdout=b"", stderr=b"outputs/c-0.bin: No space left", exit_code=NO_ROOM)

    with pytest.raises(
        DeviceError, match="the runner on s ended without an answer: outputs/c-0.bin: No space"
    ) as caught:
        adb_target._launch(Adb(), golden_job(), "/x")
    assert type(caught.value) is DeviceError


def test_a_launch_whose_answer_finds_no_room(tmp_path, monkeypatch):
    """run.json is larger than the limit, and the runner's own copy of edgekit is not."""
    target = Desktop(TargetSpec(kind="desktop", address="", delegate="cpu"), {})
    package = max(path.stat().st_size for path in (FILES["float.tflite"].parents[3] / "edgekit/runner").glob("*.py"))
    limit = package + 100
    job = golden_job()
    longer = replace(job, cases=tuple(replace(job.cases[0], id=f"c{number:03d}") for number in range(20)))

    def limited(*words):  # the host's own files have room
        with largest_file(limit):
            run_child(*words)

    with monkeypatch.context() as patched:
        patched.setattr(desktop, "run_child", limited)
        with pytest.raises(DeviceError, match="its answer cannot be written: File too large"):
            target.run(longer, FILES, tmp_path / "answer")
    assert not (tmp_path / "answer").exists()
    assert target.run(job, FILES, tmp_path / "answer").job == job.id
