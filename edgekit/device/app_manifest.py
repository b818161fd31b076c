"""The root attributes of a compiled AndroidManifest.xml (Android's binary XML), read strictly."""

import struct

_FILE, _STRINGS, _ELEMENT = 0x0003, 0x0001, 0x0102
_UTF8 = 1 << 8
_NONE = 0xFFFFFFFF
_TEXT, _NUMBER = 0x03, 0x10


class NotAManifest(ValueError):
    """The bytes are no compiled manifest."""


def manifest_attributes(content: bytes) -> dict[str, str]:
    """Name -> value of the first element's texts and whole numbers: package, versionName, versionCode, ..."""
    try:
        return _attributes(content)
    except (struct.error, IndexError) as error:
        raise NotAManifest("its AndroidManifest.xml is cut short") from error


def _attributes(content: bytes) -> dict[str, str]:
    kind, header, size = struct.unpack_from("<HHI", content)
    if kind != _FILE or size > len(content):
        raise NotAManifest("its AndroidManifest.xml is not in the compiled form")
    strings: list[str] = []
    at = header
    while at < size:
        kind, header, length = struct.unpack_from("<HHI", content, at)
        if length < 8:
            raise NotAManifest("its AndroidManifest.xml has a part without a length")
        if kind == _STRINGS:
            strings = _strings(content, at)
        elif kind == _ELEMENT:
            return _element(content, at + header, strings)
        at += length
    raise NotAManifest("its AndroidManifest.xml has no element")


def _strings(content: bytes, at: int) -> list[str]:
    header, _, count, _, flags, start = struct.unpack_from("<HIIIII", content, at + 2)
    if count * 4 > len(content):
        raise NotAManifest("its AndroidManifest.xml claims more texts than it holds")
    offsets = struct.unpack_from(f"<{count}I", content, at + header)
    read = _utf8 if flags & _UTF8 else _utf16
    return [read(content, at + start + offset) for offset in offsets]


def _utf8(content: bytes, at: int) -> str:
    for _ in range(2):  # the length in characters, then the one in bytes
        length = content[at]
        at += 1
        if length & 0x80:
            length = (length & 0x7F) << 8 | content[at]
            at += 1
    return content[at : at + length].decode(errors="replace")


def _utf16(content: bytes, at: int) -> str:
    (length,) = struct.unpack_from("<H", content, at)
    at += 2
    if length & 0x8000:
        length = (length & 0x7FFF) << 16 | struct.unpack_from("<H", content, at)[0]
        at += 2
    return content[at : at + 2 * length].decode("utf-16-le", errors="replace")


def _element(content: bytes, at: int, strings: list[str]) -> dict[str, str]:
    start, size, count = struct.unpack_from("<HHH", content, at + 8)
    found = {}
    for index in range(count):
        _, name, raw, _, _, kind, value = struct.unpack_from("<IIIHBBI", content, at + start + index * size)
        if kind == _TEXT or raw != _NONE:
            found[strings[name]] = strings[value if kind == _TEXT else raw]
        elif kind == _NUMBER:
            found[strings[name]] = str(value)
    return found
