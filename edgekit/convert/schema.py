"""A .tflite as the objects of the schema's generated code, and back to bytes. The only file that names that code.

The generated code drops what its schema does not know, and does not align buffers: `unpack` refuses the one, `pack`
does the other.
"""

from collections.abc import Hashable
from typing import Any

import numpy as np

from edgekit.optional import need

ALIGNMENT = 16
"""Of a buffer's bytes in the file (`force_align: 16` in the schema): TFLite and XNNPACK read constants in place."""
LARGEST_VECTOR = 64 * 1024
"""Lists of numbers over this are not looked up for an equal one: only constants are that large, and they lie apart."""
LARGEST_FILE = 2**31 - 2**26
"""Bytes of constants in a flatbuffer, room for the rest left."""
_UNION_OF = {
    "BuiltinOptions": "BuiltinOptions",
    "BuiltinOptions2": "BuiltinOptions2",
    "Details": "QuantizationDetails",
    "ArraySegments": "SparseIndexVector",
    "ArrayIndices": "SparseIndexVector",
}
"""Field -> the union that its type number is of."""
_ZIP_END = b"PK\x05\x06"


class Unknown(Exception):
    """The file holds something that the generated code would lose; the text says what."""


def unpack(content: bytes) -> Any:
    """The generated ModelT of `content`, which `edgekit.tflite.read` must have taken. Raises Unknown."""
    schema = generated()
    if _ZIP_END in content[-65_557:]:
        raise Unknown("files are packed behind the model")
    try:
        root = schema.Model.GetRootAs(content, 0)
        _Walk(schema, len(content) // 4).check(root)
        model = schema.ModelT.InitFromObj(root)
    except Unknown:
        raise
    except Exception as error:  # the generated code checks no offset: whatever it stumbles over ends here
        raise Unknown(f"its tables are broken ({type(error).__name__})") from error
    for graph in model.subgraphs:
        for operator in graph.operators or []:
            if operator.largeCustomOptionsOffset > 1:
                raise Unknown("an operator's options lie behind the flatbuffer")
    _take_in(model, content)
    named = [entry.buffer for entry in model.metadata or []]
    named += [] if model.metadataBuffer is None else model.metadataBuffer.tolist()
    if any(index >= len(model.buffers) for index in named):
        raise Unknown("its metadata refers to a buffer that it does not have")
    if getattr(model, "externalBuffers", None) or getattr(model, "externalBufferGroups", None):
        raise Unknown("buffers lie in other files")
    if any((code.customCode or b"").startswith(b"DISPATCH") for code in model.operatorCodes):
        raise Unknown("it is compiled for an accelerator, whose code lies behind the flatbuffer")
    return model


def _take_in(model: Any, content: bytes) -> None:
    """Buffers that lie behind the flatbuffer become part of it: litert-quantizer writes large files so."""
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, count=buffer.size, offset=buffer.offset)
            buffer.offset = buffer.size = 0
    total = sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)
    if total > len(content):
        raise Unknown("its buffers overlap")
    if total > LARGEST_FILE:
        raise Unknown("its buffers fit no flatbuffer, whose offsets reach over 2 GB")


def new(kind: str, **fields: Any) -> Any:
    """An empty object of the generated code, e.g. `new("TensorT", name=b"x")`; enumerations: `constant`."""
    made = getattr(generated(), kind)()
    for name, value in fields.items():
        if not hasattr(made, name):
            raise AttributeError(f"{kind} has no field {name}")
        setattr(made, name, value)
    return made


def constant(enumeration: str, name: str) -> int:
    """A number of the schema, e.g. `constant("BuiltinOperator", "QUANTIZE")`."""
    return int(getattr(getattr(generated(), enumeration), name))


def operator_code(model: Any, name: str, version: int, *, custom: bool = False) -> int:
    """The place of an operator and its version among the model's codes, added where it is not there yet."""
    number, custom_code = constant("BuiltinOperator", "CUSTOM" if custom else name), name.encode() if custom else b""
    for place, code in enumerate(model.operatorCodes):
        held = max(code.builtinCode, code.deprecatedBuiltinCode), code.version, code.customCode or b""
        if held == (number, version, custom_code):
            return place
    code = new("OperatorCodeT", builtinCode=number, deprecatedBuiltinCode=min(number, 127), version=version)
    code.customCode = custom_code or None
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def pack(model: Any) -> bytes:
    """The bytes of a ModelT, which is used up: buffers on ALIGNMENT; equal lists of numbers, options and quantizations
    once."""
    flatbuffers = need("flatbuffers", "writing .tflite files")

    class Writer(flatbuffers.Builder):  # type: ignore[misc, name-defined]
        """The generated code writes every list of numbers through CreateNumpyVector; bytes are buffers."""

        def __init__(self, size: int) -> None:
            super().__init__(size)
            self.written: dict[tuple[str, bytes], int] = {}

        def CreateNumpyVector(self, x: Any) -> int:
            if x.dtype == np.uint8:
                self.StartVector(1, x.size, ALIGNMENT)
                self.head -= x.size
                self.Bytes[self.head : self.head + x.size] = x.tobytes()
                self.vectorNumElems = x.size
                return int(self.EndVector())
            if x.nbytes > LARGEST_VECTOR:
                return int(super().CreateNumpyVector(x))
            key = (x.dtype.str, x.tobytes())
            if key not in self.written:
                self.written[key] = int(super().CreateNumpyVector(x))
            return self.written[key]

    _share_tables(model)
    size = sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)
    writer = Writer(size + 4096)
    writer.Finish(model.Pack(writer), b"TFL3")
    return bytes(writer.Output())


