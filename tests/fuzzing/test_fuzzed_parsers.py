"""A few hundred hostile inputs for every parser, from a fixed seed. `benchmarks/fuzz.py` runs 20,000 of each."""

import random

import pytest
from fuzzing.drive import Hung, Parser, drive
from fuzzing.mutate import mutated
from fuzzing.parsers import PARSERS

INPUTS = 300
BOTH_WAYS = {"adb client: text"}
"""Its parsers are asked all at once, and one of them finds something in nearly every text."""


@pytest.mark.parametrize("name", PARSERS)
def test_no_input_breaks_a_parser(name):
    counts = drive(PARSERS[name](), INPUTS, seed=1)
    assert (counts.crashes, counts.hangs) == (0, 0), counts.examples
    assert counts.accepted + counts.refused == counts.inputs == INPUTS
    assert counts.accepted > INPUTS // 25, "what nothing accepts is never read to its end"
    assert counts.refused > INPUTS // 25 or name in BOTH_WAYS


def test_the_same_seed_gives_the_same_inputs():
    for name in ("tflite", "recipe", "run", "adb client: wire", "adb server"):
        made = [[PARSERS[name]().make(random.Random(seed)) for _ in range(1)] for seed in (7, 7, 8)]
        assert made[0] == made[1] != made[2]
    chance = random.Random(0)
    assert len({mutated(chance, [bytes(100)]) for _ in range(100)}) > 50


def test_what_the_driver_calls_a_crash_and_a_hang():
    def take(content):
        if content[0] == 0:
            raise ValueError("broken")
        while content[0] == 1:
            pass
        return content[0] == 2

    contents = iter([b"\0", b"\1", b"\2", b"\3"])
    counts = drive(Parser(name="x", make=lambda chance: next(contents), take=take), 4, seed=0)
    assert (counts.inputs, counts.crashes, counts.hangs, counts.accepted, counts.refused) == (4, 1, 1, 1, 1)
    assert [content for _, content in counts.examples] == [b"\0", b"\1"]
    assert not issubclass(Hung, Exception), "a parser that catches everything would catch it"
