"""A recipe's text and the options in it, within bounds, before anything else is made of them."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgekit.recipe.spec import FunctionRef
from edgekit.recipe.steps import Value
from edgekit.runner import codec

MAX_KEY_PARTS = 32
"""Of a dotted key: tomllib takes the square of their number."""
MAX_DEPTH = 16
"""Of lists and tables in an option."""
MAX_NAME_CHARACTERS = 300


def parse_toml(text: str) -> dict[str, Any]:
    """TOML as data; ValueError where it is none, and for a key of more parts than anybody writes."""
    parts = re.split(r"([=,{}\[\]\n#])", text)
    for part, end in zip(parts[::2], parts[1::2], strict=False):
        if end in ("=", "]") and part.count(".") >= MAX_KEY_PARTS:
            raise ValueError(f"a key of {part.count('.') + 1} parts: {codec.shortened(part.strip())}")
    return tomllib.loads(text)


def reference(name: str, options: Mapping[str, Any], file: Path, key: str) -> FunctionRef:
    """A function by name; CodecError for options that have no JSON form: a stage's key is hashed from them."""
    if len(name) > MAX_NAME_CHARACTERS:
        raise codec.CodecError(key, f"{codec.quoted(name)} is no function: at most {MAX_NAME_CHARACTERS} characters")
    place = f"{key.partition('.')[0]}.options"
    return FunctionRef(name=name, options=plain_options(options, place), file=file, key=key)


def plain_options(options: Mapping[str, Any], place: str) -> dict[str, Value]:
    """The options of a function as they are; CodecError for a date, a depth or a size that has no JSON form."""
    return {option: _value(value, f"{place}.{option}", 0) for option, value in options.items()}


def _value(value: Any, place: str, depth: int) -> Value:
    if depth > MAX_DEPTH:
        raise codec.CodecError(place, f"nested more than {MAX_DEPTH} deep")
    if isinstance(value, list):
        return [_value(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {name: _value(item, f"{place}.{name}", depth + 1) for name, item in value.items()}
    for kind in (str, bool, int, float):
        if isinstance(value, kind):
            plain: Value = codec.decode(kind, value, place)  # type: ignore[assignment]
            return plain
    raise codec.CodecError(place, f"expected text, a number, true, false, a list or a table, got {codec.shown(value)}")
