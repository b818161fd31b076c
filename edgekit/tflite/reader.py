"""A strict, bounded reader of .tflite files: flatbuffer tables walked by hand, every offset checked.

A hostile file ends in one ModelFileError. Work is counted: a file can make the reader touch at most a few times its own
size, however its tables overlap. Field numbers are those of the public schema (version 3).
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from edgekit import units
from edgekit.errors import ModelFileError
from edgekit.tflite import options
from edgekit.tflite.operators import ELEMENT_BITS, OPERATORS, TENSOR_TYPES
from edgekit.tflite.structure import ModelFile, Operator, Quantization, Sections, Signature, Subgraph, Tensor

MAX_RANK = 16
MAX_NAME_BYTES = 10_000
_CUSTOM = OPERATORS.index("CUSTOM")
_BUFFERS, _METADATA, _LAST_FIELD = 4, 6, 7
"""Fields of the model table."""
_LARGE_OPTIONS = 9
"""Field of an operator: where its options lie when they are behind the flatbuffer."""
_NOT_GIVEN = -1
"""Index of an operator's optional input that is not given."""


class _Broken(Exception):
    """Something does not fit; the text says what."""


class _Bytes:
    """The file, with a budget of work."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.budget = 100_000 + 4 * len(content)

    def spend(self, work: int) -> None:
        self.budget -= work
        if self.budget < 0:
            raise _Broken("its tables overlap: reading it would never end")

    def number(self, form: str, at: int) -> int:
        size = struct.calcsize(form)
        if not 0 <= at <= len(self.content) - size:
            raise _Broken(f"an offset points to byte {at}, outside the file of {len(self.content)} bytes")
        self.spend(1)
        value: int = struct.unpack_from(form, self.content, at)[0]
        return value


class _Table:
    """One flatbuffer table."""

    def __init__(self, data: _Bytes, at: int) -> None:
        self.data, self.at = data, at
        self.vtable = at - data.number("<i", at)
        self.vtable_bytes = data.number("<H", self.vtable)
        if self.vtable_bytes < 4 or self.vtable_bytes % 2:
            raise _Broken(f"the table at byte {at} has a broken list of fields")

    def field(self, number: int) -> int | None:
        """Where field `number` lies, or None when it has its default."""
        slot = 4 + 2 * number
        if slot >= self.vtable_bytes:
            return None
        offset = self.data.number("<H", self.vtable + slot)
        return self.at + offset if offset else None

    def scalar(self, number: int, form: str, default: int = 0) -> int:
        at = self.field(number)
        return default if at is None else self.data.number(form, at)

    def vector(self, number: int, element_bytes: int) -> tuple[int, int]:
        """(position of the first element, count)."""
        at = self.field(number)
        if at is None:
            return 0, 0
        start = at + self.data.number("<I", at)
        count = self.data.number("<I", start)
        if count * element_bytes > len(self.data.content) - start - 4:
            raise _Broken(f"a list at byte {start} claims {count} elements, more than the file holds")
        self.data.spend(count)
        return start + 4, count

    def numbers(self, number: int, form: str) -> tuple[int, ...]:
        start, count = self.vector(number, struct.calcsize(form))
        return struct.unpack_from(f"<{count}{form}", self.data.content, start)

    def text(self, number: int) -> str:
        start, count = self.vector(number, 1)
        if count > MAX_NAME_BYTES:
            raise _Broken(f"a name of {count} bytes (at most {MAX_NAME_BYTES})")
        return self.data.content[start : start + count].decode(errors="replace")

    def table(self, number: int) -> "_Table | None":
        at = self.field(number)
        return None if at is None else _Table(self.data, at + self.data.number("<I", at))

    def tables(self, number: int) -> "list[_Table]":
        start, count = self.vector(number, 4)
        places = (start + 4 * index for index in range(count))
        return [_Table(self.data, place + self.data.number("<I", place)) for place in places]


def read(content: bytes, path: str = "") -> ModelFile:
    """The file's structure. Raises ModelFileError, and nothing else, for bytes that are no whole .tflite file."""
    try:
        return _model(content)
    except (_Broken, struct.error) as error:
        reason = units.printable(str(error))
        raise ModelFileError(f"not a whole .tflite file: {reason}", "convert or copy it again", path=path) from error


