"""The `sync:` service: STAT, LIST, SEND, RECV and their second versions, as adbd answers them."""

import contextlib
import os
import re
import stat
import struct
import uuid
from collections.abc import Callable
from typing import Protocol

from edgekit.device.loopback.files import Files, OutsideRoot
from edgekit.device.loopback.wire import ProtocolBroken

MAX_CHUNK = 64 * 1024
_REASON_BYTES = 2048
_ENOENT, _EACCES = 2, 13


class ByteStream(Protocol):
    """One ADB stream: exact reads, buffered by the other side's packets."""

    def read_exactly(self, size: int) -> bytes: ...

    def write(self, content: bytes) -> None: ...


def serve(stream: ByteStream, files: Files) -> None:
    """Answer requests until QUIT or the stream's end."""
    while True:
        request, size = struct.unpack("<4sI", stream.read_exactly(8))
        if request == b"QUIT":
            return
        handler = _HANDLERS.get(request)
        if handler is None:
            raise ProtocolBroken(f"sync request {request!r}")
        if size > 2 * MAX_CHUNK:
            raise ProtocolBroken(f"sync request of {size} bytes")
        name = stream.read_exactly(size).decode(errors="surrogateescape")
        handler(stream, files, name)


def _look(files: Files, name: str) -> tuple[os.stat_result | None, int]:
    """(status, error number)."""
    try:
        return files.local(name).lstat(), 0
    except OutsideRoot:
        return None, _EACCES
    except OSError:
        return None, _ENOENT


def _stat(stream: ByteStream, files: Files, name: str) -> None:
    found, _ = _look(files, name)
    mode, size, when = (found.st_mode, found.st_size, int(found.st_mtime)) if found else (0, 0, 0)
    stream.write(struct.pack("<4s3I", b"STAT", mode, size & 0xFFFFFFFF, when & 0xFFFFFFFF))


def _v2(found: os.stat_result | None, error: int) -> bytes:
    if found is None:
        return struct.pack("<I2Q4IQ3q", error, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    times = (int(found.st_atime), int(found.st_mtime), int(found.st_ctime))
    return struct.pack("<I2Q4IQ3q", 0, found.st_dev, found.st_ino, found.st_mode, 1, 2000, 2000, found.st_size, *times)


def _stat_v2(request: bytes) -> "Callable[[ByteStream, Files, str], None]":
    def answer(stream: ByteStream, files: Files, name: str) -> None:
        stream.write(request + _v2(*_look(files, name)))

    return answer


def _entries(files: Files, name: str) -> list[tuple[bytes, os.stat_result]]:
    found = []
    with contextlib.suppress(OSError):
        for path in sorted(files.local(name).iterdir()):
            with contextlib.suppress(FileNotFoundError):  # it went meanwhile
                found.append((os.fsencode(path.name), path.lstat()))
    return found


def _list(stream: ByteStream, files: Files, name: str) -> None:
    for encoded, found in _entries(files, name):
        sizes = (found.st_mode, found.st_size & 0xFFFFFFFF, int(found.st_mtime) & 0xFFFFFFFF, len(encoded))
        stream.write(struct.pack("<4s4I", b"DENT", *sizes) + encoded)
    stream.write(struct.pack("<4s4I", b"DONE", 0, 0, 0, 0))


def _list_v2(stream: ByteStream, files: Files, name: str) -> None:
    for encoded, found in _entries(files, name):
        stream.write(b"DNT2" + _v2(found, 0) + struct.pack("<I", len(encoded)) + encoded)
    stream.write(b"DONE" + _v2(None, 0) + struct.pack("<I", 0))


def _fail(stream: ByteStream, problem: str) -> None:
    encoded = problem.encode(errors="surrogateescape")[:_REASON_BYTES]
    stream.write(struct.pack("<4sI", b"FAIL", len(encoded)) + encoded)


def _send(stream: ByteStream, files: Files, name: str) -> None:
    path, _, mode = name.rpartition(",")
    _receive_file(stream, files, path, int(mode) if re.fullmatch(r"[0-9]{1,10}", mode) else 0)


def _send_v2(stream: ByteStream, files: Files, name: str) -> None:
    _, mode, flags = struct.unpack("<4s2I", stream.read_exactly(12))
    if flags:
        raise ProtocolBroken("compressed transfers were not offered")
    _receive_file(stream, files, name, mode)


def _receive_file(stream: ByteStream, files: Files, name: str, mode: int) -> None:
    """DATA chunks into a temporary file, renamed at DONE; after a problem the rest is read and FAIL is the answer."""
    problem, temporary, handle = "", None, None
    try:
        target = files.local(name)
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise OSError("only plain files are taken")
        if target.is_dir():
            raise OSError("is a directory")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{uuid.uuid4().hex}.receiving")
        handle = temporary.open("wb")
    except OSError as error:
        problem = error.strerror or str(error)
    try:
        while True:
            kind, size = struct.unpack("<4sI", stream.read_exactly(8))
            if kind == b"DONE":
                break
            if kind != b"DATA" or size > MAX_CHUNK:
                raise ProtocolBroken(f"{kind!r} of {size} bytes in the middle of a file")
            content = stream.read_exactly(size)
            if handle is not None and not problem:
                try:
                    handle.write(content)
                except OSError as error:
                    problem = error.strerror or str(error)
        if handle is not None and temporary is not None and not problem:
            handle.close()
            temporary.chmod(0o600)
            temporary.replace(target)
    except OSError as error:
        problem = error.strerror or str(error)
    finally:
        if handle is not None:
            with contextlib.suppress(OSError):  # a full disk refuses what is still in the buffer once more
                handle.close()
        if temporary is not None:
            with contextlib.suppress(OSError):  # a folder that cannot be written holds none
                temporary.unlink(missing_ok=True)
    if problem:
        _fail(stream, f"{name}: {problem}")
    else:
        stream.write(struct.pack("<4sI", b"OKAY", 0))


def _receive(stream: ByteStream, files: Files, name: str) -> None:
    try:
        with files.local(name).open("rb") as file:
            waiting = bytearray()
            while block := file.read(MAX_CHUNK):
                waiting += struct.pack("<4sI", b"DATA", len(block)) + block
                if len(waiting) >= 15 * MAX_CHUNK:
                    stream.write(bytes(waiting))
                    waiting.clear()
            stream.write(bytes(waiting) + struct.pack("<4sI", b"DONE", 0))
    except OSError as error:
        _fail(stream, f"{name}: {error.strerror or error}")


def _receive_v2(stream: ByteStream, files: Files, name: str) -> None:
    _, flags = struct.unpack("<4sI", stream.read_exactly(8))
    if flags:
        raise ProtocolBroken("compressed transfers were not offered")
    _receive(stream, files, name)


_HANDLERS: dict[bytes, Callable[[ByteStream, Files, str], None]] = {
    b"STAT": _stat,
    b"STA2": _stat_v2(b"STA2"),
    b"LST2": _stat_v2(b"LST2"),
    b"LIST": _list,
    b"LIS2": _list_v2,
    b"SEND": _send,
    b"SND2": _send_v2,
    b"RECV": _receive,
    b"RCV2": _receive_v2,
}
