"""adbd directly, by adb-shell over TCP: no adb program, no server. The only file that talks to that package."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from edgekit.device.adb import COMMAND_SECONDS, TRANSFER_SECONDS, Moved, ShellResult
from edgekit.errors import AdbTimeout, DeviceGone, NoDevice, Offline, PushFailed, Unauthorized

_STDOUT, _STDERR, _EXIT = 1, 2, 3
AUTH_SECONDS = 10.0


def user_key() -> Path:
    """edgekit's own adb key, made once, readable by the user alone. The public half lies beside it with `.pub`."""
    return make_key(Path(platformdirs.user_config_dir("edgekit")) / "adbkey")


def make_key(path: Path) -> Path:
    """A new RSA key pair at `path` unless one is there."""
    from adb_shell.auth.keygen import keygen

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        keygen(str(path))
        path.chmod(0o600)
    return path


class AdbWire:
    """Adb over one TCP connection to `address` (HOST:PORT). Shell commands need Android 7 (shell v2)."""

    def __init__(self, address: str, key: Path | None = None, *, seconds: float = COMMAND_SECONDS) -> None:
        from adb_shell.adb_device import AdbDeviceTcp
        from adb_shell.auth.sign_pythonrsa import PythonRSASigner

        host, _, port = address.rpartition(":")
        self.serial = address
        key = key or user_key()
        signer = PythonRSASigner(key.with_name(key.name + ".pub").read_text(), key.read_text())
        self._device = AdbDeviceTcp(host, int(port), default_transport_timeout_s=seconds)
        with self._translated("connect"):
            self._device.connect(rsa_keys=[signer], auth_timeout_s=AUTH_SECONDS)

    def shell(self, command: str, *, seconds: float = COMMAND_SECONDS) -> ShellResult:
        with self._translated(command):
            # shell v2 carries the exit code; adb-shell itself speaks v1 only, so the service is opened by its name
            stream: bytes = self._device._service(
                b"shell,v2,raw",
                command.encode(),
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
        with self._translated(f"push {remote}"):
            self._device.push(
                str(local),
                remote,
                progress_callback=None if moved is None else lambda _, size, __: moved(size),
                transport_timeout_s=TRANSFER_SECONDS,
                read_timeout_s=TRANSFER_SECONDS,
            )

    def pull(self, remote: str, local: Path, moved: Moved | None = None) -> None:
        with self._translated(f"pull {remote}"):
            self._device.pull(
                remote,
                str(local),
                progress_callback=None if moved is None else lambda _, size, __: moved(size),
                transport_timeout_s=TRANSFER_SECONDS,
                read_timeout_s=TRANSFER_SECONDS,
            )

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._device.close()

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        """adb-shell's errors, which have no common base, as ours."""
        from adb_shell import exceptions as theirs

        try:
            yield
        except theirs.DeviceAuthError as error:
            raise self._unauthorized() from error
        except (theirs.TcpTimeoutException, theirs.AdbTimeoutError, TimeoutError) as error:
            if what == "connect":
                raise self._unauthorized() from error
            raise AdbTimeout(
                f"{self.serial} stopped answering during: {what[:80]}",
                "wake the device and run it again",
                serial=self.serial,
            ) from error
        except theirs.PushFailedError as error:
            said = error.args[0] if error.args else b""
            text = bytes(said).decode(errors="replace") if isinstance(said, (bytes, bytearray)) else str(said)
            raise PushFailed(
                f"{self.serial} refused {what[:80]}: {text}", "check the free space on the device", serial=self.serial
            ) from error
        except ConnectionRefusedError as error:
            raise NoDevice(
                f"nothing answers at {self.serial}", "check the address, and `adb tcpip 5555`", serial=self.serial
            ) from error
        except (ConnectionError, theirs.AdbConnectionError, theirs.InvalidChecksumError, struct.error) as error:
            raise self._gone(what, error) from error
        except (theirs.InvalidCommandError, theirs.InvalidResponseError) as error:
            raise self._gone(what, error) from error
        except socket.gaierror as error:
            raise Offline(f"{self.serial} is no address: {error}", "HOST:PORT, e.g. 10.0.0.7:5555") from error
        except OSError as error:
            if error.filename is not None:
                raise  # a local file
            raise self._gone(what, error) from error

    def _unauthorized(self) -> Unauthorized:
        return Unauthorized(
            f"{self.serial} does not accept this computer's key",
            "unlock the device and allow USB debugging, then run it again",
            serial=self.serial,
        )

    def _gone(self, what: str, error: Any) -> DeviceGone:
        return DeviceGone(
            f"{self.serial} vanished during: {what[:80]} ({type(error).__name__})",
            "attach it again and run the same command: it goes on where it stopped",
            serial=self.serial,
        )
