"""Start and stop the loopback device as a child process that never outlives this one."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from edgekit.device.adb_wire import AdbWire, make_key
from edgekit.errors import RunnerError

STOP_SECONDS = 10


class LoopbackDevice:
    """A running device in `folder`: its files under root, the runner's copy under program, the key at adbkey."""

    def __init__(self, folder: Path, pythons: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.key = make_key(folder / "adbkey")
        command = [sys.executable, "-m", "edgekit.device.loopback"]
        command += ["--root", str(folder / "root"), "--home", str(folder), "--keys", str(folder / "adbkey.pub")]
        for runtime, python in (pythons or {}).items():
            command += ["--python", f"{runtime}={python}"]
        self._stopped = False
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=_environment(),
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
        """End it and every runner in its process group, however it ended itself; may be called twice."""
        if self._stopped:
            return
        self._stopped = True
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)  # the group lives while a runner of it does

    def __enter__(self) -> "LoopbackDevice":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _environment() -> dict[str, str]:
    """This edgekit, and nothing from the current folder, which `-m` would look into first."""
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    paths = [str(Path(__file__).resolve().parents[3]), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment
