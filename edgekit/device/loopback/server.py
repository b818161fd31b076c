"""Connections and streams: CNXN, AUTH, then OPEN, OKAY, WRTE, CLSE. One thread a connection and one a stream."""

import contextlib
import os
import queue
import re
import socket
import struct
import threading

from edgekit.device.loopback import commands, sync
from edgekit.device.loopback.commands import Machine
from edgekit.device.loopback.wire import (
    AUTH_PUBLIC_KEY,
    AUTH_SIGNATURE,
    AUTH_TOKEN,
    HEADER,
    MAX_PAYLOAD,
    TOKEN_BYTES,
    VERSION,
    Packet,
    ProtocolBroken,
    pack,
    parse_header,
    signature_fits,
)

FEATURES = "shell_v2,cmd,stat_v2,ls_v2,sendrecv_v2"
MAX_STREAMS = 64
MAX_CONNECTIONS = 32
WAITING_PACKETS = 8
UNAUTHENTICATED_SECONDS = 30.0
_SHELL = re.compile(r"shell(?:,(?P<options>[^:]*))?:(?P<line>.*)", re.DOTALL)


class Server:
    """Listens on 127.0.0.1. `keys`: the (modulus, exponent) pairs that may connect."""

    def __init__(self, machine: Machine, keys: tuple[tuple[int, int], ...], port: int = 0) -> None:
        self.machine, self.keys = machine, keys
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def serve(self) -> None:
        """Until the listener is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._places.acquire(blocking=False):
                client.close()
                continue
            threading.Thread(target=self._serve_one, args=(client,), daemon=True).start()

    def _serve_one(self, client: socket.socket) -> None:
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _Connection(client, self.machine, self.keys).serve()
        except (OSError, ProtocolBroken, struct.error):
            pass  # the client has gone, or never spoke ADB: nothing is owed to it
        finally:
            client.close()
            self._places.release()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()


class _Connection:
    """One client."""

    def __init__(self, client: socket.socket, machine: Machine, keys: tuple[tuple[int, int], ...]) -> None:
        self.client, self.machine, self.keys = client, machine, keys
        self.checksums = True
        self.max_payload = 4096
        self.streams: dict[int, _Stream] = {}
        self._sending = threading.Lock()
        self._next_id = 1

    def send(self, packet: Packet) -> None:
        content = pack(packet, checksums=self.checksums)
        with self._sending:
            self.client.sendall(content)

    def _read_exactly(self, size: int) -> bytes:
        content = bytearray(size)
        view, got = memoryview(content), 0
        while got < size:
            count = self.client.recv_into(view[got:])
            if count == 0:
                raise ConnectionError("closed")
            got += count
        return bytes(content)

    def receive(self) -> Packet:
        command, arg0, arg1, size, checksum = parse_header(self._read_exactly(HEADER.size))
        payload = self._read_exactly(size) if size else b""
        if self.checksums and command != b"CNXN" and sum(payload) & 0xFFFFFFFF != checksum:
            raise ProtocolBroken("bad checksum")
        return Packet(command, arg0, arg1, payload)

    def serve(self) -> None:
        self.client.settimeout(UNAUTHENTICATED_SECONDS)
        self._authenticate()
        self.client.settimeout(None)
        properties = self.machine.properties()
        named = "".join(
            f"{key}={properties[key]};" for key in ("ro.product.name", "ro.product.model", "ro.product.device")
        )
        self.send(Packet(b"CNXN", VERSION, MAX_PAYLOAD, f"device::{named}features={FEATURES}".encode()))
        try:
            while True:
                self._dispatch(self.receive())
        finally:
            for stream in list(self.streams.values()):
                stream.end()

    def _authenticate(self) -> None:
        """CNXN, then a fresh token for every signature that does not fit; a key that is offered is never taken."""
        hello = self.receive()
        if hello.command != b"CNXN":
            raise ProtocolBroken(f"{hello.command!r} before CNXN")
        self.checksums = hello.arg0 < VERSION
        self.max_payload = max(1, min(hello.arg1, MAX_PAYLOAD))
        for _ in range(16):
            token = os.urandom(TOKEN_BYTES)
            self.send(Packet(b"AUTH", AUTH_TOKEN, 0, token))
            answer = self.receive()
            if answer.command != b"AUTH":
                raise ProtocolBroken(f"{answer.command!r} instead of AUTH")
            if answer.arg0 == AUTH_SIGNATURE and signature_fits(answer.payload, token, self.keys):
                return
            if answer.arg0 == AUTH_PUBLIC_KEY:
                raise ProtocolBroken("an unknown key")
        raise ProtocolBroken("no key fits")

    def _dispatch(self, packet: Packet) -> None:
        if packet.command == b"OPEN":
            self._open(packet)
            return
        if packet.command not in (b"OKAY", b"WRTE", b"CLSE"):
            raise ProtocolBroken(f"{packet.command!r} in an open connection")
        stream = self.streams.get(packet.arg1)
        if stream is None:
            if packet.command == b"WRTE":
                self.send(Packet(b"CLSE", 0, packet.arg0))
            return
        if packet.command == b"OKAY":
            stream.acknowledged.set()
        elif packet.command == b"WRTE":
            stream.arrived(packet.payload)
        else:
            stream.end()

    def _open(self, packet: Packet) -> None:
        if len(self.streams) >= MAX_STREAMS:
            self.send(Packet(b"CLSE", 0, packet.arg0))
            return
        service = packet.payload.rstrip(b"\0").decode(errors="surrogateescape")
        stream = _Stream(self, self._next_id, packet.arg0)
        self._next_id += 1
        self.streams[stream.local] = stream
        threading.Thread(target=stream.serve, args=(service,), daemon=True).start()


class _Stream:
    """One stream: bytes in by packets, bytes out one acknowledged packet after another."""

    def __init__(self, connection: _Connection, local: int, remote: int) -> None:
        self.connection, self.local, self.remote = connection, local, remote
        self.acknowledged = threading.Event()
        self._arrived: queue.Queue[bytes | None] = queue.Queue(WAITING_PACKETS)
        self._rest = memoryview(b"")
        self._ended = threading.Event()

    def arrived(self, payload: bytes) -> None:
        try:
            self._arrived.put_nowait(payload)
        except queue.Full as error:  # flow control allows one packet in flight
            raise ProtocolBroken("packets without waiting for OKAY") from error

    def end(self) -> None:
        self._ended.set()
        self.acknowledged.set()
        with contextlib.suppress(queue.Full):
            self._arrived.put_nowait(None)

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
        try:
            answer = self._service(service)
            if answer is None:
                self.connection.send(Packet(b"CLSE", 0, self.remote))
                return
            self.connection.send(Packet(b"OKAY", self.local, self.remote))
            answer()
        except (OSError, ProtocolBroken, struct.error, ValueError):
            pass  # a broken stream is closed; the connection goes on
        finally:
            self.connection.streams.pop(self.local, None)
            with contextlib.suppress(OSError):
                self.connection.send(Packet(b"CLSE", self.local, self.remote))

    def _service(self, service: str):  # type: ignore[no-untyped-def]
        machine = self.connection.machine
        if service == "sync:":
            return lambda: sync.serve(self, machine.files)
        if service.startswith("exec:"):
            return lambda: self.write(commands.run(service.removeprefix("exec:"), machine)[0])
        found = _SHELL.fullmatch(service)
        if found is None:
            return None
        version_2 = "v2" in (found["options"] or "").split(",")
        return lambda: self._shell(found["line"], version_2)

    def _shell(self, line: str, version_2: bool) -> None:
        stdout, stderr, code = commands.run(line, self.connection.machine)
        if not version_2:
            self.write(stdout + stderr)
            return
        for kind, content in ((1, stdout), (2, stderr), (3, bytes([code & 0xFF]))):
            if content:
                self.write(struct.pack("<BI", kind, len(content)) + content)
