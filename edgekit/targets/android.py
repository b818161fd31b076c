"""An Android device. It can be found, described and pushed to; the runner app that measures on it is not built yet."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import RunnerError
from edgekit.runner.protocol import Job, Run
from edgekit.target import TargetSpec

if TYPE_CHECKING:
    from edgekit.device.adb import Adb

NO_APP = "this version of edgekit has no runner app for Android: the device can be listed and pushed to, not measured"


def open_target(spec: TargetSpec, *, serial: str = "", pythons: Mapping[str, str] | None = None) -> "Android":
    """`serial`: which device where the target's address is `*`."""
    return Android(spec, serial)


class Android:
    """Target over the user's adb program, or an address directly."""

    def __init__(self, spec: TargetSpec, serial: str) -> None:
        self.spec = spec
        self._serial = serial
        self._adb: Adb | None = None

    def adb(self) -> "Adb":
        """The device; raises DeviceError kinds that say why there is none."""
        if self._adb is None:
            from edgekit.device.choose import connect

            self._adb = connect(self.spec.address, self._serial)
        return self._adb

    def probe(self) -> str | None:
        self.adb()
        return NO_APP

    def run(self, job: Job, files: Mapping[str, Path], answer: Path) -> Run:
        raise RunnerError(NO_APP, "measure on desktop:cpu or loopback:0:cpu", serial=self._serial)

    def close(self) -> None:
        if self._adb is not None:
            self._adb.close()
