"""What a hostile device answers to adb-shell: whole conversations, with packets and fields changed, over a socket."""

import contextlib
import hashlib
import os
import random
import socket
import struct
import tempfile
from pathlib import Path

from fuzzing.adb_client import TEXTS, replaced
from fuzzing.drive import Parser
from fuzzing.mutate import EDGES, mutated

from edgekit.device import adb_wire, listing
from edgekit.device.adb import push_verified

Sent = tuple[bytes, int, int, bytes]
PUSHED = b"y" * 5000
HELLO: Sent = (b"CNXN", 0x01000001, 1 << 20, b"device::features=shell_v2")


def packed(packet: Sent, checksum: int | None = None) -> bytes:
    command, arg0, arg1, payload = packet
    number = int.from_bytes(command, "little")
    total = sum(payload) if checksum is None else checksum
    return struct.pack("<6I", number, arg0, arg1, len(payload), total & 0xFFFFFFFF, number ^ 0xFFFFFFFF) + payload


def _stream(local: int, *payloads: bytes) -> list[Sent]:
    written: list[Sent] = [(b"WRTE", 7, local, payload) for payload in payloads]
    return [(b"OKAY", 7, local, b""), *written, (b"CLSE", 7, local, b"")]


def _shell(stdout: bytes, code: int = 0, stderr: bytes = b"") -> bytes:
    parts = ((1, stdout), (2, stderr), (3, bytes([code])))
    return b"".join(struct.pack("<BI", kind, len(content)) + content for kind, content in parts if content)


def _sync(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content


SCRIPTS: dict[str, list[Sent]] = {
    "shell": [HELLO, *_stream(1, _shell(b"hello\n", 3, b"what"))],
    "describe": [HELLO, *(item for n, text in enumerate(TEXTS[1:5], 1) for item in _stream(n, _shell(text)))],
    "pull": [
        *(HELLO, (b"OKAY", 7, 1, b""), (b"OKAY", 7, 1, b"")),
        *((b"WRTE", 7, 1, _sync(b"DATA", b"x" * 300)), (b"WRTE", 7, 1, _sync(b"DONE", b"")), (b"CLSE", 7, 1, b"")),
    ],
    "push": [
        *(HELLO, *_stream(1, _shell(b"", 1)), *_stream(2, _shell(b""))),
        *((b"OKAY", 7, 3, b""), (b"OKAY", 7, 3, b""), (b"WRTE", 7, 3, b"OKAY\0\0\0\0"), (b"CLSE", 7, 3, b"")),
        *(*_stream(4, _shell(hashlib.sha256(PUSHED).hexdigest().encode() + b"  x\n")), *_stream(5, _shell(b""))),
    ],
    "authorize": [(b"AUTH", 1, 0, bytes(20)), HELLO, *_stream(1, _shell(b"hello\n"))],
}


def _changed(chance: random.Random, script: list[Sent]) -> bytes:
    """The conversation with packets dropped, doubled, moved, or another field in one; sums are mostly right."""
    packets = list(script)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
        at = chance.randrange(len(packets))
        command, arg0, arg1, payload = packets[at]
        kind = chance.randrange(8)
        if kind == 0 and len(packets) > 1:
            del packets[at]
        elif kind == 1:
            packets[at:at] = [packets[at]] * chance.choice((1, 1, 50))
        elif kind == 2:
            packets.insert(chance.randrange(len(packets)), packets.pop(at))
        elif kind == 3:
            commands = (b"OKAY", b"WRTE", b"CLSE", b"AUTH", b"CNXN", b"OPEN", b"SYNC", b"XXXX")
            packets[at] = (chance.choice(commands), arg0, arg1, payload)
        elif kind == 4:
            args = chance.choice(((chance.choice(EDGES), arg1), (arg0, chance.choice(EDGES)), (0, 0)))
            packets[at] = (command, *args, payload)
        else:
            packets[at] = (command, arg0, arg1, mutated(chance, [payload]))
    content = b"".join(packed(packet, chance.choice(EDGES) if chance.random() < 0.02 else None) for packet in packets)
    return mutated(chance, [content]) if chance.random() < 0.25 else content


class _Pair(socket.socket):
    """A pair's end has none of TCP's options."""

    def setsockopt(self, *_: object) -> None:
        pass


def wire_parser() -> Parser:
    """adb-shell as edgekit uses it, at the other end of a real socket: connect, shell, describe, pull, push."""
    folder = Path(tempfile.mkdtemp(prefix="edgekit-fuzz-"))
    key = adb_wire.make_key(folder / "adbkey")
    (folder / "file").write_bytes(PUSHED)
    kinds = list(SCRIPTS)

    class Wire(adb_wire.AdbWire):
        """Its socket is one end of a pair, whose other end has sent everything already."""

        script = b""

        def take(self, script: bytes, kind: str) -> bool:
            ours, theirs = socket.socketpair()
            with ours, theirs:
                for end in (ours, theirs):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                theirs.sendall(script[:150_000])
                theirs.shutdown(socket.SHUT_WR)
                ours.setblocking(False)
                with replaced(socket, "create_connection", lambda *_, **__: _Pair(fileno=os.dup(ours.fileno()))):
                    self._device._local_id = 0
                    try:
                        return self._used(kind)
                    finally:
                        self.close()

        def _used(self, kind: str) -> bool:
            if kind == "describe":
                return bool(listing.one_line(listing.describe(self)))
            if kind == "pull":
                self.pull("/x", folder / "pulled")
            elif kind == "push":
                push_verified(self, folder / "file", "/d/x")
            else:
                self.shell("echo hello")
            return True

    with contextlib.suppress(Exception), replaced(Wire, "_connected", lambda self: None):
        wire = Wire("127.0.0.1:1", key)

    def make(chance: random.Random) -> bytes:
        kind = chance.choice((*kinds[:-1] * 4, kinds[-1]))
        return bytes([kinds.index(kind)]) + _changed(chance, SCRIPTS[kind])

    return Parser(name="adb client: wire", make=make, take=lambda content: wire.take(content[1:], kinds[content[0]]))
