"""What devices print at its worst, adb's complaints beside a command's, and the verified push's cleaning up."""

import shlex
import socket
import stat
import threading

import pytest
from fakes import FakeAdb

from edgekit.device import adb, adb_program, choose, parse
from edgekit.device.adb_bounded import _transport
from edgekit.device.adb_wire import AdbWire, make_key
from edgekit.device.loopback.wire import public_numbers
from edgekit.errors import AdbMissing, DeviceGone, NoDevice, Offline, PushFailed, Unauthorized

LONG = "9" * 5000


@pytest.mark.parametrize(
    ("parser", "text", "found"),
    [
        (parse.page_bytes, LONG, None),
        (parse.page_bytes, "²", None),
        (parse.page_bytes, "٤٠٩٦", None),
        (parse.page_bytes, "\r\n4096\r\n", 4096),
        (parse.thermal_status, f"Thermal Status: {LONG}", None),
        (parse.thermal_status, "Thermal Status: x", None),
        (parse.battery, f"level: {LONG}\ntemperature: -{LONG}", (None, None)),
        (parse.battery, "  level: 5\n  temperature: -12\n", (5, -12)),
        (parse.getprop_output, "[a]: [\x1b[31mred\x07]", {"a": "[31mred"}),
        (parse.getprop_output, "[a]: [\x1b(0x\x07\u202ey]\n[b]: [größe]", {"a": "(0xy", "b": "größe"}),
        (parse.devices_output, "List of devices attached\n\n", ()),
        (parse.devices_output, "List of devices attached\nlonely\n", ()),
    ],
)
def test_what_devices_print_at_its_worst(parser, text, found):
    assert parser(text) == found


def test_an_address_that_is_not_connected_gets_the_command():
    with pytest.raises(NoDevice) as caught:
        choose.choose("10.0.0.7:5555", [])
    assert caught.value.hint == "adb connect 10.0.0.7:5555"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("error: protocol fault (couldn't read status): Success", DeviceGone),
        ("error: cannot connect to daemon", AdbMissing),
        ("error: no devices/emulators found", NoDevice),
        ("adb: error: failed to copy 'a' to '/b': couldn't read from device", DeviceGone),
        ("error: device still authorizing", Unauthorized),
        ("adb: error: failed to get feature set: device offline", Offline),
        ("adb: error: failed to get feature set: device 'one' not found", NoDevice),
    ],
)
def test_more_of_what_adb_complains_of(monkeypatch, tmp_path, error, kind):
    FakeAdb(tmp_path, monkeypatch, devices={"one": "device"}, error=error)
    with pytest.raises(kind):
        adb_program.AdbProgram("one").shell("true")


def test_a_silent_success_is_checked(monkeypatch, tmp_path):
    fake = FakeAdb(tmp_path, monkeypatch, shell={"mv a b": ["", "", 0], "echo": ["x", "", 0]})
    device = adb_program.AdbProgram("s")
    assert device.shell("echo").text == "x"
    with pytest.raises(DeviceGone, match="s vanished during: mv a b"):
        device.shell("mv a b")  # the stand-in knows no get-state
    assert fake.calls[1:] == [["-s", "s", "shell", "-T", "mv a b"], ["-s", "s", "get-state"]]


def test_a_commands_own_words_are_not_adbs(monkeypatch, tmp_path):
    words = "adb: device offline\n"
    FakeAdb(tmp_path, monkeypatch, shell={"seven": ["", words, 7], "one": ["", "x: offline\nadb: closed\n", 1]})
    device = adb_program.AdbProgram("s")
    assert device.shell("seven") == adb.ShellResult(stdout=b"", stderr=words.encode(), exit_code=7)
    assert device.shell("one").exit_code == 1


def test_a_file_called_closed_is_not_a_device_that_closed(monkeypatch, tmp_path):
    error = "adb: error: failed to copy 'device offline' to '/closed': remote No space left on device"
    FakeAdb(tmp_path, monkeypatch, error=error)
    local = tmp_path / "device offline"
    local.write_bytes(b"x")
    with pytest.raises(PushFailed, match="s refused /closed: .*No space left on device") as caught:
        adb_program.AdbProgram("s").push(local, "/closed")
    assert caught.value.serial == "s"


