"""Who ends when whom: hosts, devices, runners. Nothing is left running."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from with_adb.processes import JOB, commands_with, endless_job, push_job, runners, until
from with_litert.golden_job import FILES

from edgekit.device.adb import quoted
from edgekit.device.loopback.process import LoopbackDevice
from edgekit.errors import AdbTimeout, DeviceError, DeviceGone, NoDevice, RunnerError
from edgekit.targets import adb_target


@pytest.fixture
def own(tmp_path):
    """A device that a test may break."""
    with LoopbackDevice(tmp_path / "device") as running:
        yield running
    assert until(lambda: commands_with(str(running.folder)) == [])


@pytest.fixture
def running(own, tmp_path):
    """(device, its connection, the errors of the thread that waits for an endless runner)."""
    adb = own.connect()
    push_job(adb, tmp_path, endless_job())
    errors = []

    def wait():
        try:
            adb.shell(quoted("edgekit-runner", JOB), seconds=120)
        except DeviceError as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert until(lambda: len(runners(own)) == 1)
    yield own, adb, errors
    own.stop()
    thread.join(timeout=20)
    assert not thread.is_alive()
    adb.close()


def test_a_host_that_disconnects_ends_its_runner(running):
    device, adb, _ = running
    adb._device._io_manager._transport._connection.shutdown(2)
    assert until(lambda: runners(device) == [])
    assert device.process.poll() is None
    fresh = device.connect()
    assert fresh.shell("true").exit_code == 0
    fresh.close()


def test_a_device_that_stops_ends_its_runner(running):
    device, _, errors = running
    device.stop()
    assert until(lambda: runners(device) == [])
    assert until(lambda: len(errors) == 1)
    assert type(errors[0]) is DeviceGone


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_device_that_is_killed_is_gone_for_the_host(running, number):
    device, _, errors = running
    os.kill(device.process.pid, number)
    assert until(lambda: len(errors) == 1)
    assert type(errors[0]) is DeviceGone
    assert errors[0].exit_code == 4
    assert "vanished during: edgekit-runner" in errors[0].message
    device.stop()  # its own end, or the host's, takes the runner along
    assert until(lambda: runners(device) == [])


@pytest.mark.parametrize("direction", ["push", "pull"])
def test_a_device_that_is_killed_during_a_transfer_is_gone(own, tmp_path, direction):
    adb = own.connect()
    local, remote = tmp_path / "x", "/data/local/tmp/x"
    local.write_bytes(bytes(8_000_000))
    (own.folder / "root" / remote[1:]).write_bytes(bytes(8_000_000))
    with pytest.raises(DeviceGone, match=f"vanished during: {direction} /data/local/tmp/x"):
        if direction == "push":
            adb.push(local, remote, lambda _: own.process.kill())
        else:
            adb.pull(remote, tmp_path / "y", lambda _: own.process.kill())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["device", "x"]
    own.process.wait(timeout=20)  # until then its socket may still take a connection, to break it
    with pytest.raises(NoDevice, match="nothing answers at"):
        adb.shell("true")


def test_a_runner_that_is_killed_is_a_sentence(running):
    device, _, _ = running
    other = device.connect()
    done = []
    thread = threading.Thread(target=lambda: done.append(other.shell(quoted("edgekit-runner", JOB), seconds=60)))
    first = runners(device)
    thread.start()
    assert until(lambda: len(runners(device)) == 2)
    (second,) = set(runners(device)) - set(first)
    os.kill(second, signal.SIGSEGV)
    thread.join(timeout=20)
    other.close()
    assert [result.exit_code for result in done] == [128 + signal.SIGSEGV]


def test_a_time_out_closes_the_connection_and_ends_the_runner(own, tmp_path):
    adb = own.connect()
    push_job(adb, tmp_path, endless_job())
    with pytest.raises(AdbTimeout, match="stopped answering during: edgekit-runner"):
        adb.shell(quoted("edgekit-runner", JOB), seconds=1)
    assert until(lambda: runners(own) == [])
    assert adb.shell("echo again").stdout == b"again\n"
    adb.close()


def test_a_job_that_exceeds_its_limit_is_a_runner_error(own, tmp_path, monkeypatch):
    monkeypatch.setattr(adb_target, "EXTRA_SECONDS", 0)
    job = endless_job()
    job = dataclasses.replace(job, cases=(dataclasses.replace(job.cases[0], limit_ns=10**9),))
    adb = own.connect()
    with pytest.raises(RunnerError, match="the runner on 127.0.0.1:.* did not answer within 1 s"):
        adb_target.run_on_device(adb, job, FILES, tmp_path / "answer")
    assert until(lambda: runners(own) == [])
    adb.close()


def test_a_device_dies_with_its_parent(tmp_path):
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom edgekit.device.loopback.process import LoopbackDevice\n"
        "device = LoopbackDevice(Path(sys.argv[1]))\nprint(device.process.pid, flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "d")], stdout=subprocess.PIPE, text=True)
    with parent:
        device = int(parent.stdout.readline())
        assert commands_with(str(tmp_path / "d/root")) == [device]
        parent.kill()
    assert until(lambda: commands_with(str(tmp_path / "d/root")) == [])


def test_stopping_twice_and_starting_badly(tmp_path):
    device = LoopbackDevice(tmp_path / "d")
    device.stop()
    device.stop()
    assert device.process.returncode == 0
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "root").write_text("a file")
    with pytest.raises(RunnerError, match="the loopback device did not start"):
        LoopbackDevice(tmp_path / "bad")


def test_the_current_folder_is_not_the_devices(tmp_path, monkeypatch):
    (tmp_path / "socket.py").write_text("raise SystemExit('taken from the current folder')")
    monkeypatch.chdir(tmp_path)
    with LoopbackDevice(tmp_path / "d") as device:
        adb = device.connect()
        assert adb.shell("echo fine").text == "fine\n"
        adb.close()


def test_the_device_listens_on_this_computer_alone(own):
    port = int(own.address.rpartition(":")[2])
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port]
    assert listening == [f"0100007F:{port:04X}"]
