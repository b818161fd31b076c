"""One call of a stand-in program: its words, its caller and its three files."""

import contextlib
import os
import socket
import struct
from dataclasses import dataclass


class Gone(Exception):
    """Nobody reads the output any more."""


class JavaError(Exception):
    """What Android's own code would throw: its class and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message

    def trace(self, place: str) -> str:
        return f"{self.kind}: {self.message}\n\tat {place}\n"


@dataclass
class Call:
    """`words[0]` is the program's name. Output goes straight into the caller's own files."""

    words: list[str]
    folder: str
    uid: int
    pid: int
    files: tuple[int, int, int]
    line: socket.socket

    def out(self, text: str) -> None:
        self._write(self.files[1], text)

    def err(self, text: str) -> None:
        self._write(self.files[2], text)

    def _write(self, file: int, text: str) -> None:
        rest = memoryview(text.encode(errors="surrogateescape"))
        try:
            while rest:
                rest = rest[os.write(file, rest) :]
        except OSError as error:
            raise Gone from error

    def end(self, code: int) -> None:
        """Close the files and tell the program its exit code."""
        for file in self.files:
            with contextlib.suppress(OSError):
                os.close(file)
        with contextlib.suppress(OSError), self.line:
            self.line.sendall(bytes([code & 255]))


def receive(line: socket.socket) -> Call | None:
    """Read a call from a fresh connection; None where it makes no sense."""
    pid, uid, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    head, files, _, _ = socket.recv_fds(line, 4, 3)
    if len(head) != 4 or len(files) != 3:
        for file in files:
            os.close(file)
        return None
    size = struct.unpack("<I", head)[0]
    content = bytearray()
    while len(content) < size:
        more = line.recv(size - len(content))
        if not more:
            return None
        content += more
    folder, *words = bytes(content[:-1]).decode(errors="surrogateescape").split("\0")
    return Call(words=words, folder=folder, uid=uid, pid=pid, files=(files[0], files[1], files[2]), line=line)
