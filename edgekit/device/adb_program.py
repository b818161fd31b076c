"""The user's own `adb` program: it holds USB devices, and Google keeps it. Always called with -s SERIAL."""

import shutil
import subprocess
from pathlib import Path

from edgekit.device.adb import COMMAND_SECONDS, TRANSFER_SECONDS, Moved, ShellResult
from edgekit.device.parse import DeviceLine, devices_output
from edgekit.errors import AdbMissing, AdbTimeout, DeviceError, DeviceGone, NoDevice, Offline, PushFailed, Unauthorized

INSTALL_HINT = (
    "install it (Debian: apt install adb; macOS: brew install android-platform-tools; "
    "Windows: winget install Google.PlatformTools)"
)


def find_adb() -> str | None:
    """The program's path, or None."""
    return shutil.which("adb")


def _run(arguments: list[str], seconds: float, serial: str = "") -> subprocess.CompletedProcess[bytes]:
    program = find_adb()
    if program is None:
        raise AdbMissing("there is no adb program on PATH", INSTALL_HINT, serial=serial)
    try:
        return subprocess.run([program, *arguments], capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise AdbTimeout(
            f"adb {arguments[0]} did not answer within {seconds:.0f} s",
            "wake the device; if it stays so: adb kill-server",
            serial=serial,
        ) from error


def devices() -> tuple[DeviceLine, ...]:
    """What `adb devices -l` lists; AdbMissing without the program."""
    done = _run(["devices", "-l"], COMMAND_SECONDS)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise AdbMissing(
            f"adb devices failed: {said.splitlines()[-1] if said else done.returncode}", "adb start-server"
        )
    return devices_output(done.stdout.decode(errors="replace"))


class AdbProgram:
    """Adb through the program."""

    def __init__(self, serial: str) -> None:
        self.serial = serial

    def shell(self, command: str, *, seconds: float = COMMAND_SECONDS) -> ShellResult:
        done = _run(["-s", self.serial, "shell", "-T", command], seconds, self.serial)
        self._check(done)
        return ShellResult(stdout=done.stdout, stderr=done.stderr, exit_code=done.returncode)

    def push(self, local: Path, remote: str, moved: Moved | None = None) -> None:
        done = _run(["-s", self.serial, "push", str(local), remote], TRANSFER_SECONDS, self.serial)
        self._check(done)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip() or done.stdout.decode(errors="replace").strip()
            raise PushFailed(f"{self.serial} refused {remote}: {said[-300:]}", "check the free space on the device")
        if moved is not None:
            moved(local.stat().st_size)

    def pull(self, remote: str, local: Path, moved: Moved | None = None) -> None:
        done = _run(["-s", self.serial, "pull", remote, str(local)], TRANSFER_SECONDS, self.serial)
        self._check(done)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip() or done.stdout.decode(errors="replace").strip()
            raise DeviceError(f"{remote} cannot be pulled from {self.serial}: {said[-300:]}", serial=self.serial)
        if moved is not None:
            moved(local.stat().st_size)

    def close(self) -> None:
        pass

    def _check(self, done: subprocess.CompletedProcess[bytes]) -> None:
        """adb's own complaints begin with its name and exit with 1; everything else is the command's."""
        said = done.stderr.decode(errors="replace")
        if done.returncode == 0 or not said.lstrip().startswith(("adb: ", "error: ", "adb.exe: ")):
            return
        problem = said.strip().splitlines()[0]
        for words, kind, hint in (
            ("unauthorized", Unauthorized, "unlock the device and allow USB debugging, then run it again"),
            ("offline", Offline, "unplug it and plug it in again, or: adb reconnect"),
            ("not found", NoDevice, "`edgekit devices` lists what is attached"),
            ("no devices", NoDevice, "`edgekit devices` lists what is attached"),
            ("closed", DeviceGone, "attach it again and run the same command: it goes on where it stopped"),
            ("protocol fault", DeviceGone, "attach it again and run the same command: it goes on where it stopped"),
        ):
            if words in problem:
                raise kind(f"{self.serial}: {problem.partition(': ')[2] or problem}", hint, serial=self.serial)