@pytest.mark.parametrize("address", ["phone", ":5555", "10.0.0.7:", "10.0.0.7:port", "10.0.0.7:0", "10.0.0.7:99999"])
def test_what_is_no_address(address, tmp_path):
    with pytest.raises(Offline, match="is no address") as caught:
        AdbWire(address, make_key(tmp_path / "adbkey"))
    assert caught.value.hint.startswith("HOST:PORT")


def test_a_write_that_the_socket_takes_in_part_is_finished():
    content = bytes(range(256)) * 20_000
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    transport = _transport("unused", 1)
    transport._connection = ours
    got = bytearray()

    def read():
        while len(got) < len(content):
            got.extend(theirs.recv(10_000))

    thread = threading.Thread(target=read)
    thread.start()
    assert transport.bulk_write(content, 10) == len(content) == 5_120_000
    thread.join()
    assert got == content
    theirs.close()
    with pytest.raises(ConnectionResetError, match="the device closed the connection"):
        transport.bulk_read(24, 10)
    ours.close()


def test_a_key_is_made_once_for_the_user_alone(tmp_path):
    key = make_key(tmp_path / "new" / "adbkey")
    content = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert public_numbers(key.with_name("adbkey.pub").read_text())[1] == 65537
    assert make_key(key).read_bytes() == content
    assert sorted(path.name for path in key.parent.iterdir()) == ["adbkey", "adbkey.pub"]


class Device:
    """A dictionary of files; `faults` maps a command word (or "push") to what happens instead."""

    serial = "fake"

    def __init__(self, **faults):
        self.files, self.commands, self.faults = {}, [], faults

    def shell(self, command, **_):
        words = shlex.split(command)
        self.commands.append(words[0])
        if words[0] in self.faults:
            return self.faults[words[0]]()
        if words[0] == "sha256sum":
            import hashlib

            content = self.files.get(words[1])
            text = "" if content is None else f"{hashlib.sha256(content).hexdigest()}  {words[1]}\n"
            return adb.ShellResult(stdout=text.encode(), stderr=b"", exit_code=content is None)
        if words[0] == "mv":
            self.files[words[2]] = self.files.pop(words[1])
        if words[0] == "rm":
            for name in words[2:]:
                self.files.pop(name, None)
        return adb.ShellResult(stdout=b"", stderr=b"", exit_code=0)

    def push(self, local, remote, moved=None):
        self.files[remote] = local.read_bytes()
        self.faults.get("push", lambda: None)()


@pytest.fixture
def local(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(b"model")
    return path


def test_a_push_happens_once(local):
    device = Device()
    assert adb.push_verified(device, local, "/d/m") is True
    assert device.commands == ["sha256sum", "mkdir", "sha256sum", "mv"]
    assert adb.push_verified(device, local, "/d/m") is False
    assert device.commands[4:] == ["sha256sum"]
    assert device.files == {"/d/m": b"model"}


def refused(*_):
    return adb.ShellResult(stdout=b"", stderr=b"Read-only file system\n", exit_code=1)


def test_a_rename_that_fails_leaves_no_temporary_file(local):
    device = Device(mv=refused)
    with pytest.raises(PushFailed, match="/d/m cannot be written on fake: Read-only file system"):
        adb.push_verified(device, local, "/d/m")
    assert device.files == {}


def test_an_interrupted_push_leaves_no_temporary_file_and_the_old_one(local):
    def interrupt():
        raise KeyboardInterrupt

    device = Device(push=interrupt)
    device.files["/d/m"] = b"old"
    with pytest.raises(KeyboardInterrupt):
        adb.push_verified(device, local, "/d/m")
    assert device.files == {"/d/m": b"old"}


def test_a_device_that_went_does_not_hide_why(local):
    def gone():
        raise DeviceGone("went", serial="fake")

    device = Device(push=gone, rm=gone)
    with pytest.raises(DeviceGone, match="went"):
        adb.push_verified(device, local, "/d/m")
