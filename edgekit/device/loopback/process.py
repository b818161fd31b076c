"""Start and stop the loopback device as a child process that never outlives this one."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from edgekit.device.adb_wire import AdbWire, make_key
from edgekit.errors import RunnerError

STOP_SECONDS = 10


class LoopbackDevice:
    """A running device in `folder` (its files under folder/root, the key that may connect at folder/adbkey)."""

    def __init__(self, folder: Path, pythons: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.key = make_key(folder / "adbkey")
        command = [sys.executable, "-m", "edgekit.device.loopback"]
        command += ["--root", str(folder / "root"), "--keys", str(folder / "adbkey.pub")]
        for runtime, python in (pythons or {}).items():
            command += ["--python", f"{runtime}={python}"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            self.stop()
            raise RunnerError("the loopback device did not start", "run it by hand: python -m edgekit.device.loopback")
        self.address = f"127.0.0.1:{json.loads(line)['port']}"

    def connect(self) -> AdbWire:
        """A connection with the device's own key."""
        return AdbWire(self.address, self.key)

    def stop(self) -> None:
        """End it; may be called twice."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> "LoopbackDevice":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
