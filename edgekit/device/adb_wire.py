"""adbd directly, by adb-shell over TCP: no adb program, no server. Only this and adb_bounded.py talk to adb-shell."""

import contextlib
import socket
import struct
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from edgekit.device.adb import COMMAND_SECONDS, TRANSFER_SECONDS, Moved, ShellResult
from edgekit.device.adb_bounded import bounded_device
from edgekit.errors import AdbTimeout, DeviceError, DeviceGone, NoDevice, Offline, PushFailed, Unauthorized

_STDOUT, _STDERR, _EXIT = 1, 2, 3
AUTH_SECONDS = 10.0
_SAID_BYTES = 300
"""Of a device's own words, in a sentence."""


def user_key() -> Path:
    """edgekit's own adb key, made once, readable by the user alone. The public half lies beside it with `.pub`."""
    return make_key(Path(platformdirs.user_config_dir("edgekit")) / "adbkey")


def make_key(path: Path) -> Path:
    """A new RSA key pair at `path` unless one is there. Each half appears whole, the private one last."""
    from adb_shell.auth.keygen import keygen

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".adbkey-") as temporary:  # its mode is 0700
            made = Path(temporary) / "adbkey"
            keygen(str(made))
            made.chmod(0o600)
            made.with_name("adbkey.pub").replace(path.with_name(path.name + ".pub"))
            made.replace(path)
    return path


class AdbWire:
    """Adb over one TCP connection to `address` (HOST:PORT). Shell commands need Android 7 (shell v2).

    After an error the connection is closed, for nobody knows what was half sent; the next call makes a new one.
    """

    def __init__(self, address: str, key: Path | None = None, *, seconds: float = COMMAND_SECONDS) -> None:
        from adb_shell.auth.sign_pythonrsa import PythonRSASigner

        host, _, port = address.rpartition(":")
        self.serial = address
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
            raise self._no_address(f"{port or 'nothing'!r} is no port")
        key = key or user_key()
        self._signer = PythonRSASigner(key.with_name(key.name + ".pub").read_text(), key.read_text())
        self._device = bounded_device(host.strip("[]"), int(port), seconds)
        self._key_refused = False
        self._connected()

    def _connected(self) -> Any:
        """adb-shell's device, with an open connection."""
        if not self._device.available:
            self._key_refused = False
            with self._translated("connect"):
                # adb-shell offers the public key only after the signature was refused
                self._device.connect(
                    rsa_keys=[self._signer], auth_timeout_s=AUTH_SECONDS, auth_callback=self._signature_refused
                )
        return self._device

    def _signature_refused(self, _: object) -> None:
        self._key_refused = True

    def shell(self, command: str, *, seconds: float = COMMAND_SECONDS) -> ShellResult:
        device = self._connected()
        with self._translated(command):
            # shell v2 carries the exit code; adb-shell itself speaks v1 only, so the service is opened by its name
            stream: bytes = device._service(
                b"shell,v2,raw",
                command.encode(errors="surrogateescape"),
                transport_timeout_s=seconds,
                read_timeout_s=seconds,
                timeout_s=seconds,
                decode=False,
            )
        return self._parsed(stream, command)

    def _parsed(self, stream: bytes, command: str) -> ShellResult:
        parts = {_STDOUT: bytearray(), _STDERR: bytearray()}
        exit_code: int | None = None
        at = 0
        while at + 5 <= len(stream):
            kind, size = struct.unpack_from("<BI", stream, at)
            content = stream[at + 5 : at + 5 + size]
            at += 5 + size
            if kind in parts:
                parts[kind] += content
            elif kind == _EXIT and content:
                exit_code = content[0]
        if exit_code is None:
            raise DeviceGone(
                f"{self.serial} ended the command without an exit code: {command[:80]}",
                "Android 7 or later is needed; attach the device again",
                serial=self.serial,
            )
        return ShellResult(stdout=bytes(parts[_STDOUT]), stderr=bytes(parts[_STDERR]), exit_code=exit_code)

    def push(self, local: Path, remote: str, moved: Moved | None = None) -> None:
        device = self._connected()
        with self._translated(f"push {remote}"):
            device.push(
                str(local),
                remote,
                mtime=int(time.time()),
                progress_callback=None if moved is None else lambda _, size, __: moved(size),
                transport_timeout_s=TRANSFER_SECONDS,
                read_timeout_s=TRANSFER_SECONDS,
            )

    def pull(self, remote: str, local: Path, moved: Moved | None = None) -> None:
        """The file appears whole, or not at all."""
        device = self._connected()
        part = local.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with self._translated(f"pull {remote}"):
                device.pull(
                    remote,
                    str(part),
                    progress_callback=None if moved is None else lambda _, size, __: moved(size),
                    transport_timeout_s=TRANSFER_SECONDS,
                    read_timeout_s=TRANSFER_SECONDS,
                )
            part.replace(local)
        finally:
            part.unlink(missing_ok=True)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._device.close()

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        """adb-shell's errors, which have no common base, as ours; the connection is closed."""
        try:
            yield
        except BaseException as error:
            self.close()
            ours = self._ours(what, error)
            if ours is None:
                raise
            raise ours from error

    def _ours(self, what: str, error: BaseException) -> DeviceError | None:
        from adb_shell import exceptions as theirs

        serial = self.serial
        if self._key_refused and what == "connect" and isinstance(error, Exception):
            return Unauthorized(
                f"{serial} does not accept this computer's key",
                "unlock the device and allow USB debugging, then run it again",
                serial=serial,
            )
        if isinstance(error, (theirs.TcpTimeoutException, theirs.AdbTimeoutError, TimeoutError)):
            return AdbTimeout(
                f"{serial} stopped answering during: {what[:80]}", "wake the device and run it again", serial=serial
            )
        if isinstance(error, theirs.PushFailedError):
            said = bytes(error.args[0])[:_SAID_BYTES].decode(errors="replace") if error.args else "no reason"
            return PushFailed(f"{serial} refused {what[:80]}: {said}", "check the free space there", serial=serial)
        if isinstance(error, theirs.AdbCommandFailureException):
            said = str(error)[:_SAID_BYTES]
            return DeviceError(f"{serial} refused {what[:80]}: {said}", "check that the file is there", serial=serial)
        if isinstance(error, ConnectionRefusedError):
            return NoDevice(f"nothing answers at {serial}", "check the address, and `adb tcpip 5555`", serial=serial)
        if isinstance(error, socket.gaierror):
            return self._no_address(str(error))
        if isinstance(error, OSError) and error.filename is not None:
            return None  # a local file
        broken = (theirs.AdbConnectionError, theirs.InvalidChecksumError, theirs.InvalidCommandError)
        # the last two: adb-shell's own, where bytes make no sense to it
        nonsense = (theirs.InvalidResponseError, struct.error, KeyError, ValueError, OverflowError)
        if isinstance(error, (OSError, *broken, *nonsense)):
            return DeviceGone(
                f"{serial} vanished during: {what[:80]} ({type(error).__name__})",
                "attach it again and run the same command: it goes on where it stopped",
                serial=serial,
            )
        return None

    def _no_address(self, problem: str) -> Offline:
        return Offline(f"{self.serial} is no address: {problem}", "HOST:PORT, e.g. 10.0.0.7:5555", serial=self.serial)
