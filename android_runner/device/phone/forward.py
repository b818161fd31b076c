"""adb's port on 127.0.0.1 of the host leads into the device's own network, where adbd listens.

The listening socket was made outside and belongs there; what is accepted from it is joined to a connection in here. So
adbd, which listens on every address and asks for no key, can be reached from this computer alone.

adbd's first packet is corrected on the way: Debian's build announces abb and abb_exec, which it does not have (`adb
install` would end with "closed"), and leaves the product's names empty.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Mapping

CONNECT_SECONDS = 10.0
_HEADER = struct.Struct("<4s5I")


def forward(listener: socket.socket, port: int, properties: Mapping[str, str]) -> None:
    """For ever: one pair of threads a connection."""
    while True:
        outer, _ = listener.accept()
        threading.Thread(target=_joined, args=(outer, port, properties), daemon=True).start()


def _joined(outer: socket.socket, port: int, properties: Mapping[str, str]) -> None:
    inner = _connected(port)
    if inner is None:
        outer.close()
        return
    for end in (outer, inner):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    back = threading.Thread(target=_answers, args=(inner, outer, properties), daemon=True)
    back.start()
    _copy(outer, inner)
    back.join()
    outer.close()
    inner.close()


def _connected(port: int) -> socket.socket | None:
    end = time.monotonic() + CONNECT_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), timeout=None)
        time.sleep(0.02)  # adbd is starting
    return None


def _answers(inner: socket.socket, outer: socket.socket, properties: Mapping[str, str]) -> None:
    with contextlib.suppress(OSError):
        head = inner.recv(_HEADER.size, socket.MSG_WAITALL)
        if head[:4] == b"CNXN" and len(head) == _HEADER.size:
            command, version, limit, size, _, magic = _HEADER.unpack(head)
            banner = corrected(inner.recv(size, socket.MSG_WAITALL), properties)
            head = _HEADER.pack(command, version, limit, len(banner), sum(banner), magic) + banner
        outer.sendall(head)
    _copy(inner, outer)


def corrected(banner: bytes, properties: Mapping[str, str]) -> bytes:
    """`device::NAME=VALUE;...;features=A,B`: names filled in, features that are not there left out."""
    kind, _, rest = banner.decode().partition("::")
    pairs = dict(part.partition("=")[::2] for part in rest.split(";") if part)
    for name in ("ro.product.name", "ro.product.model", "ro.product.device"):
        pairs[name] = properties[name]
    features = [name for name in pairs.get("features", "").split(",") if name not in ("abb", "abb_exec")]
    pairs["features"] = ",".join(features)
    return f"{kind}::{';'.join(f'{name}={value}' for name, value in pairs.items())}".encode()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(1 << 18):
            target.sendall(block)
    for end, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            end.shutdown(how)
