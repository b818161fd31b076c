"""What both ways to a device offer, and the verified push that is built on it."""

import contextlib
import hashlib
import shlex
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgekit.errors import DeviceError, PushFailed

Moved = Callable[[int], None]
"""Called with the number of bytes that went over since the last call; a push calls it with 0 as it begins."""
COMMAND_SECONDS = 60.0
TRANSFER_SECONDS = 600.0
MAX_SHELL_BYTES = 512 << 20
"""Of what one command prints: an answer of the app comes that way."""
MAX_TEXT_BYTES = 4 << 20
"""Of what a command prints, where it is read as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellResult:
    """What a command on the device printed, and its exit code."""

    stdout: bytes
    stderr: bytes
    exit_code: int

    @property
    def text(self) -> str:
        """Standard output as text, as much as anybody reads."""
        return self.stdout[:MAX_TEXT_BYTES].decode(errors="replace")


class Adb(Protocol):
    """One device. `command` is a whole shell line: build it with `quoted`. All methods raise DeviceError kinds."""

    serial: str

    def shell(self, command: str, *, seconds: float = COMMAND_SECONDS) -> ShellResult: ...

    def push(self, local: Path, remote: str, moved: Moved | None = None) -> None: ...

    def pull(self, remote: str, local: Path, moved: Moved | None = None) -> None: ...

    def close(self) -> None: ...


def quoted(*words: str) -> str:
    """One shell line out of words: the only way a string reaches a device's shell."""
    return shlex.join(words)


def sha256_of(path: Path) -> str:
    """Hex digest of a local file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def remote_sha256(adb: Adb, remote: str) -> str | None:
    """Hex digest of a file on the device, or None where it is not there."""
    result = adb.shell(quoted("sha256sum", remote))
    found = result.text.split()
    # With odd characters in the name, sha256sum marks the line with a backslash.
    digest = found[0].lstrip("\\") if result.exit_code == 0 and found else ""
    return digest if len(digest) == 64 else None


def push_verified(adb: Adb, local: Path, remote: str, moved: Moved | None = None) -> bool:
    """Push to a temporary name, compare sha256 on the device, rename. False: the same sha256 lay there already.

    Raises PushFailed where the file on the device has another hash; then nothing is left under either name. After any
    other error, too, the temporary name is removed where the device still answers.
    """
    wanted = sha256_of(local)
    if remote_sha256(adb, remote) == wanted:
        return False
    folder = remote.rpartition("/")[0]
    temporary = f"{folder}/.{uuid.uuid4().hex}.part"
    _require(adb, quoted("mkdir", "-p", folder or "/"), remote)
    left = [temporary]
    try:
        if moved is not None:
            moved(0)
        adb.push(local, temporary, moved)
        found = remote_sha256(adb, temporary)
        if found != wanted:
            left.append(remote)
            raise PushFailed(
                f"{local.name} arrived on {adb.serial} with sha256 {(found or 'none')[:16]}, sent was {wanted[:16]}",
                "check the cable and the free space on the device, then run it again",
                serial=adb.serial,
            )
        _require(adb, quoted("mv", temporary, remote), remote)
    except BaseException:
        with contextlib.suppress(DeviceError):
            adb.shell(quoted("rm", "-f", *left))
        raise
    return True


def _require(adb: Adb, command: str, remote: str) -> None:
    result = adb.shell(command)
    if result.exit_code != 0:
        said = (result.stderr or result.stdout)[:300].decode(errors="replace").strip()
        raise PushFailed(
            f"{remote} cannot be written on {adb.serial}: {said or f'exit code {result.exit_code}'}",
            "free space on the device, or check that its /data/local/tmp can be written",
            serial=adb.serial,
        )
