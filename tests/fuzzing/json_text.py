"""Mutations of JSON by its structure: other types, missing, doubled and misspelt keys, depth, huge values."""

import json
import random
from typing import Any

from fuzzing.mutate import mutated


class Raw:
    """Text that stands in the JSON as it is, whether it is JSON or not."""

    def __init__(self, text: str) -> None:
        self.text = text


def _values(chance: random.Random) -> Any:
    depth = chance.choice((10, 900, 5000, 30_000))
    return chance.choice(
        (
            *(
                None,
                True,
                False,
                0,
                1,
                -1,
                2,
                255,
                2**31,
                -(2**31),
                2**63 - 1,
                2**63,
                -(2**63),
                2**64,
                0.5,
                -0.0,
                1e308,
            ),
            *("", "x", "\0", "\x1b[2J", "a b", "é🙂", "../../etc/passwd", "0" * 64, "x" * 5000, "é" * 3000, [], {}),
            *(Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), Raw("1e999"), Raw("-1e999"), Raw("1e-999"), Raw("nul")),
            *(Raw("9" * 400), Raw("9" * 5000), Raw("-" + "8" * 4299), Raw("0x10"), Raw("1_000"), Raw("01"), Raw("+1")),
            *(Raw(r'"\ud800"'), Raw(r'"\udc00\ud800"'), Raw(r'"\u0000"'), Raw('"'), Raw("'x'"), Raw('"\n"'), Raw("")),
            *(Raw("[" * depth), Raw("[" * depth + "]" * depth), Raw('{"a":' * depth + "1" + "}" * depth)),
            *([0] * 3000, [[]] * 100, {"a": 1}, ["x", 1, None], {str(number): number for number in range(300)}),
        )
    )


def _places(data: Any) -> list[tuple[Any, Any]]:
    """(container, key or index) of everything inside."""
    found, waiting = [], [data]
    while waiting:
        item = waiting.pop()
        keys = list(item) if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
        for key in keys:
            found.append((item, key))
            waiting.append(item[key])
    return found


def changed(chance: random.Random, seeds: list[bytes]) -> bytes:
    """One of the JSON `seeds` with one to four of its parts changed, and sometimes its bytes as well."""
    data = {"": json.loads(chance.choice(seeds))}
    for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
        _change(chance, data)
    text = emit(chance, data[""]).encode(errors="surrogatepass")
    choice = chance.random()
    if choice < 0.15:
        return mutated(chance, [text, *seeds])
    if choice < 0.18:
        return text.decode(errors="replace").encode(chance.choice(("utf-8-sig", "utf-16", "utf-32", "utf-16-le")))
    return text


def _change(chance: random.Random, data: Any) -> None:
    places = _places(data)
    container, key = chance.choice(places)
    kind = chance.randrange(7)
    if kind == 0 and key != "":
        del container[key]
    elif kind == 1 and isinstance(container, dict) and key != "":
        names = (key + "s", key[1:], key.upper(), "", " ", "\x1b", "k" * 3000, "\ud800", "\U0001f642", "schema", "a.b")
        container[chance.choice(names)] = container.pop(key)
    elif kind == 2 and isinstance(container, list):
        container[key:key] = [container[key]] * chance.choice((1, 2, 50))
    elif kind == 3:
        other, name = chance.choice(places)
        if not isinstance(other[name], (dict, list)) or chance.random() < 0.3:
            container[key] = json.loads(emit(random.Random(0), other[name], plain=True))
    else:
        container[key] = _values(chance)


def emit(chance: random.Random, data: Any, *, plain: bool = False) -> str:
    """JSON text; a key stands twice now and then."""
    if isinstance(data, Raw):
        return "null" if plain else data.text
    if isinstance(data, list):
        return "[" + ",".join(emit(chance, item, plain=plain) for item in data) + "]"
    if isinstance(data, dict):
        parts = [f"{json.dumps(key)}: {emit(chance, item, plain=plain)}" for key, item in data.items()]
        if parts and not plain and chance.random() < 0.02:
            parts.append(chance.choice(parts))
        return "{" + ", ".join(parts) + "}"
    return json.dumps(data, ensure_ascii=chance.random() < 0.5)
