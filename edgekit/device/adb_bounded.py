"""adb-shell's device with its gaps closed: what a device answers is bounded, and time is a clock that cannot jump."""

import socket
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NoReturn

from edgekit.device.adb import MAX_SHELL_BYTES

MAX_PACKET = 1 << 20
"""Bytes of one packet's payload: what adb-shell offers in its greeting."""
MAX_CHUNK = 1 << 20
"""Bytes of one piece of a file; adbd sends 64 KB."""
MAX_STRAY_PACKETS = 100
"""Packets of other streams that are kept for them. edgekit has one stream at a time."""
_SMALLEST_PACKET = 4096


def bounded_device(host: str, port: int, seconds: float) -> Any:
    """adb-shell's AdbDevice over TCP. After a bound was passed, or a packet made no sense, the socket is of no use any
    more: every further call raises ConnectionAbortedError until the next `connect`, so that nothing waits on it.
    """
    from adb_shell import adb_device, constants, exceptions

    if adb_device.time is time:  # its waiting times, on the clock of the wall
        adb_device.time = SimpleNamespace(time=time.monotonic)
    transport = _transport(host, port)

    def refuse(problem: str) -> NoReturn:
        transport.broken = True
        raise exceptions.InvalidResponseError(problem)

    class Device(adb_device.AdbDevice):  # type: ignore[misc]
        def connect(self, *words: Any, **options: Any) -> Any:
            connected = super().connect(*words, **options)
            # a buffer of that size is made for each transfer, and half of it is a piece of a file
            self._maxdata: int = min(max(self._maxdata, _SMALLEST_PACKET), MAX_PACKET)
            return connected

        def _streaming_command(self, *words: Any) -> Iterator[bytes]:
            printed = 0
            for part in super()._streaming_command(*words):
                printed += len(part)
                if printed > MAX_SHELL_BYTES:
                    refuse(f"a command printed more than {MAX_SHELL_BYTES >> 20} MB")
                yield part

        def _filesync_read_buffered(self, size: int, *words: Any) -> Any:
            if size > MAX_CHUNK:
                refuse(f"a piece of {size} bytes of a file")
            return super()._filesync_read_buffered(size, *words)

    device = Device(transport, default_transport_timeout_s=seconds)
    packets = device._io_manager
    read, read_packet = packets.read, packets._read_packet_from_device

    def read_or_end(expected: list[bytes], info: Any, allow_zeros: bool = False) -> Any:
        """A wait for a packet went on to its time-out after the device had closed the stream."""
        found = read([*expected, constants.CLSE], info, allow_zeros)
        if found[0] == constants.CLSE and constants.CLSE not in expected:
            refuse("the device closed the stream")
        return found

    def read_sound_packet(info: Any) -> Any:
        """After one that makes no sense, adb-shell still waited for the stream's end."""
        try:
            return read_packet(info)
        except BaseException:
            transport.broken = True
            raise

    packets.read, packets._read_packet_from_device = read_or_end, read_sound_packet
    packets._packet_store = _store(refuse)
    return device


def _store(refuse: Callable[[str], NoReturn]) -> Any:
    from adb_shell import hidden_helpers

    class Store(hidden_helpers._AdbPacketStore):  # type: ignore[misc]
        def put(self, *words: Any) -> None:
            if sum(queue.qsize() for queues in self._dict.values() for queue in queues.values()) >= MAX_STRAY_PACKETS:
                refuse("packets of streams that nobody reads")
            super().put(*words)

    return Store()


def _transport(host: str, port: int) -> Any:
    """adb-shell's TCP transport with four gaps closed.

    A write that the socket took in part only was taken for whole; a connection that the device had closed was read on
    until the time-out; a packet's header and payload, sent apart, waited for each other's delayed ACK (40 ms); and a
    packet was as long as its header said.
    """
    from adb_shell.transport.tcp_transport import TcpTransport

    class Transport(TcpTransport):  # type: ignore[misc]
        broken = False

        def connect(self, transport_timeout_s: float | None) -> None:
            super().connect(transport_timeout_s)
            self.broken = False
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def bulk_read(self, numbytes: int, transport_timeout_s: float | None) -> bytes:
            self._check(numbytes)
            content: bytes = super().bulk_read(numbytes, transport_timeout_s)
            if not content:
                raise ConnectionResetError("the device closed the connection")
            return content

        def bulk_write(self, data: bytes, transport_timeout_s: float | None) -> int:
            self._check(0)
            rest = memoryview(data)
            while rest:
                rest = rest[super().bulk_write(rest, transport_timeout_s) :]
            return len(data)

        def _check(self, size: int) -> None:
            if self.broken or size > MAX_PACKET:
                raise ConnectionAbortedError("a connection of no use" if self.broken else f"a packet of {size} bytes")

    return Transport(host, port)
