"""Nothing of the Android-like device outlives it: no process, no mount, no socket; two of them do not meet."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from with_adb.android_device import ANDROID_RUNNER, started
from with_adb.processes import commands_with, until

from edgekit.device.adb_wire import AdbWire, make_key
from edgekit.errors import NoDevice


def mounts():
    return sorted(line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines())


def test_nothing_is_left(tmp_path):
    before = mounts()
    with started(tmp_path / "device") as device:
        assert mounts() == before  # its mounts are in a namespace of their own
        assert len(commands_with(str(device.folder))) >= 3
        with pytest.raises(OSError):  # the port is 127.0.0.1's alone
            socket.create_connection((own_address(), device.port), timeout=1).close()
    assert commands_with(str(tmp_path)) == []
    assert mounts() == before
    assert sorted(path.name for path in device.folder.iterdir()) == ["adbd.log", "device.log"]
    with pytest.raises(NoDevice):
        AdbWire(device.serial, make_key(tmp_path / "adbkey"))


def own_address():
    """Of this computer, as others see it; 127.0.0.2 where it has no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.2"
        return probe.getsockname()[0]


def test_two_devices_do_not_meet(android, tmp_path):
    with started(tmp_path / "second") as second:
        key = make_key(tmp_path / "adbkey")
        first, other = AdbWire(android.serial, key), AdbWire(second.serial, key)
        second.faults(page_bytes=16384)
        assert [way.shell("getconf PAGE_SIZE").stdout for way in (first, other)] == [b"4096\n", b"16384\n"]
        assert other.shell("echo x > /data/local/tmp/only-here").exit_code == 0
        assert first.shell("cat /data/local/tmp/only-here").exit_code == 1
        assert second.inside("/data/local/tmp/only-here").read_text() == "x\n"
        first.close()
        other.close()


def test_it_ends_with_a_parent_that_is_killed(android_session, tmp_path):
    words = [sys.executable, ANDROID_RUNNER / "device/start.py", "--port", "0", "--folder", tmp_path / "device"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        serial = process.stdout.readline().strip()
        assert process.stdout.readline() == f"adb connect {serial}\n"
        way = AdbWire(serial, make_key(tmp_path / "adbkey"))
        assert way.shell("getprop ro.boot.qemu").stdout == b"1\n"
        process.kill()
    assert until(lambda: commands_with(str(tmp_path)) == [])
    assert str(tmp_path) not in " ".join(mounts())
    way.close()


def test_ctrl_c_ends_it(android_session, tmp_path):
    words = [sys.executable, ANDROID_RUNNER / "device/start.py", "--port", "0", "--folder", tmp_path / "device"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert until(lambda: commands_with(str(tmp_path)) == [])


def test_without_root_it_says_so(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    program = (
        f"import sys; sys.path.insert(0, {str(ANDROID_RUNNER / 'device')!r}); import device; print(device.missing())"
    )
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    done = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True, **nobody)
    assert done.stdout == "the Android-like device needs root (namespaces, mounts and users of its own)\n"
