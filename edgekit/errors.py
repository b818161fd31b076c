"""Every error edgekit raises on purpose: one sentence with the values, one hint, one exit code.

EdgekitError(message, hint)                                   1
|- RecipeError(file, key)                                     2
|- UsageError                                                 2
|- MissingDependency(package, extra)                          3
|- CompressError, ConvertError(ops), ParityError, ResultError 1
|- ModelFileError(path)                                       1
|- DataError                                                  1
|- DeviceError(serial)                                        4
|  |- AdbMissing, NoDevice, SeveralDevices, Unauthorized, Offline, AdbTimeout, PushFailed,
|  |- DeviceGone, DeviceReplaced, RunnerError, ProtocolMismatch
|- GateFailed(gate, limit, value)                             5
`- Interrupted                                                130
"""

from collections.abc import Sequence
from pathlib import Path

SOME_ROW_FAILED = 6
"""Exit code of `run` and `bench` when a report was written and some row in it failed."""


class EdgekitError(Exception):
    """What happened, with values (`message`), and one thing to do next (`hint`)."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def sentence(self) -> str:
        """Both in one line, as a report's row gives its reason."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(EdgekitError):
    """The command line asks for something that does not exist: an unknown target, delegate or variant."""

    exit_code = 2


class RecipeError(EdgekitError):
    """A recipe that cannot be used; `file` and `key` say where."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "", *, file: Path | None = None, key: str = "") -> None:
        place = ": ".join(part for part in (str(file) if file else "", key) if part)
        super().__init__(f"{place}: {message}" if place else message, hint)
        self.file = file
        self.key = key


class MissingDependency(EdgekitError):
    """A package that an extra brings is not installed."""

    exit_code = 3

    def __init__(self, package: str, extra: str, purpose: str = "") -> None:
        what = f" ({purpose})" if purpose else ""
        super().__init__(f"the package {package} is not installed{what}", f"pip install 'edgekit-toolkit[{extra}]'")
        self.package = package
        self.extra = extra


class CompressError(EdgekitError):
    """A compression step that cannot be applied to this model."""


class DataError(EdgekitError):
    """Data or weights that cannot be had: missing, broken or of the wrong shape."""


class ConvertError(EdgekitError):
    """A model that does not convert; `ops` names the operators that stopped it."""

    def __init__(self, message: str, hint: str = "", *, ops: Sequence[str] = ()) -> None:
        super().__init__(message, hint)
        self.ops = tuple(ops)


class ParityError(EdgekitError):
    """An artifact that does not compute what its source computes."""

    def __init__(self, message: str, hint: str = "", *, output: str, error: float, tolerance: float) -> None:
        super().__init__(message, hint)
        self.output = output
        self.error = error
        self.tolerance = tolerance


class ModelFileError(EdgekitError):
    """A model file that is truncated, random or not what its name says."""

    def __init__(self, message: str, hint: str = "", *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message, hint)
        self.path = path


class ResultError(EdgekitError):
    """A job, run or report that cannot be read."""

    def __init__(self, message: str, hint: str = "", *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message, hint)
        self.path = path


class DeviceError(EdgekitError):
    """Something about the device at `serial`."""

    exit_code = 4

    def __init__(self, message: str, hint: str = "", *, serial: str = "") -> None:
        super().__init__(message, hint)
        self.serial = serial


class AdbMissing(DeviceError):
    """Neither an adb program nor a reachable adbd."""


class NoDevice(DeviceError):
    """No device is attached, or none with this serial."""


class SeveralDevices(DeviceError):
    """Several devices are attached and none was named."""


class Unauthorized(DeviceError):
    """The device does not accept this computer's key."""


class Offline(DeviceError):
    """The device is listed and does not answer."""


class AdbTimeout(DeviceError):
    """A device that stopped answering within the time allowed."""


class DeviceGone(DeviceError):
    """The connection broke while the device was in use."""


class DeviceReplaced(DeviceError):
    """Another device answers at the address, or the same one after a restart: not the one that was measured so far."""


class PushFailed(DeviceError):
    """A file that did not arrive, or arrived with another sha256."""


class RunnerError(DeviceError):
    """The runner on the device failed without an answer."""


class ProtocolMismatch(DeviceError):
    """The runner on the device speaks another version of the job and run format."""


class GateFailed(EdgekitError):
    """The pipeline worked; the model missed its budget."""

    exit_code = 5

    def __init__(
        self,
        gate: str,
        limit: float,
        value: float | None,
        variant: str,
        *,
        of: str = "variant",
        hint: str = "see the report's row",
    ) -> None:
        got = "not measured" if value is None else f"{value:g}"
        super().__init__(f"gate {gate} of {of} {variant}: {got}, the limit is {limit:g}", hint)
        self.gate = gate
        self.limit = limit
        self.value = value


class Interrupted(EdgekitError):
    """Ctrl-C: what was measured is kept, the device's settings are restored."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("interrupted", "run the same command again: it goes on where it stopped")
