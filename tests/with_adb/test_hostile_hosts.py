"""Hosts that do not know the key, do not speak ADB, or break off: nothing is served to them and the device goes on."""

import random
import struct

import pytest
from with_adb.processes import until
from with_adb.raw_host import RawHost

from edgekit.device.loopback.wire import HEADER, VERSION

SEED = 20240607
DATA = b"DATA" + struct.pack("<I", 65536) + bytes(65536)


@pytest.fixture
def still_serves(device, adb):
    """Afterwards a host with the key is served as before, by the same process."""
    yield
    assert device.process.poll() is None
    assert adb.shell("echo alive").stdout == b"alive\n"
    fresh = device.connect()
    assert fresh.shell("echo alive").stdout == b"alive\n"
    fresh.close()


@pytest.mark.parametrize("command", [b"OPEN", b"WRTE", b"OKAY", b"CLSE", b"AUTH", b"SYNC"])
def test_nothing_before_the_greeting(device, still_serves, command):
    with RawHost(device) as host:
        host.send(command, 1, 0, b"shell:true\0")
        assert host.receive() is None


def test_no_service_without_a_signature(device, still_serves):
    with RawHost(device) as host:
        host.hello()
        host.send(b"OPEN", 1, 0, b"shell:true\0")
        assert host.receive() is None


def test_wrong_signatures_and_an_unknown_key(device, still_serves):
    with RawHost(device) as host:
        tokens = {host.hello()}
        for _ in range(3):
            host.send(b"AUTH", 2, 0, b"x" * 256)
            answer = host.receive()
            assert (answer.command, answer.arg0) == (b"AUTH", 1)
            tokens.add(answer.payload)
        assert len(tokens) == 4  # a signature is good for one token alone
        host.send(b"AUTH", 3, 0, b"A" * 700 + b"\0")
        assert host.receive() is None


def test_a_signature_of_an_old_token_is_refused(device, still_serves):
    from adb_shell.auth.sign_pythonrsa import PythonRSASigner

    signer = PythonRSASigner(device.key.with_name("adbkey.pub").read_text(), device.key.read_text())
    with RawHost(device) as first, RawHost(device) as second:
        signed = signer.Sign(first.hello())
        second.hello()
        second.send(b"AUTH", 2, 0, signed)
        assert second.receive().command == b"AUTH"


def test_guessing_ends(device, still_serves):
    with RawHost(device) as host:
        host.hello()
        asked = 1
        while True:
            host.send(b"AUTH", 2, 0, b"x" * 256)
            if host.receive() is None:
                break
            asked += 1
        assert asked == 16


def test_payloads_are_small_before_and_bounded_after_the_greeting(device, still_serves):
    magic = int.from_bytes(b"CNXN", "little") ^ 0xFFFFFFFF
    for size in (4097, 1 << 20, 0xFFFFFFFF):
        with RawHost(device) as host:
            host.send_bytes(HEADER.pack(b"CNXN", VERSION, 4096, size, 0, magic))
            assert host.receive() is None
    magic = int.from_bytes(b"WRTE", "little") ^ 0xFFFFFFFF
    for size in ((1 << 20) + 1, 0xFFFFFFFF):
        with RawHost(device) as host:
            host.authenticate()
            host.send_bytes(HEADER.pack(b"WRTE", 1, 1, size, 0, magic))
            assert host.receive() is None


def test_random_bytes_before_the_greeting(device, still_serves):
    chance = random.Random(SEED)
    for _ in range(1500):
        with RawHost(device) as host:
            content = chance.randbytes(chance.choice((1, 23, 24, 25, 100)))
            if chance.random() < 0.5:  # a header that is well formed, with anything in it
                command = chance.choice((b"CNXN", b"AUTH", b"OPEN", b"XXXX"))
                magic = int.from_bytes(command, "little") ^ 0xFFFFFFFF
                fields = (chance.getrandbits(32), chance.getrandbits(32), chance.choice((0, 5, 5000, 1 << 31)), 0)
                content = HEADER.pack(command, *fields, magic) + content
            host.send_bytes(content)
            if chance.random() < 0.2:
                host.silent()


