"""Annotations on classes, read from a dex file: enjarify leaves them out, and libraries look for them at run time.

The format is that of the Android documentation, "Dalvik executable format".
"""

import struct
from dataclasses import dataclass

_RUNTIME = 1  # visible at run time; the others are the compiler's
_NUMBERS = {0x00: "B", 0x02: "S", 0x03: "C", 0x04: "I", 0x06: "J"}
_FLOATS = {0x10: "F", 0x11: "D"}
_STRING, _TYPE, _ENUM, _ARRAY, _ANNOTATION, _NULL, _BOOLEAN = 0x17, 0x18, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F


@dataclass(frozen=True)
class Annotation:
    """`values`: name to (tag of the class file format, value)."""

    type: str
    values: dict[str, tuple[str, object]]


def class_annotations(dex: bytes) -> dict[str, list[Annotation]]:
    """By class name as a class file has it (`a/b/C`); only those visible at run time."""
    reader = _Reader(dex)
    size, start = struct.unpack_from("<2I", dex, 0x60)
    found = {}
    for number in range(size):
        kind, *_, directory, _, _ = struct.unpack_from("<8I", dex, start + 32 * number)
        if directory:
            annotations = reader.set(struct.unpack_from("<I", dex, directory)[0])
            if annotations:
                found[reader.type(kind)[1:-1]] = annotations
    return found


class _Reader:
    def __init__(self, dex: bytes) -> None:
        self._dex, self._at = dex, 0
        self._strings, self._types, self._fields = (struct.unpack_from("<I", dex, at)[0] for at in (0x3C, 0x44, 0x54))

    def set(self, at: int) -> list[Annotation]:
        if at == 0:
            return []
        count = struct.unpack_from("<I", self._dex, at)[0]
        found = []
        for place in struct.unpack_from(f"<{count}I", self._dex, at + 4):
            self._at = place + 1
            if self._dex[place] == _RUNTIME:
                found.append(self._annotation())
        return found

    def string(self, index: int) -> str:
        self._at, back = struct.unpack_from("<I", self._dex, self._strings + 4 * index)[0], self._at
        self._number()  # its length in UTF-16 units
        text = self._dex[self._at : self._dex.index(b"\0", self._at)].decode(errors="surrogatepass")
        self._at = back
        return text

    def type(self, index: int) -> str:
        return self.string(struct.unpack_from("<I", self._dex, self._types + 4 * index)[0])

    def _field(self, index: int) -> tuple[str, str]:
        _, kind, name = struct.unpack_from("<HHI", self._dex, self._fields + 8 * index)
        return self.type(kind), self.string(name)

    def _number(self) -> int:
        """ULEB128."""
        value = shift = 0
        while True:
            byte = self._dex[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def _annotation(self) -> Annotation:
        kind, count = self._number(), self._number()
        values = {}
        for _ in range(count):
            name = self.string(self._number())
            values[name] = self._value()
        return Annotation(self.type(kind), values)

    def _value(self) -> tuple[str, object]:
        head = self._dex[self._at]
        self._at += 1
        kind, extra = head & 0x1F, head >> 5
        if kind == _BOOLEAN:
            return "Z", extra
        if kind == _ARRAY:
            return "[", [self._value() for _ in range(self._number())]
        if kind == _ANNOTATION:
            return "@", self._annotation()
        raw = self._dex[self._at : self._at + extra + 1]
        self._at += extra + 1
        if kind in _NUMBERS:
            return _NUMBERS[kind], int.from_bytes(raw, "little", signed=_NUMBERS[kind] != "C")
        if kind in _FLOATS:
            width = 4 if kind == 0x10 else 8
            return _FLOATS[kind], struct.unpack("<f" if width == 4 else "<d", raw.rjust(width, b"\0"))[0]
        index = int.from_bytes(raw, "little")
        if kind == _STRING:
            return "s", self.string(index)
        if kind == _TYPE:
            return "c", self.type(index)
        if kind == _ENUM:
            return "e", self._field(index)
        raise ValueError(f"a value of kind {kind:#x} in an annotation")