def key(held: Any) -> Hashable:
    """Equal for objects of the generated code that hold the same: every field, every bit, every element's type."""
    if isinstance(held, np.ndarray):
        return held.dtype.str, held.tobytes()
    if isinstance(held, list):
        return tuple(key(item) for item in held)
    if hasattr(held, "__dict__"):
        return type(held).__name__, tuple((name, key(value)) for name, value in vars(held).items())
    return type(held).__name__, repr(held)  # of a float every digit, and NaN equals itself


class _Once:
    """Stands for equal tables: written when it is first asked for, referred to afterwards."""

    def __init__(self, held: Any) -> None:
        self._held, self._place = held, 0

    def Pack(self, writer: Any) -> int:
        self._place = self._place or int(self._held.Pack(writer))
        return self._place


def _share_tables(model: Any) -> None:
    """Options of operators and quantization of tensors: many are equal, in unrolled networks above all."""
    written: dict[Hashable, _Once] = {}

    def once(held: Any) -> Any:
        return None if held is None else written.setdefault(key(held), _Once(held))

    for graph in model.subgraphs:
        for operator in graph.operators or []:
            operator.builtinOptions = once(operator.builtinOptions)
        for tensor in graph.tensors or []:
            tensor.quantization = once(tensor.quantization)


def generated() -> Any:
    """The module of the generated code."""
    return need("litert_converter.schema_py_generated", "writing .tflite files")


class _Walk:
    """Over every table of a file, by the generated readers: is there a field that they do not know?"""

    def __init__(self, schema: Any, most_tables: int) -> None:
        self._schema, self._left = schema, most_tables
        self._fields: dict[str, int] = {}

    def check(self, table: Any) -> None:
        self._left -= 1
        if self._left < 0:
            raise Unknown("its tables overlap")
        kind = type(table)
        raw = table._tab
        vtable = raw.Pos - raw.Get(self._flags().SOffsetTFlags, raw.Pos)
        slots = (raw.Get(self._flags().VOffsetTFlags, vtable) - 4) // 2
        for number in range(self._known(kind.__name__), slots):
            if raw.Get(self._flags().VOffsetTFlags, vtable + 4 + 2 * number):
                raise Unknown(f"{kind.__name__} has a field {number}, newer than the schema known here")
        for name, method in vars(kind).items():
            if name == "Init" or not hasattr(method, "__code__") or self._derived(kind, name):
                continue
            self._child(table, name, method.__code__.co_argcount)

    def _child(self, table: Any, name: str, arguments: int) -> None:
        if arguments == 1:
            value = getattr(table, name)()
            if hasattr(value, "Bytes"):  # a union: a table whose kind stands in another field
                value = self._member(table, name, value)
            if hasattr(value, "_tab"):
                self.check(value)
            return
        for index in range(getattr(table, f"{name}Length")()):
            value = getattr(table, name)(index)
            if not hasattr(value, "_tab"):
                return  # numbers or texts
            self.check(value)

    def _member(self, table: Any, name: str, raw: Any) -> Any:
        number = getattr(table, f"{name}Type")()
        union = getattr(self._schema, _UNION_OF.get(name, ""), None)
        kind = next((key for key, value in vars(union).items() if value == number and key[0] != "_"), "")
        if not hasattr(self._schema, kind or "-"):
            raise Unknown(f"{type(table).__name__}.{name} is of type {number}, newer than the schema known here")
        member = getattr(self._schema, kind)()
        member.Init(raw.Bytes, raw.Pos)
        return member

    def _derived(self, kind: type, name: str) -> bool:
        """`ShapeLength` beside `Shape`."""
        return any(name.endswith(end) and hasattr(kind, name[: -len(end)]) for end in ("AsNumpy", "Length", "IsNone"))

    def _known(self, kind: str) -> int:
        if kind not in self._fields:
            counter = _Counter()
            getattr(self._schema, f"{kind}Start")(counter)
            self._fields[kind] = counter.fields
        return self._fields[kind]

    def _flags(self) -> Any:
        return need("flatbuffers", "writing .tflite files").number_types


class _Counter:
    """Stands in for a builder: generated code tells it how many fields a table has."""

    fields = 0

    def StartObject(self, fields: int) -> None:
        self.fields = fields
