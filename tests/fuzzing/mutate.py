"""Mutations of bytes, from a seeded generator: the same seed gives the same inputs on every machine.

Bits, edges of integers in every width, cuts, splices of two seeds, repeats: what parsers of lengths trip on.
"""

import random
import struct

EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
WIDE_EDGES = (*EDGES, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
MOST_BYTES = 200_000
"""Longer inputs are cut: a parser's limits on whole files have tests of their own."""


def mutated(chance: random.Random, seeds: list[bytes]) -> bytes:
    """One of `seeds`, changed in one to eight places."""
    content = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        chance.choice(CHANGES)(chance, content, seeds)
    return bytes(content[:MOST_BYTES])


def _at(chance: random.Random, content: bytearray, room: int = 1) -> int:
    return chance.randrange(max(1, len(content) - room + 1))


def _flip(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    if content:
        content[_at(chance, content)] ^= 1 << chance.randrange(8)


def _byte(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    if content:
        content[_at(chance, content)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def _number(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    """An edge, or a small step, in place of a little-endian number, mostly where one would lie aligned."""
    form, size = chance.choice((("<H", 2), ("<I", 4), ("<I", 4), ("<I", 4), ("<Q", 8)))
    if len(content) < size:
        return
    at = _at(chance, content, size)
    if chance.random() < 0.8:
        at -= at % min(size, 4)
    old = struct.unpack_from(form, content, at)[0]
    new = chance.choice((*WIDE_EDGES, old + 1, old - 1, old * 2, len(content), len(content) - at))
    struct.pack_into(form, content, at, new % (1 << (8 * size)))


def _copied_number(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    """A number from elsewhere in the same input: offsets that are sound, and lead to the wrong place."""
    if len(content) >= 8:
        source, target = _at(chance, content, 4) & ~3, _at(chance, content, 4) & ~3
        content[target : target + 4] = content[source : source + 4]


def _cut(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    del content[_at(chance, content) :]


def _gap(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    at = _at(chance, content)
    del content[at : at + chance.choice((1, 2, 4, 8, chance.randrange(1, 200)))]


def _insert(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    at = _at(chance, content)
    content[at:at] = chance.randbytes(chance.choice((1, 4, 8, 24, 100)))


def _repeat(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    at = _at(chance, content)
    part = content[at : at + chance.choice((1, 1, 2, 8, 40))]
    content[at:at] = part * chance.choice((2, 10, 100, 1000, 20_000 // max(1, len(part))))


def _splice(chance: random.Random, content: bytearray, seeds: list[bytes]) -> None:
    other = chance.choice(seeds)
    start, at = chance.randrange(max(1, len(other))), _at(chance, content)
    part = other[start : start + chance.choice((8, 40, 400, len(other)))]
    content[at : at + chance.choice((0, len(part)))] = part


def _blank(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    at, size = _at(chance, content), chance.choice((2, 4, 8, 32, 256))
    size = min(size, len(content) - at)
    content[at : at + size] = bytes((chance.choice((0, 0xFF, 0x20, 0x30)),)) * size


def _noise(chance: random.Random, content: bytearray, _: list[bytes]) -> None:
    if chance.random() < 0.2:
        content[:] = chance.randbytes(chance.choice((0, 1, 8, 24, 100, 4000)))


CHANGES = (
    _flip,
    _byte,
    _number,
    _number,
    _number,
    _copied_number,
    _cut,
    _gap,
    _insert,
    _repeat,
    _splice,
    _blank,
    _noise,
)
