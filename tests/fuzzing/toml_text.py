"""Mutations of TOML by its lines: other values, keys and headers, depth, doubled tables, huge numbers and texts."""

import random

from fuzzing.mutate import mutated


def _value(chance: random.Random) -> str:
    depth = chance.choice((5, 300, 5000))
    return chance.choice(
        (
            *(
                "1",
                "0",
                "-1",
                "+1",
                "1_000",
                "0x10",
                "0b1",
                "0o7",
                "1.5",
                "-0.0",
                "1e3",
                "1e999",
                "-1e999",
                "nan",
                "inf",
            ),
            *("9" * 400, "9" * 5000, "-" + "9" * 4000, "0x" + "f" * 4000, "0b" + "1" * 9000, str(2**63), str(-(2**63))),
            *(
                '""',
                '"x"',
                "'x'",
                '"a b"',
                r'"\u0000"',
                r'"\ud800"',
                r'"\U0010ffff"',
                '"\x1b"',
                '"é🙂"',
                "true",
                "false",
            ),
            *('"' + "x" * 5000 + '"', '"""' + "y\n" * 300 + '"""', "'''", '"', "'", "", "=", "[", "]", "{", "}", "#"),
            *("1979-05-27T07:32:00Z", "1979-05-27", "07:32:00", "9999-99-99", "[]", "[1, 'a', [2]]", "{}", "{a = 1}"),
            *("[" * depth, "[" * depth + "]" * depth, "{a=" * depth + "1" + "}" * depth, "[" + "1," * 5000 + "]"),
            *(
                '["train"]',
                '["train", "train"]',
                '"float32"',
                '"int8"',
                '"desktop:cpu"',
                '["desktop:cpu"]',
                '"own:build"',
            ),
            *("{name = 'mse', options = {a = [1, {b = 2}]}}", "[{a = 1}, {b = [[[]]]}]", '["' + "t" * 3000 + ':cpu"]'),
        )
    )


def _line(chance: random.Random) -> str:
    deep = chance.choice((3, 40, 3000))
    return chance.choice(
        (
            *(
                "[steps]",
                "[steps.train]",
                "[variants.int8]",
                "[[targets]]",
                "[a.b.c]",
                "[model.options]",
                "[gates.int8]",
            ),
            *(
                "[" + "a." * deep + "a]",
                "a." * deep + "a = 1",
                '"" = 1',
                "x = 1",
                "x = 1\nx = 2",
                "[x]\n[x]",
                "\\",
                "\0",
            ),
            *(
                "[variants.'" + "v" * 3000 + "']\nprecision = 'int8'",
                "[steps.\"\\u001b\"]\nkind = 'train'",
                "= 1",
                "[[[[",
            ),
            *("options = {" + ", ".join(f"k{number} = {number}" for number in range(500)) + "}", "kind = 'prune'"),
            *("seed = " + _value(chance), "name = " + _value(chance), "baseline = " + _value(chance), "\ufeff", "\r"),
            "\n".join(f"[variants.v{number}]\nprecision = 'float32'" for number in range(100)),
            "student = { width = " + _value(chance) + " }",
            "teacher = { factory = 'a:b', weights = 'w', options = { a = " + _value(chance) + " } }",
            "[steps.kd]\nkind = 'distill'\nstudent = { w = " + _value(chance) + " }\ntemperature = " + _value(chance),
            "[steps.kd]\nkind = 'distill'\nteacher = { recipe = "
            + _value(chance)
            + ", variant = "
            + _value(chance)
            + " }",
        )
    )


def changed(chance: random.Random, seeds: list[bytes]) -> bytes:
    """One of the TOML `seeds` with one to five of its lines changed, and sometimes its bytes as well."""
    lines = chance.choice(seeds).decode().split("\n")
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        at = chance.randrange(len(lines))
        kind = chance.randrange(8)
        key, equals, _ = lines[at].partition("=")
        if kind <= 3:
            at, key = chance.choice([(n, line) for n, line in enumerate(lines) if "=" in line] or [(0, "a = 1")])
            lines[at] = f"{key.partition('=')[0]}= {_value(chance)}"
        elif kind == 4:
            lines[at:at] = [_line(chance)]
        elif kind == 5 and len(lines) > 1:
            del lines[at]
        elif kind == 6:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif equals:
            name = chance.choice((key.strip() + "s", key.strip()[1:], "", "a.b", "'" + "k" * 2000 + "'", '"\\u001b"'))
            lines[at] = f"{name} ={lines[at].partition('=')[2]}"
    content = "\n".join(lines).encode()
    return mutated(chance, [content, *seeds]) if chance.random() < 0.15 else content
