"""`bench` on a device whose folder is full or cannot be written: a row that says so, and the next run measures."""

import contextlib
import json

import pytest
from cli.tools import FLOAT, files_in
from full_disks import largest_file, read_only

from edgekit.device.loopback.process import LoopbackDevice
from edgekit.target import TargetSpec
from edgekit.targets import loopback

FOLDER = "data/local/tmp/edgekit"


@pytest.fixture
def device(tmp_path, monkeypatch):
    """A function: (limit of the device's start) -> the folder of the device behind loopback:0:cpu."""
    folder = tmp_path / "device"
    (folder / "root" / FOLDER / "job").mkdir(parents=True)

    def behind(limit):
        class Small(loopback.Loopback):
            def adb(self):
                if self._adb is None:
                    with limit:  # the device's alone: this process writes its own files without one
                        self._device = LoopbackDevice(folder)
                    self._adb = self._device.connect()
                return self._adb

        spec = TargetSpec(kind="loopback", address="0", delegate="cpu")
        monkeypatch.setattr(loopback, "open_target", lambda *_, **__: Small(spec, {}))
        return folder

    return behind


@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_bench_on_a_device_without_room(tmp_path, edgekit, device, kind):
    (tmp_path / "big.tflite").write_bytes(FLOAT.read_bytes() + bytes(100_000))
    words = ("bench", "big.tflite", "--target", "loopback:0:cpu", "--launches", "1", "--min-seconds", "0")
    folder = device(largest_file(50_000) if kind == "full" else contextlib.nullcontext())
    with contextlib.nullcontext() if kind == "full" else read_only(folder / "root" / FOLDER):
        done = edgekit(*words, "--format", "json")
    assert done.code == 4, done.err
    (row,) = json.loads(done.out)["rows"]
    assert row["status"] == "unreachable"
    assert row["latency_ns"] is None
    assert any(said in row["reason"] for said in ("File too large", "Read-only file system", "Permission denied"))
    assert "free space" in row["reason"]
    assert "Traceback" not in done.err
    left = [name for name in files_in(folder / "root") if not name.startswith(f"{FOLDER}/job/inputs/")]
    assert left == [], "nothing half-written"

    device(contextlib.nullcontext())
    done = edgekit(*words, "--format", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["rows"][0]["latency_ns"]["value"] > 0
