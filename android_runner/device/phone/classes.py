"""Put back what enjarify leaves out of class files: Java 8's version for interfaces with code, and annotations."""

import struct
import zipfile
from pathlib import Path

from phone.dex import Annotation, class_annotations

_JAVA_8 = 52
_INTERFACE, _ABSTRACT = 0x0200, 0x0400
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 18: 4}
_CONSTANTS = {"J": (5, ">q"), "F": (4, ">f"), "D": (6, ">d")}


def completed(jar: Path, dexes: list[bytes]) -> None:
    """Rewrite a jar that enjarify made of these dex files."""
    annotations: dict[str, list[Annotation]] = {}
    for dex in dexes:
        annotations |= class_annotations(dex)
    with zipfile.ZipFile(jar) as source:
        files = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_STORED) as target:  # not packed: it is read at every launch
        for name, content in files.items():
            if name.endswith(".class"):
                wanted = annotations.get(name.removesuffix(".class"), [])
                content = _ClassFile(content).with_annotations(wanted)
            target.writestr(name, content)


class _ClassFile:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._names: dict[int, bytes] = {}
        self._count: int = struct.unpack_from(">H", content, 8)[0]
        self._added = bytearray()
        self._pool_end = self._read_pool()
        access, _, _, interfaces = struct.unpack_from(">4H", content, self._pool_end)
        at, _ = self._members(self._pool_end + 8 + 2 * interfaces)
        self._attributes, methods = self._members(at)
        code = any(not flags & _ABSTRACT and self._names[name] != b"<clinit>" for flags, name in methods)
        self._needs_java_8 = bool(access & _INTERFACE) and code

    def with_annotations(self, annotations: list[Annotation]) -> bytes:
        content = self._content
        head = content[:6] + struct.pack(">H", _JAVA_8) if self._needs_java_8 else content[:8]
        count: int = struct.unpack_from(">H", content, self._attributes)[0]
        rest = content[self._attributes + 2 :]
        if annotations:
            body = struct.pack(">H", len(annotations)) + b"".join(self._annotation(item) for item in annotations)
            rest += struct.pack(">HI", self._text("RuntimeVisibleAnnotations"), len(body)) + body
            count += 1
        pool = struct.pack(">H", self._count) + content[10 : self._pool_end] + self._added
        return head + pool + content[self._pool_end : self._attributes] + struct.pack(">H", count) + rest

    def _read_pool(self) -> int:
        at, index = 10, 1
        while index < self._count:
            kind = self._content[at]
            if kind == 1:
                size = struct.unpack_from(">H", self._content, at + 1)[0]
                self._names[index] = self._content[at + 3 : at + 3 + size]
                at += 3 + size
            else:
                at += 1 + _SIZES[kind]
            index += 2 if kind in (5, 6) else 1
        return at

    def _members(self, at: int) -> tuple[int, list[tuple[int, int]]]:
        """The end of a table of fields or methods, and (access flags, index of the name) of each."""
        found = []
        count = struct.unpack_from(">H", self._content, at)[0]
        at += 2
        for _ in range(count):
            flags, name, _, attributes = struct.unpack_from(">4H", self._content, at)
            found.append((flags, name))
            at += 8
            for _ in range(attributes):
                at += 6 + struct.unpack_from(">I", self._content, at + 2)[0]
        return at, found

    def _constant(self, content: bytes) -> int:
        self._added += content
        index = self._count
        self._count += 2 if content[0] in (5, 6) else 1
        return index

    def _text(self, text: str) -> int:
        encoded = text.encode(errors="surrogatepass")
        return self._constant(struct.pack(">BH", 1, len(encoded)) + encoded)

    def _annotation(self, annotation: Annotation) -> bytes:
        content = struct.pack(">HH", self._text(annotation.type), len(annotation.values))
        for name, (tag, value) in annotation.values.items():
            content += struct.pack(">H", self._text(name)) + self._value(tag, value)
        return content

    def _value(self, tag: str, value: object) -> bytes:
        head = tag.encode()
        if tag == "[":
            assert isinstance(value, list)
            return head + struct.pack(">H", len(value)) + b"".join(self._value(*item) for item in value)
        if tag == "@":
            assert isinstance(value, Annotation)
            return head + self._annotation(value)
        if tag == "e":
            assert isinstance(value, tuple)
            return head + struct.pack(">HH", self._text(value[0]), self._text(value[1]))
        if tag in ("s", "c"):
            return head + struct.pack(">H", self._text(str(value)))
        kind, shape = _CONSTANTS.get(tag, (3, ">i"))
        return head + struct.pack(">H", self._constant(bytes([kind]) + struct.pack(shape, value)))
