"""ADB's packets and keys: 24-byte headers, bounded payloads, RSA signatures."""

import base64
import binascii
import struct
from dataclasses import dataclass

VERSION_CHECKSUMS = 0x01000000
VERSION = 0x01000001
"""From this version on packets carry no checksum; the older of both sides counts."""
MAX_PAYLOAD = 1024 * 1024
TOKEN_BYTES = 20
AUTH_TOKEN, AUTH_SIGNATURE, AUTH_PUBLIC_KEY = 1, 2, 3
HEADER = struct.Struct("<4s5I")
_MODULUS_BYTES = 256


class ProtocolBroken(Exception):
    """The other side does not speak ADB; the connection is closed."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One message."""

    command: bytes
    arg0: int
    arg1: int
    payload: bytes = b""


def parse_header(header: bytes, limit: int = MAX_PAYLOAD) -> tuple[bytes, int, int, int, int]:
    """(command, arg0, arg1, payload bytes, checksum); ProtocolBroken for a bad magic or an oversize payload."""
    command, arg0, arg1, size, checksum, magic = HEADER.unpack(header)
    if magic != int.from_bytes(command, "little") ^ 0xFFFFFFFF:
        raise ProtocolBroken(f"bad magic after {command!r}")
    if size > limit:
        raise ProtocolBroken(f"a payload of {size} bytes (at most {limit})")
    return command, arg0, arg1, size, checksum


def pack(packet: Packet, *, checksums: bool) -> bytes:
    """Header and payload."""
    checksum = sum(packet.payload) & 0xFFFFFFFF if checksums else 0
    magic = int.from_bytes(packet.command, "little") ^ 0xFFFFFFFF
    return HEADER.pack(packet.command, packet.arg0, packet.arg1, len(packet.payload), checksum, magic) + packet.payload


def public_numbers(line: str) -> tuple[int, int]:
    """(modulus, exponent) of a public key in Android's format, as in adbkey.pub; ValueError for anything else."""
    try:
        content = base64.b64decode(line.split()[0], validate=True)
    except (binascii.Error, IndexError) as error:
        raise ValueError("not base64") from error
    if len(content) != 8 + 2 * _MODULUS_BYTES + 4:
        raise ValueError(f"{len(content)} bytes are no 2048-bit Android public key")
    if int.from_bytes(content[:4], "little") * 4 != _MODULUS_BYTES:
        raise ValueError("no 2048-bit Android public key")
    modulus = int.from_bytes(content[8 : 8 + _MODULUS_BYTES], "little")
    return modulus, int.from_bytes(content[-4:], "little")


def signature_fits(signature: bytes, token: bytes, keys: tuple[tuple[int, int], ...]) -> bool:
    """Whether one of `keys` signed `token` (PKCS #1 v1.5; the token stands where a SHA-1 digest would)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
    from cryptography.hazmat.primitives.hashes import SHA1

    for modulus, exponent in keys:
        try:
            key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
            key.verify(signature, token, padding.PKCS1v15(), utils.Prehashed(SHA1()))
            return True
        except (InvalidSignature, ValueError):
            continue
    return False