def _model(content: bytes) -> ModelFile:
    if len(content) < 8:
        raise _Broken(f"{len(content)} bytes are too few")
    if content[4:8] != b"TFL3":
        raise _Broken(f"it begins with {content[:8]!r}, and bytes 4 to 8 of one are TFL3")
    data = _Bytes(content)
    root = _Table(data, data.number("<I", 0))
    buffers = [_buffer(table, content) for table in root.tables(_BUFFERS)]
    codes = [_code(table) for table in root.tables(1)]
    subgraphs = tuple(_subgraph(table, codes, buffers) for table in root.tables(2))
    if not subgraphs:
        raise _Broken("it has no graph")
    metadata = [(table.text(0), table.scalar(1, "<I")) for table in root.tables(_METADATA)]
    return ModelFile(
        version=root.scalar(0, "<I"),
        description=root.text(3),
        subgraphs=subgraphs,
        signatures=tuple(_signature(table, subgraphs) for table in root.tables(7)),
        metadata=tuple(name for name, _ in metadata),
        sections=_sections(content, buffers, subgraphs, {index for _, index in metadata}),
        content=content,
    )


def _buffer(table: _Table, content: bytes) -> tuple[int, int]:
    """(offset, bytes); a buffer may lie behind the flatbuffer, then offset and size are fields of their own."""
    offset, size = table.scalar(1, "<Q"), table.scalar(2, "<Q")
    if offset > 1:
        if offset + size > len(content):
            raise _Broken(f"a buffer at byte {offset} of {size} bytes lies outside the file")
        return offset, size
    at = table.field(0)
    if at is None:
        return 0, 0
    start = at + table.data.number("<I", at)
    size = table.data.number("<I", start)
    if size > len(content) - start - 4:
        raise _Broken(f"a buffer at byte {start} claims {size} bytes, more than the file holds")
    return start + 4, size


def _code(table: _Table) -> tuple[str, int, bool]:
    old = table.scalar(0, "<b")
    number = max(old, table.scalar(3, "<i")) if old >= 0 else table.scalar(3, "<i")
    version = table.scalar(2, "<i", 1)
    if number == _CUSTOM:
        return table.text(1) or "CUSTOM", version, True
    name = OPERATORS[number] if 0 <= number < len(OPERATORS) else f"BUILTIN_{number}"
    return name, version, False


def _subgraph(table: _Table, codes: list[tuple[str, int, bool]], buffers: list[tuple[int, int]]) -> Subgraph:
    tensors = tuple(_tensor(entry, index, buffers) for index, entry in enumerate(table.tables(0)))

    def tensor_ids(numbers: tuple[int, ...], what: str, least: int = 0) -> tuple[int, ...]:
        for number in numbers:
            if not least <= number < len(tensors):
                raise _Broken(f"{what} refers to tensor {number} of {len(tensors)}")
        return numbers

    operators = []
    shared: dict[tuple[int, str], Mapping[str, options.Value]] = {}
    for entry in table.tables(3):
        code = entry.scalar(0, "<I")
        if code >= len(codes):
            raise _Broken(f"an operator has code {code} of {len(codes)}")
        name, version, custom = codes[code]
        operators.append(
            Operator(
                name=name,
                version=version,
                inputs=tensor_ids(entry.numbers(1, "i"), name, least=_NOT_GIVEN),
                outputs=tensor_ids(entry.numbers(2, "i"), name),
                is_custom=custom,
                options={} if custom else options.of(entry, name, shared),
            )
        )
    inputs = tensor_ids(table.numbers(1, "i"), "an input of the graph")
    outputs = tensor_ids(table.numbers(2, "i"), "an output of the graph")
    for index in (*inputs, *outputs):  # described once each, name and all: many may be the same tensor
        table.data.spend(len(tensors[index].name))
    return Subgraph(name=table.text(4), tensors=tensors, operators=tuple(operators), inputs=inputs, outputs=outputs)


def _tensor(table: _Table, index: int, buffers: list[tuple[int, int]]) -> Tensor:
    shape = table.numbers(0, "i")
    if len(shape) > MAX_RANK or any(size < 0 for size in shape):
        raise _Broken(f"tensor {index} has shape {list(shape)[:20]}")
    kind = table.scalar(1, "<b")
    if not 0 <= kind < len(TENSOR_TYPES):
        raise _Broken(f"tensor {index} has type {kind}")
    buffer = table.scalar(2, "<I")
    if buffer >= len(buffers):
        raise _Broken(f"tensor {index} refers to buffer {buffer} of {len(buffers)}")
    offset, size = buffers[buffer]
    quantization = table.table(4)
    tensor = Tensor(
        index=index,
        name=table.text(3),
        shape=shape,
        shape_signature=table.numbers(7, "i") or shape,
        dtype=TENSOR_TYPES[kind],
        buffer=buffer,
        buffer_offset=offset,
        buffer_bytes=size,
        quantization=None if quantization is None else _quantization(quantization),
        is_variable=bool(table.scalar(5, "<B")),
        is_sparse=table.field(6) is not None,
    )
    bits = ELEMENT_BITS.get(tensor.dtype)
    if tensor.is_constant and not tensor.is_sparse and bits and tensor.elements * bits > 8 * size:
        raise _Broken(f"tensor {index} of shape {list(shape)} needs more than its buffer of {size} bytes")
    return tensor


