"""Frozen dataclasses to JSON and back, strictly: an unknown key, a missing key or a wrong type is a sentence.

The standard library only: this file travels with the runner to devices. It covers what our data needs and no more:
dataclasses, str, int, float, bool, None, tuples of one type, mappings from str, and unions of those with None.
"""

import dataclasses
import difflib
import functools
import itertools
import json
import math
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")
_SHOWN_CHARACTERS = 60
"""Of a wrong value, in a sentence."""
_PLACE_CHARACTERS = 200
_COMPARED = 1000
"""Names that are looked through for the closest."""
_NAME_CHARACTERS = 100
"""Longer names are like no other: comparing two takes the product of their lengths."""


class CodecError(ValueError):
    """What is wrong, and at which key (`place`, dotted)."""

    def __init__(self, place: str, problem: str) -> None:
        place = shortened(place, _PLACE_CHARACTERS)
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem


def encode(value: Any) -> Any:
    """Turn a dataclass (or what it holds) into plain JSON data, keys in field order."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise CodecError("", f"{value} has no JSON form")
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise CodecError("", f"{type(value).__name__} has no JSON form")


def dumps(value: Any, *, indent: int | None = 1) -> str:
    """The JSON text of a dataclass."""
    return json.dumps(encode(value), indent=indent, ensure_ascii=False, allow_nan=False)


def loads(kind: type[T], text: str | bytes) -> T:
    """Read JSON text as `kind`; raises CodecError, never anything else."""
    return decode(kind, parsed(text))


def parsed(text: str | bytes) -> Any:
    """Plain data of JSON text; raises CodecError. NaN and Infinity are Python's, not JSON's."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CodecError("", f"not JSON ({error})") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def decode(kind: type[T], data: Any, place: str = "") -> T:
    """Plain JSON data as `kind`, checked key by key."""
    return typing.cast(T, _decode(kind, data, place))


def closest(name: str, names: typing.Iterable[str]) -> str:
    """`, did you mean X?` for the nearest of `names`, or nothing."""
    if len(name) > _NAME_CHARACTERS:
        return ""
    compared = [other for other in itertools.islice(names, _COMPARED) if len(other) <= _NAME_CHARACTERS]
    found = difflib.get_close_matches(name, compared, n=1, cutoff=0.6)
    return f", did you mean {found[0]!r}?" if found else ""


def shortened(text: str, most: int = _SHOWN_CHARACTERS) -> str:
    """Text from outside, as long as a sentence bears."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def shown(data: Any) -> str:
    """The beginning of a value's JSON, for a sentence: of a long or deep value no more is written than is shown."""
    if isinstance(data, str):
        return shortened(json.dumps(data[:_SHOWN_CHARACTERS]) if len(data) > _SHOWN_CHARACTERS else json.dumps(data))
    text = ""
    try:
        for part in json.JSONEncoder(default=str).iterencode(data):
            text += part[: _SHOWN_CHARACTERS + 1]
            if len(text) > _SHOWN_CHARACTERS:
                break
    except (ValueError, RecursionError):  # a number of more digits than Python writes
        return text or "a number of thousands of digits"
    return shortened(text)


def quoted(data: Any) -> str:
    """A name that is none, for a sentence, as Python quotes it; anything else as JSON shows it."""
    return repr(shortened(data)) if isinstance(data, str) else shown(data)


def _decode(kind: Any, data: Any, place: str) -> Any:
    origin = typing.get_origin(kind)
    if kind is Any:
        return data
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(kind), data, place)
    if origin is typing.Literal:
        if data not in typing.get_args(kind):
            known = ", ".join(repr(choice) for choice in typing.get_args(kind))
            raise CodecError(place, f"{quoted(data)} is not one of {known}")
        return data
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, data, place)
    if origin is tuple:
        item = typing.get_args(kind)[0]
        _require(isinstance(data, (list, tuple)), place, "a list", data)
        return tuple(_decode(item, element, f"{place}[{n}]") for n, element in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        item = typing.get_args(kind)[1]
        _require(isinstance(data, dict), place, "a table", data)
        for key in data:
            _require(_is_unicode(key), place, "Unicode text", repr(key))
        return {key: _decode(item, element, _join(place, key)) for key, element in data.items()}
    return _decode_scalar(kind, data, place)


def _decode_scalar(kind: Any, data: Any, place: str) -> Any:
    if kind is float and isinstance(data, (int, float)) and not isinstance(data, bool):
        finite = abs(data) <= sys.float_info.max  # 1e999 and a whole number of 400 digits are JSON
        _require(finite, place, "a finite number", data)
        return float(data)
    if isinstance(data, str):
        _require(_is_unicode(data), place, "Unicode text", repr(shortened(data)))
    if kind is type(None):
        _require(data is None, place, "null", data)
        return None
    names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
    if kind is int and isinstance(data, int):
        _require(abs(data) < 2**63, place, "a whole number of 64 bits", data)
    fits = isinstance(data, kind) and (kind is bool or not isinstance(data, bool))
    _require(fits, place, names.get(kind, str(kind)), data)
    return data


def _decode_union(kinds: tuple[Any, ...], data: Any, place: str) -> Any:
    if data is None and type(None) in kinds:
        return None
    problems = []
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _decode(kind, data, place)
        except CodecError as error:
            problems.append(error)
    raise problems[0]


@functools.cache
def _fields(kind: Any) -> "tuple[dict[str, Any], dict[str, dataclasses.Field[Any]]]":
    """(types, fields) by name: resolving the types takes longer than reading a small table."""
    return typing.get_type_hints(kind), {field.name: field for field in dataclasses.fields(kind)}


def _decode_dataclass(kind: Any, data: Any, place: str) -> Any:
    _require(isinstance(data, dict), place, "a table", data)
    hints, fields = _fields(kind)
    for key in data:
        if key not in fields:
            raise CodecError(_join(place, str(key)), f"unknown key{closest(str(key), fields)}")
    values = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _decode(hints[name], data[name], _join(place, name))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise CodecError(_join(place, name), "missing")
    try:
        return kind(**values)
    except ValueError as error:
        raise CodecError(place, str(error)) from error


def _is_unicode(text: str) -> bool:
    """Half a surrogate pair is JSON, and no text that can be written again."""
    return text.isascii() or text.encode(errors="replace").decode() == text


def _require(fits: bool, place: str, wanted: str, data: Any) -> None:
    if not fits:
        raise CodecError(place, f"expected {wanted}, got {shown(data)}")


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
