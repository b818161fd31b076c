"""The user's own `adb` program: it holds USB devices, and Google keeps it. Always called with -s SERIAL."""

import re
import shutil
import subprocess
import uuid
from pathlib import Path

from edgekit.device.adb import COMMAND_SECONDS, MAX_SHELL_BYTES, TRANSFER_SECONDS, Moved, ShellResult
from edgekit.device.bounded_child import TooMuch, run_bounded
from edgekit.device.parse import DeviceLine, devices_output, printable
from edgekit.errors import AdbMissing, AdbTimeout, DeviceError, DeviceGone, NoDevice, Offline, PushFailed, Unauthorized

INSTALL_HINT = (
    "install it (Debian: apt install adb; macOS: brew install android-platform-tools; "
    "Windows: winget install Google.PlatformTools)"
)

_AGAIN = "attach it again and run the same command: it goes on where it stopped"
_ALLOW = "unlock the device and allow USB debugging, then run it again"
_SAID_CHARACTERS = 300
_LIST = "`edgekit devices` lists what is attached"
_SAID = r"^(?:adb|adb\.exe|error): (?:error: )?(?:failed to get feature set: )?"
_COMPLAINTS: tuple[tuple[re.Pattern[str], type[DeviceError], str], ...] = (
    (re.compile(_SAID + r"device (unauthorized|still authorizing)"), Unauthorized, _ALLOW),
    (
        re.compile(_SAID + r"device (offline|still connecting)"),
        Offline,
        "unplug it and plug it in again, or: adb reconnect",
    ),
    (re.compile(_SAID + r"(device '.*' not found|no devices)"), NoDevice, _LIST),
    (re.compile(_SAID + r"(closed|protocol fault)"), DeviceGone, _AGAIN),
    (
        re.compile(r"^adb: .*: (couldn't read from device|no response: .*|failed to read copy response: .*)$"),
        DeviceGone,
        _AGAIN,
    ),
    (re.compile(_SAID + r"cannot connect to daemon"), AdbMissing, "adb kill-server, then run it again"),
)
"""Where file names may stand in a line, only its beginning or its end counts."""


def find_adb() -> str | None:
    """The program's path, or None."""
    return shutil.which("adb")


def _run(arguments: list[str], seconds: float, serial: str = "") -> subprocess.CompletedProcess[bytes]:
    program = find_adb()
    if program is None:
        raise AdbMissing("there is no adb program on PATH", INSTALL_HINT, serial=serial)
    try:
        return run_bounded([program, *arguments], seconds, MAX_SHELL_BYTES)
    except TooMuch as error:
        raise DeviceError(f"{serial or 'adb'} printed more than {error}", _AGAIN, serial=serial) from error
    except subprocess.TimeoutExpired as error:
        raise AdbTimeout(
            f"adb {' '.join(arguments)[:80]} did not answer within {seconds:.0f} s",
            "wake the device; if it stays so: adb kill-server",
            serial=serial,
        ) from error


def devices() -> tuple[DeviceLine, ...]:
    """What `adb devices -l` lists; AdbMissing without the program."""
    done = _run(["devices", "-l"], COMMAND_SECONDS)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        last = said.splitlines()[-1][:_SAID_CHARACTERS] if said else done.returncode
        raise AdbMissing(f"adb devices failed: {last}", "adb start-server")
    return devices_output(done.stdout.decode(errors="replace"))


def version() -> str:
    """The program's own words: `Android Debug Bridge version 1.0.41, Version 34.0.5-debian`."""
    said = _run(["version"], COMMAND_SECONDS).stdout.decode(errors="replace").splitlines()
    return ", ".join(printable(line) for line in said[:2])


class AdbProgram:
    """Adb through the program."""

    def __init__(self, serial: str) -> None:
        self.serial = serial

    def shell(self, command: str, *, seconds: float = COMMAND_SECONDS) -> ShellResult:
        done = _run(["-s", self.serial, "shell", "-T", command], seconds, self.serial)
        if done.returncode == 1:
            self._raise_complaint(done.stderr)
        if done.returncode == 0 and not done.stdout:
            self._still_there(command)
        return ShellResult(stdout=done.stdout, stderr=done.stderr, exit_code=done.returncode)

    def push(self, local: Path, remote: str, moved: Moved | None = None) -> None:
        said = self._transfer("push", str(local.absolute()), remote)
        if said is not None:
            hint = "check the free space on the device"
            raise PushFailed(f"{self.serial} refused {remote}: {said}", hint, serial=self.serial)
        if moved is not None:
            moved(local.stat().st_size)

    def pull(self, remote: str, local: Path, moved: Moved | None = None) -> None:
        """The file appears whole, or not at all."""
        part = local.with_name(f".{uuid.uuid4().hex}.part")
        try:
            said = self._transfer("pull", remote, str(part.absolute()))
            if said is not None:
                raise DeviceError(f"{remote} cannot be pulled from {self.serial}: {said}", serial=self.serial)
            part.replace(local)
        finally:
            part.unlink(missing_ok=True)
        if moved is not None:
            moved(local.stat().st_size)

    def _transfer(self, *words: str) -> str | None:
        """None: done; else what adb said, on whichever output."""
        done = _run(["-s", self.serial, *words], TRANSFER_SECONDS, self.serial)
        if done.returncode == 0:
            return None
        said = done.stderr.strip() or done.stdout.strip()
        self._raise_complaint(said)
        return said.decode(errors="replace")[-_SAID_CHARACTERS:]

    def close(self) -> None:
        pass

    def _still_there(self, command: str) -> None:
        """A device that goes in the middle of a command makes `adb shell` end silently with exit code 0."""
        state = _run(["-s", self.serial, "get-state"], COMMAND_SECONDS, self.serial)
        if state.returncode != 0 or state.stdout.strip() != b"device":
            raise DeviceGone(f"{self.serial} vanished during: {command[:80]}", _AGAIN, serial=self.serial)

    def _raise_complaint(self, said: bytes) -> None:
        """adb's own complaints about the device begin with its name; everything else is the command's, or a file's."""
        problem = said.decode(errors="replace").strip().partition("\n")[0].strip()[:_SAID_CHARACTERS]
        for pattern, kind, hint in _COMPLAINTS:
            if pattern.search(problem):
                raise kind(f"{self.serial}: {problem.partition(': ')[2]}", hint, serial=self.serial)
