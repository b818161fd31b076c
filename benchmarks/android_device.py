"""The Android-like device for the experiments: started, connected to the adb program, ended."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from figures import ROOT

sys.path.insert(0, str(ROOT / "android_runner/device"))

from device import AndroidDevice


@contextlib.contextmanager
def running() -> Iterator[Any]:
    """A device of its own that the adb program has connected to; it has no app yet."""
    with tempfile.TemporaryDirectory() as folder, AndroidDevice(Path(folder)) as device:
        subprocess.run(["adb", "connect", device.serial], check=True, capture_output=True)
        try:
            yield device
        finally:
            subprocess.run(["adb", "disconnect", device.serial], check=False, capture_output=True)


def edgekit(*words: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """One command, its outputs as text."""
    command = [sys.executable, "-m", "edgekit", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=_environment())


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
