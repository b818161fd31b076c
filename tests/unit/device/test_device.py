"""Parsers of what devices print, the choice of a device, and the adb program (a script that answers as one)."""

import pytest
from fakes import FakeAdb

from edgekit.device import adb, adb_program, choose, listing, parse
from edgekit.device.parse import DeviceLine
from edgekit.errors import (
    AdbMissing,
    DeviceGone,
    NoDevice,
    Offline,
    PushFailed,
    SeveralDevices,
    Unauthorized,
)

DEVICES = (
    "* daemon not running; starting now at tcp:5037\r\n* daemon started successfully\r\nList of devices attached\r\n"
    "R3CN30 device usb:1-1 product:o1s model:SM_G991B device:o1s transport_id:2\r\n"
    "emulator-5554\toffline transport_id:3\r\n"
    "10.0.0.7:5555          unauthorized transport_id:4\r\n"
    "ABC no permissions (missing udev rules?); see [http://developer.android.com] usb:1-2\r\n\r\n"
)
GETPROP = (
    "[ro.product.manufacturer]: [Google]\r\n[ro.product.model]: [Pixel 8]\n[ro.build.version.sdk]: [35]\n"
    "[ro.build.version.release]: [15]\n[ro.soc.model]: [Tensor G3]\n[ro.product.cpu.abilist]: [arm64-v8a]\n[ro.x]: []\n"
)


def test_the_list_of_devices():
    found = parse.devices_output(DEVICES)
    assert [(device.serial, device.state) for device in found] == [
        ("R3CN30", "device"),
        ("emulator-5554", "offline"),
        ("10.0.0.7:5555", "unauthorized"),
        ("ABC", "no permissions"),
    ]
    assert found[0].properties["model"] == "SM_G991B"
    assert parse.devices_output("adb: command not found") == ()


def test_properties_and_dumps():
    assert parse.getprop_output(GETPROP)["ro.product.model"] == "Pixel 8"
    assert parse.thermal_status("IsStatusOverride: false\nThermal Status: 2\n") == 2
    assert parse.thermal_status("Permission Denial: can't dump thermalservice") is None
    assert parse.thermal_status("HAL Ready: false\nThermal Status: 0") is None
    assert parse.battery("  AC powered: false\r\n  level: 87\r\n  temperature: 271\r\n") == (87, 271)
    assert parse.battery("Permission denied") == (None, None)
    assert parse.page_bytes("16384\n") == 16384
    assert parse.page_bytes("getconf: not found") is None


def line(serial, state="device"):
    return DeviceLine(serial=serial, state=state)


@pytest.mark.parametrize(
    ("serial", "devices", "kind", "message", "hint"),
    [
        ("", [], NoDevice, "no device is attached", "adb connect"),
        ("", [line("a"), line("b")], SeveralDevices, "2 devices are attached: a, b", "--serial a"),
        ("R3CN3O", [line("R3CN30")], NoDevice, "'R3CN3O', did you mean 'R3CN30'?", "attached: R3CN30"),
        ("x", [line("x", "unauthorized")], Unauthorized, "x does not accept", "allow USB debugging"),
        ("", [line("x", "offline")], Offline, "x is offline", "adb reconnect"),
        ("x", [line("x", "no permissions")], Unauthorized, "may not open x", "udev"),
    ],
)
def test_devices_that_cannot_be_chosen(serial, devices, kind, message, hint):
    with pytest.raises(kind) as caught:
        choose.choose(serial, devices)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 4


def test_the_only_ready_device_is_chosen():
    assert choose.choose("", [line("a", "offline"), line("b")]).serial == "b"
    assert choose.choose("a", [line("a"), line("b")]).serial == "a"


def test_no_adb_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AdbMissing) as caught:
        choose.connect("*", "")
    assert "apt install adb" in caught.value.hint


def test_the_serial_goes_into_every_call(monkeypatch, tmp_path):
    fake = FakeAdb(
        tmp_path, monkeypatch, devices={"one": "device", "two": "device"}, shell={"getprop": [GETPROP, "", 0]}
    )
    device = choose.connect("*", "two")
    assert device.shell("getprop").exit_code == 0
    assert device.shell("false").exit_code == 127
    assert fake.calls[1:] == [["-s", "two", "shell", "-T", "getprop"], ["-s", "two", "shell", "-T", "false"]]
    monkeypatch.setenv("ANDROID_SERIAL", "one")
    assert choose.connect("*", "").serial == "one"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("adb: device 'one' not found", NoDevice),
        ("error: device unauthorized.", Unauthorized),
        ("adb: device offline", Offline),
        ("error: closed", DeviceGone),
    ],
)
def test_what_adb_complains_of(monkeypatch, tmp_path, error, kind):
    FakeAdb(tmp_path, monkeypatch, devices={"one": "device"}, error=error)
    with pytest.raises(kind) as caught:
        adb_program.AdbProgram("one").shell("true")
    assert caught.value.serial == "one"


def test_listing_describes_each_device(monkeypatch, tmp_path):
    shell = {"getprop": [GETPROP, "", 0], "getconf PAGE_SIZE": ["16384\n", "", 0]}
    FakeAdb(tmp_path, monkeypatch, devices={"one": "device", "two": "unauthorized"}, shell=shell)
    found = listing.list_devices()
    text = listing.devices_text(found)
    assert "Google Pixel 8, Android 15 (SDK 35), Tensor G3, arm64-v8a, 16 KB pages" in text
    assert "unlock the device" in text
    assert "loopback:0" in text
    assert '"page_bytes": 16384' in listing.devices_json(found)


def test_a_push_that_arrives_changed_fails(tmp_path):
    class Liar:
        serial = "liar"
        commands: list[str] = []  # noqa: RUF012

        def shell(self, command, **_):
            self.commands.append(command)
            digest = b"0" * 64 + b"  x\n" if command.startswith("sha256sum") else b""
            return adb.ShellResult(stdout=digest, stderr=b"", exit_code=0)

        def push(self, local, remote, moved=None):
            pass

    local = tmp_path / "model.tflite"
    local.write_bytes(b"model")
    liar = Liar()
    with pytest.raises(PushFailed, match="arrived on liar with sha256 0000000000000000, sent was"):
        adb.push_verified(liar, local, "/data/local/tmp/edgekit/model.tflite")
    assert liar.commands[-1].startswith("rm -f /data/local/tmp/edgekit/.")
    assert not any(command.startswith("mv") for command in liar.commands)


def test_quoting():
    assert adb.quoted("rm", "a b;$(c)'\n") == "rm 'a b;$(c)'\"'\"'\n'"
