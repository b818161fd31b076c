"""Packets and keys of the loopback device."""

import base64
import struct

import pytest

from edgekit.device.loopback.wire import (
    HEADER,
    MAX_PAYLOAD,
    Packet,
    ProtocolBroken,
    pack,
    parse_header,
    public_numbers,
    signature_fits,
)


def test_a_packet_is_24_bytes_and_its_payload():
    packed = pack(Packet(b"OPEN", 7, 0, b"shell:true\0"), checksums=True)
    assert packed.hex() == ("4f50454e07000000000000000b00000012040000b0afbab1" + b"shell:true\0".hex())
    assert parse_header(packed[:24]) == (b"OPEN", 7, 0, 11, sum(b"shell:true\0"))
    assert pack(Packet(b"OKAY", 1, 2), checksums=False)[16:20] == b"\0\0\0\0"


@pytest.mark.parametrize(
    ("size", "limit", "fine"),
    [
        (MAX_PAYLOAD, MAX_PAYLOAD, True),
        (MAX_PAYLOAD + 1, MAX_PAYLOAD, False),
        (0xFFFFFFFF, MAX_PAYLOAD, False),
        (4096, 4096, True),
        (4097, 4096, False),
    ],
)
def test_payloads_have_a_bound(size, limit, fine):
    header = HEADER.pack(b"WRTE", 1, 1, size, 0, int.from_bytes(b"WRTE", "little") ^ 0xFFFFFFFF)
    if fine:
        assert parse_header(header, limit)[3] == size
        return
    with pytest.raises(ProtocolBroken, match=f"a payload of {size} bytes \\(at most {limit}\\)"):
        parse_header(header, limit)


def test_a_bad_magic_is_refused():
    with pytest.raises(ProtocolBroken, match="bad magic"):
        parse_header(HEADER.pack(b"WRTE", 1, 1, 0, 0, 0))


def key_line(modulus=(1 << 2047) + 1, exponent=65537, words=64, size=256):
    content = struct.pack("<2I", words, 1) + modulus.to_bytes(256, "little")[:size] + bytes(size)
    return base64.b64encode(content + struct.pack("<I", exponent)).decode() + " user@host"


def test_public_keys():
    assert public_numbers(key_line()) == ((1 << 2047) + 1, 65537)
    assert public_numbers(key_line().split()[0]) == ((1 << 2047) + 1, 65537)


@pytest.mark.parametrize("line", ["", "   ", "!!! x", "AAAA", "schlüssel", key_line(size=128), key_line(words=32)])
def test_what_is_no_public_key(line):
    with pytest.raises(ValueError):
        public_numbers(line)


def test_a_signature_of_nonsense_fits_no_key():
    assert not signature_fits(b"x" * 256, b"t" * 20, (public_numbers(key_line()),))
    assert not signature_fits(b"", b"", (public_numbers(key_line(modulus=4, exponent=2)),))
    assert not signature_fits(b"x" * 256, b"t" * 20, ())
