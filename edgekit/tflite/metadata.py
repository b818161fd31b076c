"""Named bytes that a .tflite file carries beside its graph: read from it, and put into it.

A flatbuffer's offsets only point forward. A new model table is therefore written before the old file, with new lists of
buffers and metadata; the rest stands behind it as it was, except that offsets from the file's first byte grow by what
was put before them. The old table is left unused.
"""

import struct
from collections.abc import Mapping

from edgekit.errors import ModelFileError
from edgekit.tflite.reader import MAX_NAME_BYTES, entries

_ALIGNMENT = 16
"""Of a buffer's bytes; the old file moves by a multiple of it."""
_VERSION, _BUFFERS, _METADATA, _FIELDS = 0, 4, 6, 8
"""Field numbers of the model table, and how many the schema (version 3) has."""


def entry(content: bytes, name: str, path: str = "") -> bytes:
    """The bytes of the metadata entry `name`; ModelFileError where the file has none."""
    found = {key: place for key, place in entries(content, path).metadata}
    if name not in found:
        raise ModelFileError(
            f"no metadata {name!r}", f"it has: {', '.join(found) or 'none'}; `edgekit inspect` lists them", path=path
        )
    start, size = found[name]
    return content[start : start + size]


def with_metadata(content: bytes, added: Mapping[str, bytes]) -> bytes:
    """The file with `added`; an entry of the same name is replaced. Graph, weights and their alignment stay."""
    if not added:
        return content
    for name in added:
        if not 0 < len(name.encode()) <= MAX_NAME_BYTES:
            raise ModelFileError(f"metadata name of {len(name.encode())} bytes (1 to {MAX_NAME_BYTES})")
    old = entries(content)
    if old.unmovable:
        raise ModelFileError(f"metadata cannot be added: {old.unmovable}")
    kept = [place for (name, _), place in zip(old.metadata, old.metadata_tables, strict=True) if name not in added]
    prefix = _Prefix(old.fields, old.buffer_tables, kept, added).content(old.version)
    moved = bytearray(prefix + content)
    for at in old.absolute:
        struct.pack_into("<Q", moved, len(prefix) + at, len(prefix) + struct.unpack_from("<Q", content, at)[0])
    return bytes(moved)


class _Prefix:
    """New root, model table, lists, metadata and buffers. Places in the old file count from its own first byte."""

    def __init__(
        self, fields: Mapping[int, int], buffers: tuple[int, ...], metadata: list[int], added: Mapping[str, bytes]
    ) -> None:
        self._fields, self._buffers, self._metadata, self._added = fields, buffers, metadata, added

    def content(self, version: int) -> bytes:
        data = bytearray(b"\0\0\0\0TFL3")
        outside: list[tuple[int, int]] = []  # (slot, place in the old file)
        # model table: its list of fields, then itself
        vtable = len(data)
        data += struct.pack(f"<{2 + _FIELDS}H", 4 + 2 * _FIELDS, 4 + 4 * _FIELDS, *(4 + 4 * n for n in range(_FIELDS)))
        table = len(data)
        data += struct.pack("<i", table - vtable) + bytes(4 * _FIELDS)
        struct.pack_into("<I", data, 0, table)
        struct.pack_into("<I", data, table + 4 + 4 * _VERSION, version)
        for number in range(_FIELDS):
            slot = table + 4 + 4 * number
            if number in self._fields and number not in (_VERSION, _BUFFERS, _METADATA):
                outside.append((slot, self._fields[number]))
            elif number not in (_VERSION, _BUFFERS, _METADATA):
                struct.pack_into("<H", data, vtable + 4 + 2 * number, 0)  # the file does not have it
        buffers = self._list(data, table + 4 + 4 * _BUFFERS, self._buffers, outside)
        metadata = self._list(data, table + 4 + 4 * _METADATA, self._metadata, outside)
        for index, (name, value) in enumerate(self._added.items()):
            self._metadata_table(data, metadata[index], name, len(self._buffers) + index)
            self._buffer_table(data, buffers[index], value)
        data += bytes(-len(data) % _ALIGNMENT)
        for slot, place in outside:
            struct.pack_into("<I", data, slot, len(data) + place - slot)
        return bytes(data)

    def _list(
        self, data: bytearray, slot: int, old: "tuple[int, ...] | list[int]", outside: list[tuple[int, int]]
    ) -> list[int]:
        """A list of tables, the old ones first; the slots of the new ones."""
        struct.pack_into("<I", data, slot, len(data) - slot)
        data += struct.pack("<I", len(old) + len(self._added))
        outside += [(len(data) + 4 * index, place) for index, place in enumerate(old)]
        data += bytes(4 * (len(old) + len(self._added)))
        return [len(data) - 4 * (len(self._added) - index) for index in range(len(self._added))]

    def _metadata_table(self, data: bytearray, slot: int, name: str, buffer: int) -> None:
        data += struct.pack("<4H", 8, 12, 4, 8)
        at = len(data)
        struct.pack_into("<I", data, slot, at - slot)
        encoded = name.encode()
        data += struct.pack("<iII", 8, 8, buffer) + struct.pack("<I", len(encoded)) + encoded + b"\0"
        data += bytes(-len(data) % 4)

    def _buffer_table(self, data: bytearray, slot: int, value: bytes) -> None:
        data += struct.pack("<4H", 6, 8, 4, 0)
        at = len(data)
        struct.pack_into("<I", data, slot, at - slot)
        data += struct.pack("<iI", 8, 0)
        data += bytes(-(len(data) + 4) % _ALIGNMENT)
        struct.pack_into("<I", data, at + 4, len(data) - (at + 4))
        data += struct.pack("<I", len(value)) + value + bytes(-len(value) % 4)
