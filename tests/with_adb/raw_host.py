"""A host that sends exactly what it is told: for what adb-shell would never send."""

import contextlib
import socket

from edgekit.device.loopback.wire import HEADER, MAX_PAYLOAD, VERSION, Packet, pack, parse_header

SECONDS = 10


class RawHost:
    """One TCP connection to the device."""

    def __init__(self, device):
        host, _, port = device.address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=SECONDS)
        self.key = device.key

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, command, arg0=0, arg1=0, payload=b""):
        self.send_bytes(pack(Packet(command, arg0, arg1, payload), checksums=False))

    def send_bytes(self, content):
        """Where the device has closed the connection already, `receive` says so."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(content)

    def receive(self):
        """The next packet, or None where the device closed the connection."""
        header = self._exactly(HEADER.size)
        if header is None:
            return None
        command, arg0, arg1, size, _ = parse_header(header)
        return Packet(command, arg0, arg1, self._exactly(size) if size else b"")

    def _exactly(self, size):
        content = b""
        while len(content) < size:
            try:
                part = self.socket.recv(size - len(content))
            except ConnectionResetError:
                return None
            if not part:
                return None
            content += part
        return content

    def hello(self):
        """CNXN; the token that the device wants signed."""
        self.send(b"CNXN", VERSION, MAX_PAYLOAD, b"host::raw\0")
        answer = self.receive()
        assert (answer.command, answer.arg0, len(answer.payload)) == (b"AUTH", 1, 20)
        return answer.payload

    def authenticate(self):
        """The whole greeting; the device's banner."""
        from adb_shell.auth.sign_pythonrsa import PythonRSASigner

        public = self.key.with_name("adbkey.pub").read_text()
        self.send(b"AUTH", 2, 0, PythonRSASigner(public, self.key.read_text()).Sign(self.hello()))
        answer = self.receive()
        assert answer.command == b"CNXN"
        return answer.payload

    def open(self, local, service):
        """The device's id of the stream, or 0 where it refused."""
        self.send(b"OPEN", local, 0, service + b"\0")
        answer = self.receive()
        assert answer.arg1 == local
        return answer.arg0 if answer.command == b"OKAY" else 0

    def silent(self):
        """Nothing more is sent on this side; wait until the device has closed its own."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        while self.receive() is not None:
            pass
