"""Operators against a runtime's table, on files made for it."""

import pytest
from unit.tflite import built

from edgekit.tflite import read, versions
from edgekit.tflite.operators import OPERATORS


def refusal(*numbers, version=1, custom=b"MyOp"):
    """The sentence for a file with one operator for each number of the schema."""
    codes = [{0: ("b", min(n, 127)), 1: custom, 2: ("i", version), 3: ("i", n)} for n in numbers]
    operators = [built.operator(index, (0,), (1,)) for index in range(len(numbers))]
    graph = built.graph(tensors=[built.tensor(), built.tensor()], operators=operators)
    content = built.file({0: ("I", 3), 1: codes, 2: [graph], 4: [{}]})
    return versions.refusal(read(content), versions.TFLITE_2_16_1)


def number(name):
    return OPERATORS.index(name)


@pytest.mark.parametrize(
    ("name", "version", "sentence"),
    [
        ("FULLY_CONNECTED", 11, ""),
        ("FULLY_CONNECTED", 12, "FULLY_CONNECTED version 12 is newer than TFLite 2.16.1 takes (11)"),
        ("CONV_2D", 8, ""),
        ("CONV_2D", 9, "CONV_2D version 9 is newer than TFLite 2.16.1 takes (8)"),
        ("BROADCAST_TO", 1, "BROADCAST_TO version 1 is older than TFLite 2.16.1 takes (2)"),
        ("BROADCAST_TO", 3, ""),
        ("STABLEHLO_COMPOSITE", 1, "TFLite 2.16.1 has no operator STABLEHLO_COMPOSITE"),
        ("STABLEHLO_ABS", 1, "TFLite 2.16.1 has no operator STABLEHLO_ABS"),
    ],
)
def test_builtin_operators(name, version, sentence):
    assert refusal(number(name), version=version) == sentence


def test_a_number_that_the_schema_does_not_have_yet():
    assert refusal(999) == "TFLite 2.16.1 has no operator BUILTIN_999"


@pytest.mark.parametrize(
    ("custom", "sentence"),
    [
        (b"TFLite_Detection_PostProcess", ""),
        (b"Mfcc", ""),
        (b"MyOp", "TFLite 2.16.1 has no custom operator MyOp"),
        (b"FlexErf", "TFLite 2.16.1 has no TensorFlow operators: FlexErf needs them"),
    ],
)
def test_custom_operators(custom, sentence):
    assert refusal(number("CUSTOM"), custom=custom) == sentence


def test_the_first_three_are_named_once_each():
    numbers = [number(name) for name in ("ADD", "ADD", "SUB", "MUL", "DIV", "ABS")]
    assert refusal(*numbers, version=50) == (
        "ADD version 50 is newer than TFLite 2.16.1 takes (5); SUB version 50 is newer than TFLite 2.16.1 takes (5); "
        "MUL version 50 is newer than TFLite 2.16.1 takes (7) (and 2 more operators)"
    )


def test_the_table_names_operators_of_the_schema():
    table = versions.TFLITE_2_16_1
    assert len(table.newest) == 168
    assert set(table.newest) <= set(OPERATORS)
    assert all(table.newest[name] >= least for name, least in table.oldest.items())
