"""What a self-test of a device writes down: every command with its answer, within bounds, and checks over them."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edgekit.device.adb import COMMAND_SECONDS, Adb, Moved, ShellResult
from edgekit.errors import DeviceGone, EdgekitError, NoDevice, Offline, Unauthorized

MAX_TEXT = 64_000
"""Characters of one command's output that are kept."""
MAX_LINE = 2_000
LOST = (DeviceGone, NoDevice, Offline, Unauthorized)
State = Literal["ok", "differs", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One call of adb and what came of it. `error`: adb's own complaint."""

    command: str
    exit_code: int | None
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    milliseconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`expected`: the assumption that edgekit makes; `seen`: what the device showed; `commands`: the evidence."""

    name: str
    state: State
    expected: str
    seen: str
    essential: bool = False
    """Without it nothing can be measured on the device."""
    milliseconds: int = 0
    commands: tuple[Command, ...] = ()


@dataclass(slots=True)
class Recorder:
    """An Adb that keeps what every call said."""

    adb: Adb
    commands: list[Command] = field(default_factory=list)

    @property
    def serial(self) -> str:
        return self.adb.serial

    @serial.setter
    def serial(self, serial: str) -> None:
        self.adb.serial = serial

    def shell(self, command: str, *, seconds: float = COMMAND_SECONDS) -> ShellResult:
        begun = time.monotonic()
        result: ShellResult | None = None
        error = ""
        try:
            result = self.adb.shell(command, seconds=seconds)
            return result
        except EdgekitError as problem:
            error = problem.message
            raise
        finally:
            self.commands.append(
                Command(
                    command=command[:MAX_LINE],
                    exit_code=None if result is None else result.exit_code,
                    stdout="" if result is None else shown(result.stdout),
                    stderr="" if result is None else shown(result.stderr),
                    error=error,
                    milliseconds=_since(begun),
                )
            )

    def push(self, local: Path, remote: str, moved: Moved | None = None) -> None:
        self._transfer(f"push {local.name} {remote}", lambda: self.adb.push(local, remote, moved))

    def pull(self, remote: str, local: Path, moved: Moved | None = None) -> None:
        self._transfer(f"pull {remote}", lambda: self.adb.pull(remote, local, moved))

    def _transfer(self, what: str, transfer: Callable[[], None]) -> None:
        begun = time.monotonic()
        error = ""
        try:
            transfer()
        except EdgekitError as problem:
            error = problem.message
            raise
        finally:
            self.commands.append(Command(command=what, exit_code=None, error=error, milliseconds=_since(begun)))

    def close(self) -> None:
        self.adb.close()


def shown(content: bytes) -> str:
    """A command's output as it is kept: text within bounds, long lines cut, anything else by its sha256."""
    if b"\0" in content or content.startswith(b"PK"):
        return f"({len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()})"
    lines = content[: 4 * MAX_TEXT].decode(errors="replace").split("\n")
    text = "\n".join(line if len(line) <= MAX_LINE else f"{line[:200]}... ({len(line)} characters)" for line in lines)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}\n... (cut)"


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


Seen = tuple[State, str]
"""What a check found: its state, and the text of it."""


def checked(adb: Recorder, name: str, expected: str, look: Callable[[], Seen], *, essential: bool = False) -> Check:
    """Run one check; an error of ours is `failed` with its sentence. A device that is gone ends the self-test."""
    first, begun = len(adb.commands), time.monotonic()
    gone: EdgekitError | None = None
    try:
        state, seen = look()
    except LOST as error:
        state, seen, gone = "failed", error.message, error
    except EdgekitError as error:
        state, seen = "failed", error.message
    except Exception as error:  # a mistake of ours: what was seen before it must not be lost
        state, seen = "failed", f"edgekit failed on {type(error).__name__}: {error}"
    check = Check(
        name=name,
        state=state,
        expected=expected,
        seen=seen,
        essential=essential,
        milliseconds=_since(begun),
        commands=tuple(adb.commands[first:]),
    )
    if gone is not None:
        raise DeviceWent(check) from gone
    return check


class DeviceWent(Exception):
    """The device went, or stopped answering, in the check that is carried."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.seen)
        self.check = check
