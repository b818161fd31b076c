"""Operators against a runtime's table, on files made for it."""

import pytest
from unit.tflite import built

from edgekit.tflite import read, versions
from edgekit.tflite.operators import OPERATORS, TENSOR_TYPES


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


KINDS = [
    ("CONV_2D", ("float32", "int4"), 4, (1, 8), "reads int4 weights of CONV_2D with float inputs as floats"),
    ("CONV_2D", ("int8", "int4"), 4, (1, 8), ""),
    ("CONV_2D", ("float32", "int8"), 4, (1, 8), ""),
    ("FULLY_CONNECTED", ("int8", "int4"), 4, (1, 8), "takes no int4 weights in FULLY_CONNECTED with int8 inputs"),
    ("FULLY_CONNECTED", ("float32", "int4"), 4, (1, 8), ""),
    ("FULLY_CONNECTED", ("float32", "int4"), 0, (1, 8), "takes no int4 weights in blocks in FULLY_CONNECTED"),
    ("FULLY_CONNECTED", ("int16", "int8"), 4, (3, 8), "takes the first channel's scale for all of FULLY_CONNECTED"),
    ("FULLY_CONNECTED", ("int16", "int8"), 4, (1, 8), ""),
    ("FULLY_CONNECTED", ("int16", "int8"), 1, (3, 8), ""),
    ("EMBEDDING_LOOKUP", ("int32", "int4"), 0, (8,), "takes no int4 table in EMBEDDING_LOOKUP"),
    ("EMBEDDING_LOOKUP", ("int32", "int8"), 4, (8,), "looks up int8 rows with a scale each as if they had none"),
    ("EMBEDDING_LOOKUP", ("int32", "int8"), 1, (8,), ""),
    ("DEQUANTIZE", ("int4",), 1, (8,), "takes no int4 in DEQUANTIZE"),
    ("TRANSPOSE", ("int16", "int32"), 0, (1, 8), "hands TRANSPOSE of int16 to XNNPACK, which has no such kernel"),
    ("TRANSPOSE", ("int8", "int32"), 0, (1, 8), ""),
]


@pytest.mark.parametrize(("name", "dtypes", "scales", "shape", "sentence"), KINDS)
def test_kinds_of_tensors(name, dtypes, scales, shape, sentence):
    """What no version tells; each was seen on the runtime's own library."""
    tensors = [
        built.tensor(
            shape=shape,
            kind=TENSOR_TYPES.index(dtype),
            scales=[0.5] * scales if scales else None,
            zero_points=[0] * scales,
        )
        for dtype in dtypes
    ]
    codes = [{0: ("b", min(number(name), 127)), 2: ("i", 1), 3: ("i", number(name))}]
    places = tuple(range(len(tensors)))
    graph = built.graph(tensors=[*tensors, built.tensor()], operators=[built.operator(0, places, (len(tensors),))])
    found = versions.refusal(read(built.file({0: ("I", 3), 1: codes, 2: [graph], 4: [{}]})), versions.TFLITE_2_16_1)
    if sentence:
        assert found.startswith(f"TFLite 2.16.1 {sentence}")
    else:
        assert found == ""
