"""The real `adb` program against the loopback device, with a server and a key of its own. More: test_every_adb.py."""

import subprocess
import threading

import pytest
from odd_names import ODD_NAMES
from with_adb.adb_server import adb_server
from with_adb.processes import JOB, endless_job, push_job, runners, until
from with_litert.golden_job import FILES, compare, golden_job, run_golden_job

from edgekit.device import adb_program, choose, listing
from edgekit.device.adb import push_verified, quoted
from edgekit.device.adb_program import AdbProgram
from edgekit.device.loopback.process import LoopbackDevice
from edgekit.errors import AdbTimeout, DeviceError, DeviceGone, NoDevice, Offline, PushFailed
from edgekit.targets.adb_target import run_on_device

pytestmark = pytest.mark.skipif(adb_program.find_adb() is None, reason="no adb program on PATH: apt install adb")


@pytest.fixture(scope="module")
def server(device, tmp_path_factory):
    """An adb server that knows the device's key alone; those that tests start anew keep theirs in its home too."""
    home = tmp_path_factory.mktemp("home")
    with adb_server(home, ADB_VENDOR_KEYS=device.key, HOME=home):
        yield


def adb(*words):
    return subprocess.run(["adb", *words], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def phone(device, server):
    """The device, connected."""
    assert "connected to" in adb("connect", device.address).stdout
    assert until(lambda: [line.state for line in adb_program.devices()] == ["device"])
    yield AdbProgram(device.address)
    adb("disconnect", device.address)


def test_the_device_is_listed(phone, device):
    found = listing.list_devices()
    assert [(item.serial, item.state, item.maker, item.model) for item in found] == [
        (device.address, "device", "edgekit", "loopback")
    ]
    assert f"{device.address:<24}edgekit loopback" in listing.devices_text(found)
    assert choose.connect("*", "").serial == device.address
    with pytest.raises(NoDevice, match="no device is called '127.0.0.1:1'"):
        choose.connect("127.0.0.1:1", "")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(phone, there, tmp_path, name):
    remote, local = there
    source = tmp_path / name
    source.write_bytes(name.encode())
    assert push_verified(phone, source, f"{remote}/{name}") is True
    assert push_verified(phone, source, f"{remote}/{name}") is False
    assert (local / name).read_bytes() == name.encode()
    phone.pull(f"{remote}/{name}", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == name.encode()
    assert phone.shell(quoted("rm", f"{remote}/{name}")).exit_code == 0
    assert list(local.iterdir()) == []


def test_what_the_device_refuses_is_a_sentence(phone, tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(PushFailed, match="refused /../x"):
        phone.push(tmp_path / "x", "/../x")
    with pytest.raises(DeviceError, match="/gone cannot be pulled from .*No such file"):
        phone.pull("/gone", tmp_path / "y")
    assert not (tmp_path / "y").exists()
    with pytest.raises(NoDevice, match="127.0.0.1:1: device '127.0.0.1:1' not found"):
        AdbProgram("127.0.0.1:1").shell("true")


def test_a_job_gives_the_desktops_answer(phone, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    run = run_on_device(phone, golden_job(), FILES, there)
    compare(run, there, runtime="litert", exact_nodes=True)
    run_golden_job("litert", here)
    for name in ("outputs/float-0.bin", "outputs/int8-0.bin"):
        assert (there / name).read_bytes() == (here / name).read_bytes()


def test_another_key_is_not_let_in(server, tmp_path):
    with LoopbackDevice(tmp_path / "stranger") as stranger:  # its key was not given to the server
        assert adb("connect", stranger.address).stdout == f"failed to authenticate to {stranger.address}\n"
        with pytest.raises(Offline, match="device offline"):
            AdbProgram(stranger.address).shell("true")
        with pytest.raises(Offline, match=f"{stranger.address} is offline"):
            choose.connect(stranger.address, "")
        adb("disconnect", stranger.address)


def test_a_device_that_is_killed_in_the_middle_is_gone(server, tmp_path, monkeypatch):
    with LoopbackDevice(tmp_path / "short") as short:
        monkeypatch.setenv("ADB_VENDOR_KEYS", str(short.key))
        adb("kill-server")  # a server reads the keys when it starts
        assert adb("connect", short.address).stdout == f"connected to {short.address}\n"
        phone = AdbProgram(short.address)
        push_job(phone, tmp_path, endless_job())
        errors = []

        def wait():
            try:
                phone.shell(quoted("edgekit-runner", JOB), seconds=120)
            except DeviceError as error:
                errors.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        assert until(lambda: len(runners(short)) == 1)
        short.process.kill()
        thread.join(timeout=60)
        assert [type(error) for error in errors] == [DeviceGone]
        assert "vanished during: edgekit-runner" in errors[0].message
        (tmp_path / "x").write_bytes(b"x")
        with pytest.raises((Offline, NoDevice)):
            phone.push(tmp_path / "x", "/data/x")
    assert until(lambda: runners(short) == [])


def test_a_command_that_adb_gives_up_on_ends_its_runner(server, tmp_path, monkeypatch):
    with LoopbackDevice(tmp_path / "slow") as slow:
        monkeypatch.setenv("ADB_VENDOR_KEYS", str(slow.key))
        adb("kill-server")
        adb("connect", slow.address)
        phone = AdbProgram(slow.address)
        push_job(phone, tmp_path, endless_job())
        with pytest.raises(AdbTimeout, match="adb -s .* shell -T edgekit-runner .* did not answer within 1 s"):
            phone.shell(quoted("edgekit-runner", JOB), seconds=1)
        assert until(lambda: runners(slow) == [])
        assert phone.shell("echo again").stdout == b"again\n"
