"""One stream of a connection: bytes in and out under ADB's flow control, and the service behind them."""

import contextlib
import queue
import re
import struct
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from edgekit.device.loopback import commands, sync
from edgekit.device.loopback.child import Child
from edgekit.device.loopback.wire import Packet, ProtocolBroken

if TYPE_CHECKING:
    from edgekit.device.loopback.server import Connection

WAITING_PACKETS = 8
_SHELL = re.compile(r"shell(?:,(?P<options>[^:]*))?:(?P<line>.*)", re.DOTALL)


class Stream:
    """One stream: bytes in by packets, bytes out one acknowledged packet after another."""

    def __init__(self, connection: "Connection", local: int, remote: int) -> None:
        self.connection, self.local, self.remote = connection, local, remote
        self.acknowledged = threading.Event()
        self._machine = replace(connection.machine, child=Child())
        self._arrived: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._rest = memoryview(b"")
        self._ended = threading.Event()

    def arrived(self, payload: bytes) -> None:
        if self._arrived.qsize() >= WAITING_PACKETS:  # flow control allows one packet in flight
            raise ProtocolBroken("packets without waiting for OKAY")
        self._arrived.put(payload)

    def end(self) -> None:
        """Wake who waits, and end the process that runs for this stream."""
        self._ended.set()
        self.acknowledged.set()
        self._arrived.put(None)
        self._machine.child.end()

    def read_exactly(self, size: int) -> bytes:
        """`size` bytes from the client; ConnectionError when the stream ends before."""
        parts = []
        while size > 0:
            if not self._rest:
                payload = self._arrived.get()
                if payload is None:
                    raise ConnectionError("the stream ended")
                self._rest = memoryview(payload)
                self.connection.send(Packet(b"OKAY", self.local, self.remote))
            part = self._rest[:size]
            self._rest = self._rest[len(part) :]
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def write(self, content: bytes) -> None:
        """Send in packets of at most the client's size, each acknowledged before the next."""
        view = memoryview(content)
        for start in range(0, len(view), self.connection.max_payload):
            self.acknowledged.clear()
            if self._ended.is_set():
                raise ConnectionError("the stream ended")
            part = bytes(view[start : start + self.connection.max_payload])
            self.connection.send(Packet(b"WRTE", self.local, self.remote, part))
            self.acknowledged.wait()

    def serve(self, service: str) -> None:
        """Run the service to its end, then close the stream."""
        local = self.local
        try:
            answer = self._service(service)
            if answer is None:
                local = 0  # refused: the stream never was open on this side
                return
            self.connection.send(Packet(b"OKAY", self.local, self.remote))
            answer()
        except (OSError, ProtocolBroken, struct.error, ValueError):
            pass  # a broken stream is closed; the connection goes on
        finally:
            self.connection.streams.pop(self.local, None)
            with contextlib.suppress(OSError):
                self.connection.send(Packet(b"CLSE", local, self.remote))

    def _service(self, service: str) -> Callable[[], None] | None:
        if service == "sync:":
            return lambda: sync.serve(self, self._machine.files)
        if service.startswith("exec:"):
            return lambda: self._shell(service.removeprefix("exec:"), version_2=False)
        found = _SHELL.fullmatch(service)
        if found is None:
            return None
        version_2 = "v2" in (found["options"] or "").split(",")
        return lambda: self._shell(found["line"], version_2=version_2)

    def _shell(self, line: str, *, version_2: bool) -> None:
        stdout, stderr, code = commands.run(line, self._machine)
        if not version_2:  # one pipe for both, and no exit code, as adbd has it
            self.write(stdout + stderr)
            return
        for kind, content in ((1, stdout), (2, stderr), (3, bytes([code & 0xFF]))):
            if content:
                self.write(struct.pack("<BI", kind, len(content)) + content)
