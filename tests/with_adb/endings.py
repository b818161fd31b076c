"""Ways in which a launch of the app ends, each brought about on the Android-like device through the command line."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = "dev.edgekit.runner"
MODEL = ROOT / "tests/golden/runner/float.tflite"
INPUT_AT = 500
"""Where MODEL's list of inputs stands in the file."""
WEIGHTS = 3
"""A tensor of MODEL that is a constant."""
SHORT = "import edgekit.targets.android_app as app; app.limit_seconds = lambda job: 6.0"
NEWER = "import edgekit.targets.adb_target as t, edgekit.runner.protocol as p; old = p.dump_job; \
t.protocol.dump_job = lambda job: old(job).replace('\"version\": 2', '\"version\": 3')"
"""What stands in for a wait of eleven minutes, and for an edgekit of a later format."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a user sees: the exit code, the row's status, its reason."""

    exit_code: int
    status: str
    reason: str


def bench(device, workspace, *, model=MODEL, patch="pass", seconds=0.05):
    """`edgekit bench` on the device's cpu, one launch."""
    program = f"{patch}\nfrom edgekit.cli.main import main\nmain()"
    words = ["bench", model, "--target", f"android:{device.serial}:cpu", "--workspace", workspace, "--format", "json"]
    words += ["--launches", "1", "--min-seconds", str(seconds), "--quiet"]
    environment = {name: value for name, value in os.environ.items() if name != "ANDROID_SERIAL"}
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**environment, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.startswith("{"), done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    return Ended(exit_code=done.returncode, status=row["status"], reason=row["reason"])


class Signals:
    """Sends a signal to every process of the app a moment after its start, until the end of the `with`."""

    def __init__(self, device, number, after=0.6):
        self.device, self.number, self.after = device, number, after
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._send)

    def _send(self):
        struck = set()
        while not self.over.wait(0.05):
            pid = self.device.kill(APP, signal.SIGURG)  # which nothing minds
            if pid is not None and pid not in struck:
                struck.add(pid)
                time.sleep(self.after)
                self.device.kill(APP, self.number)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def success(device, folder):
    return bench(device, folder)


def native_crash(device, folder):
    """Its input is one of its own constants, which lies in memory that cannot be written."""
    content = bytearray(MODEL.read_bytes())
    assert content[INPUT_AT] == 0
    content[INPUT_AT] = WEIGHTS
    model = folder / "input-is-a-constant.tflite"
    model.write_bytes(content)
    return bench(device, folder, model=model)


def hang(device, folder):
    """Its process stands still."""
    with Signals(device, signal.SIGSTOP):
        return bench(device, folder, patch=SHORT, seconds=3)


def killed(device, folder):
    """As Android does for want of memory."""
    with Signals(device, signal.SIGKILL):
        return bench(device, folder, seconds=3)


def half_a_bundle(device, folder):
    """The connection of am instrument is cut, the answer comes by another road."""
    device.faults(instrument_lines=3)
    return bench(device, folder)


def half_a_result_and_no_other_road(device, folder):
    device.faults(instrument_lines=3, run_as="run-as: couldn't stat /data/user/0: Permission denied", external=False)
    return bench(device, folder)


def old_result(device, folder):
    """A marker and an answer of another job lie where the app writes its own."""
    old = json.dumps({"id": "old", "pid": 1, "state": "done", "case": "", "phase": "done", "sentence": ""})
    for place in (f"/data/data/{APP}/files", f"/sdcard/Android/data/{APP}/files"):
        where = device.inside(place)
        (where / "answers").mkdir(parents=True, exist_ok=True)
        (where / "marker.json").write_text(old)
        (where / "answers/old.zip").write_bytes(b"PK old")
        for path in (where / "answers", where / "marker.json", where / "answers/old.zip"):
            os.chown(path, where.stat().st_uid, where.stat().st_gid)
    return bench(device, folder)


def newer_protocol(device, folder):
    return bench(device, folder, patch=NEWER)


def app_may_not_read(device, folder):
    """The first road of files is closed: the second is found."""
    device.faults(tmp_hidden=True)
    return bench(device, folder)


def no_instrumentation(device, folder):
    device.faults(instrument="Error: am instrument is not allowed here")
    return bench(device, folder)


def large_pages(device, folder):
    device.faults(page_bytes=16384)
    return bench(device, folder)


def full_disk(device, folder):
    device.faults(disk_full=True)
    return bench(device, folder)


ENDINGS = {
    function.__name__: function
    for function in (
        success,
        native_crash,
        hang,
        killed,
        half_a_bundle,
        half_a_result_and_no_other_road,
        old_result,
        newer_protocol,
        app_may_not_read,
        no_instrumentation,
        large_pages,
        full_disk,
    )
}
