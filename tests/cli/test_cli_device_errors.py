"""Devices that cannot be used: exit code 4, which device, and what to do about it."""

import hashlib
import json

import pytest
from cli.tools import FLOAT, QUICK, assert_refused, files_in, shell
from fakes import FakeAdb

ATTACH = "attach a phone with USB debugging on, or: adb connect ADDRESS:5555"
ALLOW = "unlock the device and allow USB debugging, then run it again"
REPLUG = "unplug it and plug it in again, or: adb reconnect"
LISTS = "`edgekit devices` lists what is attached"
AGAIN = "attach it again and run the same command: it goes on where it stopped"
UDEV = "add a udev rule (Debian: apt install android-sdk-platform-tools-common) and plug it in again"
INSTALL = (
    "install it (Debian: apt install adb; macOS: brew install android-platform-tools; "
    "Windows: winget install Google.PlatformTools)"
)
NO_ADB = "there is no adb program on PATH, and no HOST:PORT was named"

UNUSABLE = [
    ({"R3CN30": "device"}, "R3CN3O", "no device is called 'R3CN3O', did you mean 'R3CN30'?", "attached: R3CN30"),
    ({"R3CN30": "device"}, "zzz", "no device is called 'zzz'", "attached: R3CN30"),
    ({}, "zzz", "no device is called 'zzz'", ATTACH),
    ({}, "", "no device is attached", ATTACH),
    ({"one": "device", "two": "device"}, "", "2 devices are attached: one, two", "name one: --serial one"),
    ({"one": "unauthorized"}, "", "one does not accept this computer's key", ALLOW),
    ({"one": "unauthorized", "two": "device"}, "one", "one does not accept this computer's key", ALLOW),
    ({"one": "offline"}, "", "one is offline", REPLUG),
    ({"one": "recovery"}, "one", "one is recovery", REPLUG),
    ({"one": "no permissions"}, "", "this user may not open one over USB", UDEV),
]
IDS = [f"{' '.join(case[0].values())} {case[1]}" for case in UNUSABLE]


@pytest.fixture
def adb(tmp_path_factory, monkeypatch):
    """A function: devices=..., shell=..., error=... -> the fake adb program."""
    return lambda **state: FakeAdb(tmp_path_factory.mktemp("adb"), monkeypatch, **state)


@pytest.fixture
def no_adb(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))


@pytest.mark.parametrize(("devices", "serial", "sentence", "hint"), UNUSABLE, ids=IDS)
def test_push_to_a_device_that_cannot_be_used(refused, adb, devices, serial, sentence, hint):
    fake = adb(devices=devices)
    refused(4, sentence, hint, "push", FLOAT, *(["--serial", serial] if serial else []))
    assert {call[0] for call in fake.calls} == {"devices"}


ONE_ROW = [case for case in UNUSABLE if case[1] or len(case[0]) < 2]


@pytest.mark.parametrize(("devices", "serial", "sentence", "hint"), ONE_ROW)
def test_bench_on_a_device_that_cannot_be_used_reports_its_reason(
    tmp_path, edgekit, adb, devices, serial, sentence, hint
):
    adb(devices=devices)
    words = ["bench", FLOAT, "--target", f"android:{serial or '*'}:cpu", "--format", "json", *QUICK]
    done = edgekit(*words)
    assert done.code == 4
    (row,) = json.loads(done.out)["rows"]
    assert (row["status"], row["reason"], row["latency_ns"]) == ("unreachable", f"{sentence} ({hint})", None)
    assert "Traceback" not in done.err
    assert (tmp_path / ".edgekit" / "reports" / "bench" / "report.json").is_file()


def test_a_star_stands_for_every_attached_device(edgekit, adb):
    """And --serial for one of them; a device that cannot be used is a row of its own."""
    adb(devices={"one": "device", "two": "unauthorized", "10.0.0.7:5555": "device"})
    words = ["bench", FLOAT, "--target", "android:*:*", "--format", "json", *QUICK]
    done = edgekit(*words)
    rows = json.loads(done.out)["rows"]
    delegates = ("cpu", "cpu-default", "gpu", "nnapi")
    assert [row["target"] for row in rows] == [
        f"android:{serial}:{delegate}" for serial in ("one", "two", "10.0.0.7:5555") for delegate in delegates
    ]
    assert [row["status"] for row in rows] == ["unsupported"] * 4 + ["unreachable"] * 4 + ["unsupported"] * 4
    assert done.code == 6
    alone = edgekit(*words, "--serial", "one")
    assert [row["status"] for row in json.loads(alone.out)["rows"]] == ["unsupported"] * 4
    assert alone.code == 0


