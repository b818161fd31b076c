"""What a hostile host sends to the loopback device: packets before and after the key, sync requests, command lines."""

import contextlib
import random
import shutil
import socket
import struct
import tempfile
import threading
from pathlib import Path

from fuzzing.adb_wire_script import Sent, packed
from fuzzing.drive import Parser
from fuzzing.mutate import EDGES, mutated

from edgekit.device.loopback import commands, stream, sync, wire
from edgekit.device.loopback.child import Child
from edgekit.device.loopback.files import Files
from edgekit.device.loopback.server import Connection
from edgekit.device.loopback.wire import HEADER, ProtocolBroken

REMOTE = b"/data/local/tmp/x"
GREETING: list[Sent] = [
    (b"CNXN", 0x01000001, 1 << 20, b"host::features=shell_v2\0"),
    *((b"AUTH", 2, 0, bytes(256)), (b"AUTH", 2, 0, b"x" * 256), (b"AUTH", 3, 0, b"A" * 700 + b" me\0")),
]
PACKETS: list[Sent] = [
    *((b"OPEN", 1, 0, b"shell,v2,raw:getprop\0"), (b"OKAY", 1, 1, b""), (b"OPEN", 2, 0, b"shell:cat /data/x\0")),
    *((b"OPEN", 3, 0, b"sync:\0"), (b"WRTE", 3, 3, b"STAT\x10\0\0\0/data/local/tmp/"), (b"OKAY", 3, 3, b"")),
    *((b"OPEN", 4, 0, b"exec:echo x\0"), (b"CLSE", 4, 4, b""), (b"CLSE", 3, 3, b""), (b"OKAY", 2, 2, b"")),
]


