"""A JSON Schema validator of what docs/report.schema.json uses, and of no more: an unknown keyword is an error."""

KNOWN = {
    *("$schema", "title", "description", "$defs", "$ref", "type", "const", "enum", "anyOf"),
    *("properties", "required", "additionalProperties", "items"),
}
KINDS = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def problems(value, schema, whole=None, place="$"):
    """Where the value breaks the schema, and how; empty where it holds."""
    whole = whole or schema
    assert set(schema) <= KNOWN, sorted(set(schema) - KNOWN)
    if "$ref" in schema:
        return problems(value, whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], whole, place)
    if "anyOf" in schema:
        tried = [problems(value, choice, whole, place) for choice in schema["anyOf"]]
        return [] if [] in tried else tried[0]
    if "const" in schema and value != schema["const"]:
        return [f"{place}: not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place}: not one of {schema['enum']}"]
    if "type" in schema and not KINDS[schema["type"]](value):
        return [f"{place}: no {schema['type']}"]
    if isinstance(value, list):
        return [
            text for n, item in enumerate(value) for text in problems(item, schema["items"], whole, f"{place}[{n}]")
        ]
    if isinstance(value, dict):
        return _table_problems(value, schema, whole, place)
    return []


def _table_problems(value, schema, whole, place):
    found = [f"{place}.{key}: missing" for key in schema.get("required", ()) if key not in value]
    for key, item in value.items():
        one = schema.get("properties", {}).get(key, schema["additionalProperties"])
        found += [f"{place}.{key}: unknown"] if one is False else problems(item, one, whole, f"{place}.{key}")
    return found
