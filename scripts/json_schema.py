"""JSON Schema (draft 2020-12) of a frozen dataclass, by the rules that edgekit/runner/codec.py reads with."""

import ast
import dataclasses
import inspect
import textwrap
import types
import typing
from collections.abc import Mapping
from typing import Any

SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema_of(kind: type) -> dict[str, Any]:
    """The whole schema: `kind` on top, every dataclass that it reaches under $defs."""
    definitions: dict[str, Any] = {}
    top = _dataclass(kind, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.__name__,
        **top,
        "$defs": definitions,
    }


def _dataclass(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints, said = typing.get_type_hints(kind), _field_docstrings(kind)
    properties, required = {}, []
    for field in dataclasses.fields(kind):
        properties[field.name] = _of(hints[field.name], definitions)
        if field.name in said:
            properties[field.name] = {"description": said[field.name], **properties[field.name]}
        named = "const" in properties[field.name]  # what tells one format from another is asked for
        if named or (field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING):
            required.append(field.name)
    return {
        "description": inspect.cleandoc(kind.__doc__ or "").replace("\n", " ").replace("  ", " "),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in SCALARS:
        return {"type": SCALARS[kind]}
    if origin is typing.Literal:
        return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_of(argument, definitions) for argument in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _of(arguments[0], definitions)}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(arguments[1], definitions)}
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # its place, so that a class that holds itself ends
        definitions[kind.__name__] = _dataclass(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _field_docstrings(kind: type) -> dict[str, str]:
    """Field -> the string that stands below it in the source."""
    found, last = {}, ""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    for node in typing.cast(ast.ClassDef, body).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and last:
            found[last] = " ".join(str(node.value.value).split())
            last = ""
    return found
