"""Paths, serials and addresses that a shell would not leave alone: taken as they are, or refused in one sentence."""

import json
import os
import shlex

import pytest
from cli.tools import FLOAT, QUICK, files_in
from fakes import FakeAdb
from odd_names import ODD_NAMES

NAMES = [*ODD_NAMES, "\x1b[2J", "a\u202eb", "模" * 60]
"""And what a terminal would obey, and a name as long as a file system takes it."""
REMOTE = "/data/local/tmp/edgekit/files"


def test_models_of_such_names(tmp_path, edgekit):
    paths = []
    for name in NAMES:
        (tmp_path / name).mkdir()
        paths.append(tmp_path / name / f"{name}.tflite")
        paths[-1].write_bytes(FLOAT.read_bytes())
        assert edgekit("inspect", paths[-1]).out == edgekit("inspect", FLOAT).out
    done = edgekit("bench", *paths, "--target", "desktop:cpu", "--format", "json", "--launches", "1", *QUICK[2:])
    assert done.code in (0, 6), done.err
    report = json.loads(done.out)
    assert [row["variant"] for row in report["rows"]] == NAMES
    assert {row["status"] for row in report["rows"]} <= {"ok", "unstable"}
    folder = tmp_path / ".edgekit" / "reports" / "bench"
    for format in ("terminal", "md", "csv"):
        out = tmp_path / NAMES[0] / f"{NAMES[2]}.{format}"
        assert edgekit("report", folder, "--format", format, "--out", out).code == 0
        assert "\x1b" not in out.read_text()
        assert "\u202e" not in out.read_text()
    assert edgekit("compare", folder, folder / "report.json").code == 0


def test_a_path_that_is_no_text(tmp_path, edgekit):
    """A file system's names are bytes; these are no UTF-8."""
    name = os.fsdecode(b"m\xff\xfe")
    path = tmp_path / f"{name}.tflite"
    path.write_bytes(FLOAT.read_bytes())
    assert edgekit("inspect", path).code == 0
    done = edgekit("bench", path, "--target", "desktop:cpu", "--format", "json", *QUICK)
    assert done.code == 0, done.err
    assert [row["variant"] for row in json.loads(done.out)["rows"]] == ["m\ufffd\ufffd"]
    pushed = edgekit("push", path, "--target", "loopback:0:cpu")
    assert pushed.code == 0, pushed.err
    assert "files/m\ufffd\ufffd.tflite pushed" in pushed.out or "files/m??.tflite pushed" in pushed.out
    missing = edgekit("inspect", tmp_path / os.fsdecode(b"\xff.tflite"))
    assert missing.code == 1
    assert "No such file" in missing.err


def test_a_workspace_of_such_a_name(tmp_path, edgekit):
    name = "".join(NAMES[:13])
    words = ("bench", FLOAT, "--target", "desktop:cpu", "--workspace", tmp_path / name, *QUICK)
    assert edgekit(*words).code == 0
    assert edgekit("cache", "--workspace", tmp_path / name).code == 0
    assert all(file.startswith(f"{name}/") for file in files_in(tmp_path))


@pytest.fixture
def adb(tmp_path_factory, monkeypatch):
    return lambda **state: FakeAdb(tmp_path_factory.mktemp("adb"), monkeypatch, **state)


@pytest.mark.parametrize("serial", [name for name in NAMES if not name.startswith("-")])
def test_a_serial_that_nothing_has(edgekit, adb, serial):
    fake = adb(devices={"one": "device"})
    for words in (["push", FLOAT, "--serial", serial], ["push", FLOAT, "--target", f"android:{serial}:cpu"]):
        done = edgekit(*words)
        assert (done.code, done.out) == (4, "")
        assert len(done.err.splitlines()) == 2
        assert done.err.startswith("edgekit: no device is called ")
        assert "\x1b" not in done.err
    assert {tuple(call) for call in fake.calls} == {("devices", "-l")}


@pytest.mark.parametrize(
    "serial", ["a;reboot", "$(reboot)", "`x`", "it's", 'a"b', "größe", "a&b|c", "*?[a]", "back\\s"]
)
def test_a_device_of_that_serial_is_one_argument(edgekit, adb, serial):
    fake = adb(devices={serial: "device"})
    done = edgekit("push", FLOAT, "--serial", serial)
    assert done.code == 4  # the stand-in knows none of the commands
    calls = [call for call in fake.calls if call[0] == "-s"]
    assert calls
    assert {call[1] for call in calls} == {serial}
    assert edgekit("devices").out.split()[0] == serial


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_pushed_file_of_that_name_is_one_word_on_the_device(tmp_path, edgekit, adb, name):
    fake = adb(devices={"one": "device"})
    (tmp_path / name).write_bytes(b"x")
    words = ["push", *(["--"] if name.startswith("-") else []), name]
    assert edgekit(*words).code == 4
    lines = [call[-1] for call in fake.calls if call[:3] == ["-s", "one", "shell"]]
    assert shlex.split(lines[0]) == ["sha256sum", f"{REMOTE}/{name}"]


@pytest.mark.parametrize(
    "target", ["loopback:a b;c:cpu", "android:$(x)\n:gpu", "desktop:cpu;reboot", "x" * 300, ":", ""]
)
def test_targets_of_any_text(edgekit, adb, target):
    adb(devices={})
    done = edgekit("bench", FLOAT, "--target", target, *QUICK)
    assert done.code in (0, 2, 4)
    assert "Traceback" not in done.err
    assert "this is a bug" not in done.err