def _quantization(table: _Table) -> Quantization | None:
    start, count = table.vector(2, 4)
    if count == 0:
        return None
    zero_start, zero_count = table.vector(3, 8)
    if zero_count not in (0, count):
        raise _Broken(f"{count} scales and {zero_count} zero points")
    content = table.data.content
    scales = struct.unpack_from(f"<{count}f", content, start)
    if not all(math.isfinite(scale) for scale in scales):
        raise _Broken(f"the scales at byte {start} hold NaN or infinity")
    return Quantization(
        scales=scales,
        zero_points=struct.unpack_from(f"<{zero_count}q", content, zero_start) if zero_count else (0,) * count,
        axis=table.scalar(6, "<i"),
        scales_offset=start,
        zero_points_offset=zero_start if zero_count else None,
    )


def _signature(table: _Table, subgraphs: tuple[Subgraph, ...]) -> Signature:
    number = table.scalar(4, "<I")
    if number >= len(subgraphs):
        raise _Broken(f"a signature refers to graph {number} of {len(subgraphs)}")

    def names(field: int) -> Mapping[str, int]:
        found = {entry.text(0): entry.scalar(1, "<I") for entry in table.tables(field)}
        for tensor in found.values():
            if tensor >= len(subgraphs[number].tensors):
                raise _Broken(f"a signature refers to tensor {tensor}")
        return found

    return Signature(key=table.text(2), subgraph=number, inputs=names(0), outputs=names(1))


def _sections(
    content: bytes, buffers: list[tuple[int, int]], subgraphs: tuple[Subgraph, ...], metadata: set[int]
) -> Sections:
    used = {tensor.buffer for subgraph in subgraphs for tensor in subgraph.tensors}
    sizes = {"weights": 0, "metadata": 0, "unused": 0}
    seen: set[int] = set()
    for index, (offset, size) in enumerate(buffers):
        if size == 0 or offset in seen:
            continue
        seen.add(offset)
        sizes["weights" if index in used else "metadata" if index in metadata else "unused"] += size
    names = sum(len(tensor.name.encode()) for subgraph in subgraphs for tensor in subgraph.tensors)
    rest = len(content) - sum(sizes.values()) - names
    if rest < 0:
        raise _Broken("its buffers overlap")
    return Sections(
        weights_bytes=sizes["weights"],
        unused_buffers_bytes=sizes["unused"],
        metadata_bytes=sizes["metadata"],
        names_bytes=names,
        structure_bytes=rest,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """The model table and its lists, by where they lie in the file: what `edgekit.tflite.metadata` writes anew."""

    version: int
    fields: Mapping[int, int]
    """Number of a field that is no scalar -> the place of what it points to."""
    buffer_tables: tuple[int, ...]
    metadata_tables: tuple[int, ...]
    metadata: tuple[tuple[str, tuple[int, int]], ...]
    """(name, (first byte, bytes)) in the file's order."""
    absolute: tuple[int, ...]
    """Where 8-byte offsets lie that count from the file's first byte: of buffers behind the flatbuffer."""
    unmovable: str
    """Why nothing may be put before the file's content; empty: it may."""


def entries(content: bytes, path: str = "") -> Entries:
    """The root of a file; raises ModelFileError for bytes that are no whole .tflite file."""
    read(content, path)
    data = _Bytes(content)
    root = _Table(data, data.number("<I", 0))
    fields = {}
    for number in range(1, (root.vtable_bytes - 4) // 2):
        at = root.field(number)
        if at is not None:
            fields[number] = at + data.number("<I", at)
    buffers, metadata = root.tables(_BUFFERS), root.tables(_METADATA)
    places = [_buffer(table, content) for table in buffers]
    named = []
    for table in metadata:
        index = table.scalar(1, "<I")
        named.append((table.text(0), places[index] if index < len(places) else (0, 0)))
    absolute = {table.field(1) for table in buffers if table.scalar(1, "<Q") > 1}
    operators = (operator for subgraph in root.tables(2) for operator in subgraph.tables(3))
    unmovable = ""
    if max(fields, default=0) > _LAST_FIELD:
        unmovable = f"its model table has a field {max(fields)}, newer than the schema known here"
    elif any(operator.scalar(_LARGE_OPTIONS, "<Q") > 1 for operator in operators):
        unmovable = "an operator's options lie behind the flatbuffer"
    return Entries(
        version=root.scalar(0, "<I"),
        fields=fields,
        buffer_tables=tuple(table.at for table in buffers),
        metadata_tables=tuple(table.at for table in metadata),
        metadata=tuple(named),
        absolute=tuple(sorted(at for at in absolute if at is not None)),
        unmovable=unmovable,
    )
