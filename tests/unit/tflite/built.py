"""Small .tflite files of any structure, sound or not: flatbuffer tables written by hand, children behind their parent.

A table is a dict, field number -> value: `(form, number)` a scalar, `(form, [numbers])` a vector of scalars, a dict a
table, a list of dicts a vector of tables, bytes a string. A dict that stands in several places is written once.
"""

import struct

BUILTIN = {"ADD": 0, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 4, "FULLY_CONNECTED": 9, "TRANSPOSE_CONV": 67}
BUILTIN |= {"CUSTOM": 32, "BATCH_MATMUL": 126, "RESHAPE": 22}


def file(root):
    """The bytes of a .tflite file whose model table is `root`."""
    content = bytearray(b"\0\0\0\0TFL3")
    places, waiting = {}, [(0, root)]
    while waiting:
        slot, value = waiting.pop(0)
        if id(value) not in places:
            content += bytes(-len(content) % 8)
            places[id(value)], children = _write(content, value)
            waiting += children
        struct.pack_into("<I", content, slot, places[id(value)] - slot)
    return bytes(content)


def _write(content, value):
    """Append `value`; (where it lies, [(slot of an offset, what it points to)])."""
    if isinstance(value, dict):
        return _write_table(content, value)
    start = len(content)
    if isinstance(value, bytes):
        content += struct.pack("<I", len(value)) + value + b"\0"
        return start, []
    if isinstance(value, list):
        content += struct.pack("<I", len(value)) + bytes(4 * len(value))
        return start, [(start + 4 + 4 * index, item) for index, item in enumerate(value)]
    form, numbers = value
    content += struct.pack("<I", len(numbers)) + struct.pack(f"<{len(numbers)}{form}", *numbers)
    return start, []


def _write_table(content, fields):
    slots, body = [0] * (max(fields, default=-1) + 1), bytearray(4)
    children = []
    for number, value in fields.items():
        slots[number] = len(body)
        if isinstance(value, tuple) and not isinstance(value[1], list):
            body += struct.pack(f"<{value[0]}", value[1])
        else:
            children.append((len(body), value))
            body += bytes(4)
    vtable = struct.pack(f"<{2 + len(slots)}H", 4 + 2 * len(slots), len(body), *slots)
    content += vtable
    at = len(content)
    struct.pack_into("<i", body, 0, len(vtable))
    content += body
    return at, [(at + slot, value) for slot, value in children]


def tensor(*, shape=(), buffer=0, kind=0, name=b"t", scales=None, zero_points=(), axis=0):
    """One tensor; `kind` counts in tflite.operators.TENSOR_TYPES."""
    fields = {0: ("i", list(shape)), 1: ("b", kind), 2: ("I", buffer), 3: name}
    if scales is not None:
        fields[4] = {2: ("f", list(scales)), 3: ("q", list(zero_points)), 6: ("i", axis)}
    return fields


def operator(code, inputs, outputs):
    """One operator; `code` is its place in the model's operator codes."""
    return {0: ("I", code), 1: ("i", list(inputs)), 2: ("i", list(outputs))}


def graph(*, tensors=(), operators=(), inputs=(), outputs=()):
    """One subgraph."""
    fields = {0: list(tensors), 1: ("i", list(inputs)), 2: ("i", list(outputs)), 3: list(operators)}
    return fields | {4: b"main"}


def model(*graphs, codes=("ADD",), buffers=(b"",), metadata=()):
    """The model table; `buffers` are the constants' bytes, the first one empty by custom."""
    written = [{0: content} if content else {} for content in buffers]
    numbers = [{0: ("b", min(127, BUILTIN[name])), 1: b"own\x1b[2J", 3: ("i", BUILTIN[name])} for name in codes]
    return {0: ("I", 3), 1: numbers, 2: list(graphs), 3: b"by hand", 4: written, 6: list(metadata)}