def test_the_serial_of_the_environment_is_one_too(edgekit, adb, monkeypatch):
    adb(devices={"one": "device", "two": "device"})
    monkeypatch.setenv("ANDROID_SERIAL", "tow")
    assert_refused(edgekit("push", FLOAT), 4, "no device is called 'tow', did you mean 'two'?", "attached: one, two")


def test_no_adb_program(tmp_path, refused, edgekit, no_adb):
    refused(4, NO_ADB, INSTALL, "push", FLOAT)
    done = edgekit("bench", FLOAT, "--target", "android:*:cpu", "--format", "json", *QUICK)
    assert done.code == 4
    assert json.loads(done.out)["rows"][0]["reason"] == f"{NO_ADB} ({INSTALL})"
    done = edgekit("devices", "--format", "json")
    assert (done.code, json.loads(done.out)) == (0, [])
    assert done.err == f"there is no adb program on PATH: {INSTALL}\n"


def test_nothing_answers_at_an_address(refused, no_adb, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    hint = "check the address, and `adb tcpip 5555`"
    refused(4, "nothing answers at 127.0.0.1:9", hint, "push", FLOAT, "--target", "android:127.0.0.1:9:cpu")


@pytest.mark.parametrize(
    ("said", "sentence", "hint"),
    [
        ("adb: device 'one' not found", "one: device 'one' not found", LISTS),
        ("error: device unauthorized.", "one: device unauthorized.", ALLOW),
        ("error: device offline", "one: device offline", "adb reconnect"),
        ("error: closed", "one: closed", AGAIN),
    ],
)
def test_a_device_that_goes_between_two_commands(edgekit, adb, said, sentence, hint):
    adb(devices={"one": "device"}, error=said)
    for debug in (False, True):
        done = edgekit("push", FLOAT, *(["--debug"] if debug else []))
        next_step = done.err.splitlines()[-1].strip()
        assert_refused(done, 4, sentence, next_step, debug=debug)
        assert hint in next_step


def test_a_device_that_refuses_the_file(refused, adb):
    folder = "/data/local/tmp/edgekit/files"
    adb(devices={"one": "device"}, shell={f"mkdir -p {folder}": ["", "Read-only file system", 1]})
    refused(
        4,
        f"{folder}/float.tflite cannot be written on one: Read-only file system",
        "free space on the device, or check that its /data/local/tmp can be written",
        *("push", FLOAT),
    )


def test_a_file_that_lies_there_already(edgekit, adb):
    remote = "/data/local/tmp/edgekit/files/float.tflite"
    digest = hashlib.sha256(FLOAT.read_bytes()).hexdigest()
    adb(devices={"one": "device"}, shell={f"sha256sum {remote}": [f"{digest}  {remote}\n", "", 0]})
    done = edgekit("push", FLOAT)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"one: {remote} there already, sha256 {digest}\n"


def test_targets_that_take_no_files(refused):
    hint = "name a device: --target android:*:cpu"
    refused(2, "target desktop:cpu takes no files", hint, "push", FLOAT, "--target", "desktop:cpu")


def test_devices(edgekit, refused, adb):
    properties = "[ro.product.manufacturer]: [Google]\n[ro.product.model]: [Pixel 8]\n[ro.build.version.sdk]: [35]\n"
    adb(devices={"one": "device", "two": "unauthorized"}, shell={"getprop": [properties, "", 0]})
    done = edgekit("devices", "--format", "json")
    assert (done.code, done.err) == (0, "")
    one, two = json.loads(done.out)
    assert (one["serial"], one["model"], one["sdk"], one["hint"]) == ("one", "Pixel 8", 35, "")
    assert (two["serial"], two["state"], two["hint"]) == ("two", "unauthorized", ALLOW)
    text = edgekit("devices").out
    assert "Google Pixel 8" in text
    assert ALLOW in text
    named = json.loads(edgekit("devices", "--serial", "two", "--format", "json").out)
    assert [device["serial"] for device in named] == ["two"]
    refused(4, "no device is called 'tow', did you mean 'two'?", "attached: one, two", "devices", "--serial", "tow")


def test_no_device_is_no_error_of_devices(edgekit, adb):
    adb()
    done = edgekit("devices")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == f"no device is attached: {ATTACH}"


def test_in_a_process_of_its_own(tmp_path, adb):
    adb(devices={"one": "device", "two": "device"})
    hint = "name one: --serial one"
    assert_refused(shell("push", FLOAT, folder=tmp_path), 4, "2 devices are attached: one, two", hint)
    assert files_in(tmp_path) == []