def test_random_packets_after_the_greeting(device, still_serves):
    chance = random.Random(SEED)
    sent = 0
    services = (
        b"shell:true",
        b"sync:",
        b"exec:ls /",
        b"shell,v2:echo \xff\xfe",
        b"reboot:",
        b"",
        b"tcp:80",
        b"shell:'",
    )
    while sent < 2000:
        with RawHost(device) as host:
            host.authenticate()
            for _ in range(50):
                command = chance.choice((b"OPEN", b"WRTE", b"OKAY", b"CLSE", b"OPEN", b"WRTE"))
                payload = chance.choice(services) + b"\0" if command == b"OPEN" else chance.randbytes(20)
                host.send(command, chance.randrange(4), chance.randrange(4), payload)
                sent += 1
            host.silent()


def test_random_requests_to_the_sync_service(device, still_serves, there):
    remote, local = there
    chance = random.Random(SEED)
    kinds = (b"STAT", b"STA2", b"LST2", b"LIST", b"LIS2", b"SEND", b"SND2", b"RECV", b"RCV2", b"QUIT", b"DATA", b"DONE")
    names = (remote.encode(), b"/", b"../x", b"\xff\xfe", b"", remote.encode() + b"/x,33188", b"a\0b")
    with RawHost(device) as host:
        host.authenticate()
        for number in range(1, 1001):
            name = chance.choice(names) + chance.randbytes(chance.choice((0, 0, 3)))
            size = chance.choice((len(name), len(name), len(name), 0, 1 << 31))
            content = chance.choice(kinds) + struct.pack("<I", size) + name + chance.randbytes(chance.randrange(30))
            stream = host.open(number, b"sync:")
            assert stream
            host.send(b"WRTE", number, stream, content)
            host.send(b"CLSE", number, stream)
            while (answer := host.receive()).command != b"CLSE":
                assert answer.command in (b"OKAY", b"WRTE")
    assert [path for path in local.rglob("*") if path.name.startswith(".")] == []


def test_packets_without_waiting_end_the_connection(device, still_serves, there):
    remote, local = there
    (local / "big").write_bytes(bytes(4 << 20))
    request = f"{remote}/big".encode()
    with RawHost(device) as host:
        host.authenticate()
        stream = host.open(1, b"sync:")
        host.send(b"WRTE", 1, stream, b"RECV" + struct.pack("<I", len(request)) + request)
        assert host.receive().command == b"OKAY"
        assert host.receive().command == b"WRTE"  # it waits for our OKAY, and reads nothing
        for _ in range(9):
            host.send(b"WRTE", 1, stream, b"x")
        host.silent()


def test_a_push_that_is_cut_leaves_no_file(device, still_serves, there):
    remote, local = there
    (local / "old").write_bytes(b"old")
    for name in (b"x", b"old"):
        with RawHost(device) as host:
            host.authenticate()
            stream = host.open(1, b"sync:")
            request = remote.encode() + b"/" + name + b",33188"
            host.send(b"WRTE", 1, stream, b"SEND" + struct.pack("<I", len(request)) + request + DATA * 3 + DATA[:1000])
            assert host.receive().command == b"OKAY"
            assert until(lambda: len(list(local.iterdir())) == 2)  # the temporary file is there
    assert until(lambda: [path.name for path in local.iterdir()] == ["old"])
    assert (local / "old").read_bytes() == b"old"


def test_streams_are_bounded(device, still_serves):
    with RawHost(device) as host:
        host.authenticate()
        opened = [host.open(number, b"sync:") for number in range(1, 70)]
        assert sum(1 for stream in opened if stream) == 64


def test_connections_are_bounded(device, still_serves):
    hosts = [RawHost(device) for _ in range(40)]
    try:
        served = 0
        for host in hosts:
            try:
                host.hello()
                served += 1
            except AttributeError:  # closed without a word
                pass
        assert 25 <= served <= 32
    finally:
        for host in hosts:
            host.socket.close()
    assert until(lambda: _greets(device))


def _greets(device):
    with RawHost(device) as host:
        try:
            host.hello()
        except AttributeError:
            return False
        return True