def _request(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content


REQUESTS = [
    *(_request(kind, REMOTE) for kind in (b"STAT", b"STA2", b"LST2", b"LIST", b"LIS2", b"RECV")),
    _request(b"SEND", REMOTE + b",33188") + _request(b"DATA", b"y" * 500) + b"DONE\1\2\3\4",
    _request(b"SND2", REMOTE) + struct.pack("<4s2I", b"SND2", 33188, 0) + _request(b"DATA", b"z") + b"DONE\1\2\3\4",
    _request(b"RCV2", REMOTE) + struct.pack("<4sI", b"RCV2", 0),
    _request(b"LIST", b"/") + b"QUIT\0\0\0\0",
]
LINES = [
    *(b"getprop ro.product.model", b"sha256sum /data/local/tmp/x", b"mkdir -p /data/local/tmp/a/b", b"ls /data/local"),
    *(b"rm -rf /data/local/tmp/a", b"mv /data/local/tmp/x /data/local/tmp/y", b"cat /data/local/tmp/y", b"df /data"),
    *(b"getconf PAGE_SIZE", b"uname -m", b"echo 'a b' \"c\" d\\ e", b"edgekit-runner /data/local/tmp litert", b"true"),
    *(b"cat ../../../etc/passwd", b"ls /data/local/tmp/../../../..", b"rm -rf /", b"mv / /x", b"cat /data/local/tmp"),
]
WIRE, BEFORE, AFTER, SYNC, LINE = range(5)


class _Quiet(Child):
    """No process is started: what runs there is a test of its own."""

    def run(self, command: object, environment: object, seconds: float) -> tuple[bytes, bytes, int]:
        return b"ran", b"", 0


class _Bytes:
    """A ByteStream whose client has sent everything."""

    def __init__(self, content: bytes) -> None:
        self.content, self.written = memoryview(content), 0

    def read_exactly(self, size: int) -> bytes:
        if size > len(self.content):
            raise ConnectionError("the stream ended")
        part, self.content = bytes(self.content[:size]), self.content[size:]
        return part

    def write(self, content: bytes) -> None:
        self.written += len(content)


class _Known(Connection):
    """A host that has the key."""

    def _authenticate(self) -> None:
        self.checksums, self.max_payload = False, 4096


def server_parser() -> Parser:
    """Refused: the connection was broken off, or the request answered with a failure."""
    folder = Path(tempfile.mkdtemp(prefix="edgekit-fuzz-"))
    root = folder / "root"

    def machine() -> commands.Machine:
        return commands.Machine(files=Files(root), home=folder, child=_Quiet())

    def make(chance: random.Random) -> bytes:
        kind = chance.choices((WIRE, BEFORE, AFTER, SYNC, LINE), (1, 2, 4, 6, 5))[0]
        if kind == WIRE:
            return bytes([kind]) + mutated(chance, [packed(packet) for packet in (*GREETING, *PACKETS)])
        if kind == SYNC:
            return bytes([kind]) + mutated(chance, [b"".join(chance.choices(REQUESTS, k=3)), *REQUESTS])
        if kind == LINE:
            return bytes([kind]) + mutated(chance, LINES)
        packets = GREETING[:1] + chance.choices(GREETING, k=4) if kind == BEFORE else chance.choices(PACKETS, k=12)
        content = b"".join(packed(_changed(chance, packet)) for packet in packets)
        return bytes([kind]) + (mutated(chance, [content]) if chance.random() < 0.3 else content)

    def take(content: bytes) -> bool:
        kind, rest = content[0], content[1:]
        if kind == LINE:
            _, said, code = commands.run(rest.decode(errors="surrogateescape"), machine())
            assert len(said) < 10_000, f"{len(said)} bytes of complaint"
            return code == 0
        try:
            if kind == WIRE:
                return _wire(rest)
            if kind == SYNC:
                sync.serve(_Bytes(rest), machine().files)
                return True
            return _connected(rest, machine(), known=kind == AFTER)
        except (ProtocolBroken, struct.error, OSError, ValueError):
            return False  # what the server itself catches, around a connection and around a stream

    def tidy() -> None:
        shutil.rmtree(root, ignore_errors=True)

    return Parser(name="adb server", make=make, take=take, tidy=tidy)


def _changed(chance: random.Random, packet: Sent) -> Sent:
    command, arg0, arg1, payload = packet
    kind = chance.randrange(10)
    if kind == 0:
        payload = mutated(chance, [payload])[:5000]
    elif kind == 1:
        arg0 = chance.choice(EDGES)
    elif kind == 2:
        arg1 = chance.choice((*EDGES, 3, 4, 5))
    elif kind == 3:
        command = chance.choice((b"OPEN", b"WRTE", b"OKAY", b"CLSE", b"AUTH", b"CNXN", b"SYNC"))
    return command, arg0, arg1, payload


def _wire(content: bytes) -> bool:
    header = content[: HEADER.size]
    found = wire.parse_header(header)
    wire.signature_fits(content[:256], bytes(20), ((1 << 2047 | 1, 65537),))
    with contextlib.suppress(ValueError):
        wire.public_numbers(content[HEADER.size :].decode(errors="replace"))
    return found[3] >= 0


def _connected(content: bytes, machine: commands.Machine, *, known: bool) -> bool:
    """A host that sends `content`, reads all that comes, and closes; every thread of the connection has ended then."""
    ours, theirs = socket.socketpair()
    connection = (_Known if known else Connection)(theirs, machine, ((1 << 2047 | 1, 65537),))
    host = threading.Thread(target=_host, args=(ours, content), daemon=True)
    broken: list[BaseException] = []
    before, threading.excepthook = threading.excepthook, lambda failed: broken.append(failed.exc_value)
    child, stream.Child = stream.Child, _Quiet
    alive = threading.active_count()
    host.start()
    try:
        with ours, theirs:
            try:
                connection.serve()
            except ConnectionError:
                pass  # it closed, as it should at the end
            finally:
                theirs.close()
                host.join()
        while threading.active_count() > alive:
            threading.Event().wait(0.001)
    finally:
        threading.excepthook, stream.Child = before, child
    if broken:
        raise RuntimeError(f"a thread of the server broke: {broken[0]!r}") from broken[0]
    return True


def _host(ours: socket.socket, content: bytes) -> None:
    reader = threading.Thread(target=_drain, args=(ours,), daemon=True)
    reader.start()
    try:
        ours.sendall(content)
        ours.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the device closed it
    reader.join()


def _drain(ours: socket.socket) -> None:
    try:
        while ours.recv(1 << 16):
            pass
    except OSError:
        pass
