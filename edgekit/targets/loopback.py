"""The loopback device: started when first needed, spoken to by adb-shell, ended with the target."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit import scratch
from edgekit.progress import SILENT, Progress
from edgekit.runner.protocol import Job, Run
from edgekit.target import TargetSpec
from edgekit.targets import Identity, this_computer

if TYPE_CHECKING:
    from edgekit.device.adb import Adb
    from edgekit.device.loopback.process import LoopbackDevice

PREFIX = "edgekit-loopback-"
DELEGATES = ("cpu", "cpu-default")


def open_target(
    spec: TargetSpec,
    *,
    serial: str = "",
    pythons: Mapping[str, str] | None = None,
    progress: Progress = SILENT,
) -> "Loopback":
    """`serial` has no meaning here: every loopback device is a new one."""
    return Loopback(spec, dict(pythons or {}), progress)


class Loopback:
    """Target over a device of its own."""

    def __init__(self, spec: TargetSpec, pythons: Mapping[str, str], progress: Progress = SILENT) -> None:
        self.spec = spec
        self._pythons = pythons
        self._progress = progress
        self._folder: Path | None = None
        self._device: LoopbackDevice | None = None
        self._adb: Adb | None = None

    def probe(self) -> str | None:
        if self.spec.delegate not in DELEGATES:
            return f"the loopback device has no delegate {self.spec.delegate}: it is this computer's CPU"
        return None

    def identity(self) -> Identity:
        return this_computer()

    def adb(self) -> "Adb":
        """The connection, made when first asked for."""
        if self._adb is None:
            from edgekit.device.loopback.process import LoopbackDevice

            scratch.sweep(Path(tempfile.gettempdir()), PREFIX)
            self._folder = scratch.make(Path(tempfile.gettempdir()), PREFIX)
            self._device = LoopbackDevice(self._folder, self._pythons)
            self._adb = self._device.connect()
        return self._adb

    def run(self, job: Job, files: Mapping[str, Path], answer: Path) -> Run:
        from edgekit.targets.adb_target import run_on_device

        return run_on_device(self.adb(), job, files, answer, self._progress)

    def close(self) -> None:
        if self._adb is not None:
            self._adb.close()
        if self._device is not None:
            self._device.stop()
        if self._folder is not None:
            scratch.remove(self._folder)
        self._adb, self._device, self._folder = None, None, None
