"""Connections and streams: CNXN, AUTH, then OPEN, OKAY, WRTE, CLSE. One thread a connection and one a stream."""

import contextlib
import os
import socket
import struct
import threading

from edgekit.device.loopback.commands import Machine
from edgekit.device.loopback.stream import Stream
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
UNAUTHENTICATED_SECONDS = 30.0
UNAUTHENTICATED_PAYLOAD = 4096


class Server:
    """Listens on 127.0.0.1. `keys`: the (modulus, exponent) pairs that may connect."""

    def __init__(self, machine: Machine, keys: tuple[tuple[int, int], ...], port: int = 0) -> None:
        self.machine, self.keys = machine, keys
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._connections: set[Connection] = set()

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
        connection = Connection(client, self.machine, self.keys)
        self._connections.add(connection)
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.serve()
        except (OSError, ProtocolBroken, struct.error):
            pass  # the client has gone, or never spoke ADB: nothing is owed to it
        finally:
            self._connections.discard(connection)
            client.close()
            self._places.release()

    def close(self) -> None:
        """Stop listening, break every connection, end what runs for them."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        self._listener.close()
        for connection in tuple(self._connections):
            connection.end()


class Connection:
    """One client."""

    def __init__(self, client: socket.socket, machine: Machine, keys: tuple[tuple[int, int], ...]) -> None:
        self.client, self.machine, self.keys = client, machine, keys
        self.checksums = True
        self.max_payload = 4096
        self.streams: dict[int, Stream] = {}
        self._sending = threading.Lock()
        self._next_id = 1
        self._limit = UNAUTHENTICATED_PAYLOAD

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
        command, arg0, arg1, size, checksum = parse_header(self._read_exactly(HEADER.size), self._limit)
        payload = self._read_exactly(size) if size else b""
        if self.checksums and command != b"CNXN" and sum(payload) & 0xFFFFFFFF != checksum:
            raise ProtocolBroken("bad checksum")
        return Packet(command, arg0, arg1, payload)

    def serve(self) -> None:
        self.client.settimeout(UNAUTHENTICATED_SECONDS)
        self._authenticate()
        self.client.settimeout(None)
        self._limit = MAX_PAYLOAD
        properties = self.machine.properties()
        named = "".join(
            f"{key}={properties[key]};" for key in ("ro.product.name", "ro.product.model", "ro.product.device")
        )
        self.send(Packet(b"CNXN", VERSION, MAX_PAYLOAD, f"device::{named}features={FEATURES}".encode()))
        try:
            while True:
                self._dispatch(self.receive())
        finally:
            self.end()

    def end(self) -> None:
        """Break the connection and end its streams; may be called from any thread, and twice."""
        with contextlib.suppress(OSError):
            self.client.shutdown(socket.SHUT_RDWR)
        for stream in tuple(self.streams.values()):
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
        stream = Stream(self, self._next_id, packet.arg0)
        self._next_id += 1
        self.streams[stream.local] = stream
        threading.Thread(target=stream.serve, args=(service,), daemon=True).start()
