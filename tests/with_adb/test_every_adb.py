"""What holds of the loopback device holds of real adbd, by Google's adb and by adb-shell: neither drifts apart."""

import hashlib
import random
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from with_adb.adb_server import adb_server
from with_adb.conftest import SHELL

from edgekit.device import adb_program, choose
from edgekit.device.adb import push_verified, quoted, remote_sha256
from edgekit.device.adb_program import AdbProgram
from edgekit.device.adb_wire import AdbWire, make_key
from edgekit.errors import DeviceError, PushFailed

FIFTY_MB = 50_000_000
STREAMS = 12
NOT_FOUND = {"loopback": b"", "adbd": b"E: /bin/sh: "}
"""What the device's shell says before "NAME: inaccessible or not found": Debian's mksh names itself."""


@pytest.fixture(scope="module")
def server(device, tmp_path_factory):
    """One adb server for both devices; real adbd asks for no key."""
    if adb_program.find_adb() is None:
        pytest.skip("no adb program on PATH: apt install adb")
    with adb_server(tmp_path_factory.mktemp("home"), ADB_VENDOR_KEYS=device.key):
        yield


@pytest.fixture(scope="module", params=["loopback", "adbd"])
def far_end(request, device):
    """name, serial and key of a device."""
    if request.param == "loopback":
        return SimpleNamespace(name="loopback", serial=device.address, key=device.key)
    android = request.getfixturevalue("android_session")
    key = make_key(request.getfixturevalue("tmp_path_factory").mktemp("key") / "adbkey")
    return SimpleNamespace(name="adbd", serial=android.serial, key=key)


@pytest.fixture(scope="module")
def connected(far_end, server):
    """The same device, known to Google's adb."""
    done = subprocess.run(["adb", "connect", far_end.serial], capture_output=True, text=True, timeout=60)
    assert done.stdout == f"connected to {far_end.serial}\n"
    yield far_end
    subprocess.run(["adb", "disconnect", far_end.serial], capture_output=True, timeout=60)


@pytest.fixture(scope="module", params=["adb", "adb-shell"])
def way(request, far_end):
    """A way to the device."""
    if request.param == "adb":
        request.getfixturevalue("connected")
        yield AdbProgram(far_end.serial)
    else:
        connection = AdbWire(far_end.serial, far_end.key)
        yield connection
        connection.close()


@pytest.fixture
def folder(way, tmp_path):
    """A folder on the device, gone after the test."""
    remote = f"/data/local/tmp/{tmp_path.name}"
    assert way.shell(quoted("mkdir", "-p", remote)).exit_code == 0
    yield remote
    assert way.shell(quoted("rm", "-rf", remote)).exit_code == 0


def random_file(path, size):
    path.write_bytes(random.Random(size).randbytes(size))
    return path


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_is_connected_and_chosen_by_its_serial(connected):
    states = {line.serial: line.state for line in adb_program.devices()}
    assert states[connected.serial] == "device"
    assert choose.connect(connected.serial, "").shell("echo here").stdout == b"here\n"


@pytest.mark.parametrize(("command", "stdout", "stderr", "code"), SHELL)
def test_the_shell_gives_both_outputs_and_the_exit_code(way, far_end, command, stdout, stderr, code):
    result = way.shell(command)
    wanted = NOT_FOUND[far_end.name] + stderr if code == 127 else stderr
    assert (result.stdout, result.stderr, result.exit_code) == (stdout, wanted, code)


@pytest.mark.parametrize("size", [0, 1, 65537, FIFTY_MB])
def test_files_go_there_and_back_bit_for_bit(way, folder, tmp_path, size):
    up, down = random_file(tmp_path / "up", size), tmp_path / "down"
    pushed, pulled = [], []
    way.push(up, f"{folder}/x", pushed.append)
    assert remote_sha256(way, f"{folder}/x") == sha256(up)
    way.pull(f"{folder}/x", down, pulled.append)
    assert sha256(down) == sha256(up)
    assert sum(pushed) == sum(pulled) == size
    if isinstance(way, AdbProgram):  # it says nothing until all is there
        assert pushed == pulled == [size]
    assert way.shell(quoted("ls", folder)).stdout == b"x\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["down", "up"]


def test_a_verified_push_is_skipped_for_the_same_hash_alone(way, folder, tmp_path):
    source = tmp_path / "m"
    source.write_bytes(b"model one")
    assert [push_verified(way, source, f"{folder}/m") for _ in range(2)] == [True, False]
    source.write_bytes(b"model two")
    assert push_verified(way, source, f"{folder}/m") is True
    assert way.shell(quoted("cat", f"{folder}/m")).stdout == b"model two"
    assert way.shell(quoted("ls", folder)).stdout == b"m\n"


def test_what_cannot_be_is_a_sentence_and_leaves_nothing(way, tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(PushFailed):
        way.push(tmp_path / "x", "/../x")
    with pytest.raises(DeviceError, match=r"/gone.*No such file"):
        way.pull("/gone", tmp_path / "y")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_several_streams_at_once(connected, tmp_path):
    """Through Google's server all of it shares one connection: shells, a push and a pull of 20 MB each, at one time."""
    phone = AdbProgram(connected.serial)
    remote = f"/data/local/tmp/{tmp_path.name}"
    assert phone.shell(quoted("mkdir", "-p", remote)).exit_code == 0
    up, before = random_file(tmp_path / "up", 20_000_000), random_file(tmp_path / "before", 20_000_001)
    phone.push(before, f"{remote}/before")
    started = threading.Barrier(STREAMS + 2)

    def at_once(call, *words):
        started.wait(timeout=30)
        return call(*words)

    with ThreadPoolExecutor(STREAMS + 2) as pool:
        pushing = pool.submit(at_once, phone.push, up, f"{remote}/up")
        pulling = pool.submit(at_once, phone.pull, f"{remote}/before", tmp_path / "back")
        shells = [pool.submit(at_once, phone.shell, f"echo {number}") for number in range(STREAMS)]
        assert [shell.result(60).stdout for shell in shells] == [f"{number}\n".encode() for number in range(STREAMS)]
        pushing.result(60)
        pulling.result(60)
    assert remote_sha256(phone, f"{remote}/up") == sha256(up)
    assert sha256(tmp_path / "back") == sha256(before)
    assert phone.shell(quoted("rm", "-r", remote)).exit_code == 0
