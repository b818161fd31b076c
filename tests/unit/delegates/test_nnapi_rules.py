"""NNAPI's rules, on files of one operator, at the level where each begins and below."""

import pytest
from operator_files.layers import CONV
from operator_files.writer import Op, T, file, i32, one, q

from edgekit.delegates import nnapi, nnapi_rules, predict
from edgekit.delegates.nnapi_operators import FL6, FL7, NAMES, P, Q, R
from edgekit.tflite import read
from edgekit.tflite.operators import OPERATORS

HWC = (1, 4, 4, 2)
FIRST = 27


def weights(shape, dtype="float32", scales=1):
    return T(shape, dtype, True, (0.1,) * scales if dtype == "int8" else ())


def conv(*, given=None, filters=None, bias=True, version=1, **more):
    tensors = [given or T(HWC), filters or weights((2, 1, 1, 2)), *([weights((2,))] if bias else [])]
    return one("CONV_2D", tensors, [T(HWC)], version=version, **{**CONV, **more})


def two(name, first, second, made=HWC, version=1, **options):
    return one(name, [first, second], [T(made)], version=version, **options)


CASES = {
    "add": (two("ADD", T(HWC), T(HWC)), FIRST, ""),
    "add int32": (two("ADD", T(HWC, "int32"), T(HWC, "int32")), R, "the input is int32"),
    "sub": (two("SUB", T(HWC), T(HWC)), P, "the input is float32; NNAPI subtracts float32, 8 bits from 1.2"),
    "conv": (conv(), FIRST, ""),
    "conv hybrid": (conv(filters=weights((2, 1, 1, 2), "int8"), version=5), Q, "its input is float"),
    "conv dilated": (conv(dilation_w_factor=2), Q, "its dilation is 1x2"),
    "conv in groups": (conv(filters=weights((2, 1, 1, 1))), Q, "its channels are in groups"),
    "mul": (two("MUL", T(HWC), T(HWC), version=3), Q, "MUL is of version 3"),
    "mean": (two("MEAN", T(HWC), i32(1, 2), (1, 2)), P, "NNAPI has MEAN from 1.1"),
    "mean of 8 bits": (one("MEAN", [q(), i32(1, 2)], [q(shape=(1, 2))], version=2), Q, "the input is int8"),
    "tanh": (one("TANH", [T(HWC)], [T(HWC)]), FIRST, ""),
    "softmax of three": (one("SOFTMAX", [T((1, 2, 4))], [T((1, 2, 4))], beta=1.0), Q, "the input has 3 dimensions"),
    "transpose": (two("TRANSPOSE", T((1, 4)), i32(1, 0), (4, 1)), P, "NNAPI has TRANSPOSE from 1.1"),
    "slice": (one("SLICE", [T((1, 4)), i32(0, 0), i32(1, 2)], [T((1, 2))]), Q, "NNAPI has SLICE from 1.2"),
    "elu": (one("ELU", [T(HWC)], [T(HWC)]), R, "NNAPI has ELU from 1.3"),
    "pack": (two("PACK", T((1, 4)), T((1, 4)), (2, 1, 4), values_count=2, axis=0), R, "NNAPI has PACK from 1.3"),
    "pack along the last": (
        two("PACK", T((1, 4)), T((1, 4)), (1, 4, 2), values_count=2, axis=2),
        FL6,
        "along the last",
    ),
    "reshape int32": (two("RESHAPE", T((1, 4), "int32"), i32(4), (4,)), FL6, "the input is int32"),
    "batch matmul": (two("BATCH_MATMUL", T((1, 4, 2)), T((1, 2, 3)), (1, 4, 3)), FL6, "from feature level 6 on"),
    "mirror": (two("MIRROR_PAD", T(HWC), T((4, 2), "int32", True)), FL7, "from feature level 7 on"),
    "resize square": (two("RESIZE_BILINEAR", T(HWC), i32(8, 8), (1, 8, 8, 2)), FIRST, ""),
    "resize oblong": (two("RESIZE_BILINEAR", T(HWC), i32(8, 4), (1, 8, 4, 2)), Q, "squares before NNAPI 1.2"),
    "resize aligned": (two("RESIZE_BILINEAR", T(HWC), i32(8, 8), (1, 8, 8, 2), align_corners=True), R, "align_corners"),
    "dense keeping": (
        two("FULLY_CONNECTED", T((1, 4, 2)), weights((3, 2)), (1, 4, 3), keep_num_dims=True),
        R,
        "keep_num",
    ),
    "cast of int8": (one("CAST", [q()], [T(HWC)]), R, "the input is int8"),
    "quantize to int8": (one("QUANTIZE", [T(HWC)], [q()], version=2), R, "the output is int8"),
}
"""Operator -> (file, the first level that takes it, what refuses it below)."""


@pytest.mark.parametrize("case", CASES)
def test_where_each_operator_begins(case):
    content, first, sentence = CASES[case]
    model = read(content)
    for level in nnapi.LEVELS:
        found = nnapi.judge(model, model.main, level)[0]
        assert (found is None) == (level >= first), (level, found)
    if first > FIRST:
        below = max(level for level in nnapi.LEVELS if level < first)
        rule = nnapi.judge(model, model.main, below)[0].rule
        assert sentence in rule or "NNAPI has" in rule


NEVER = {
    "no bias": (conv(bias=False), "it has no bias"),
    "version": (conv(version=6), "CONV_2D is of version 6; the delegate takes up to 5"),
    "five dimensions": (two("ADD", T((1, 1, 1, 1, 2)), T((2,)), (1, 1, 1, 1, 2)), "input 0 has 5 dimensions"),
    "scalar mean": (two("MEAN", T((4,)), i32(0), ()), "it gives a scalar"),
    "int64 arg max": (one("ARG_MAX", [T((1, 4)), i32(1)], [T((1,), "int64")], output_type="int64"), "it gives int64"),
    "float16": (one("RELU", [T(HWC, "float16")], [T(HWC, "float16")]), "the input is float16"),
    "shared axis": (two("GATHER", T((1, 4)), T((1,), "int64", True), (1, 1), axis=1), "the list of indices is int64"),
    "custom": (one("SELECT_V2", [T(HWC, "bool"), T(HWC), T(HWC)], [T(HWC)]), "NNAPI has no SELECT_V2"),
    "int16": (one("FULLY_CONNECTED", [q("int16", (1, 4)), weights((2, 4), "int8")], [q("int16", (1, 2))]), "int16"),
    "crops": (
        one("BATCH_TO_SPACE_ND", [T((4, 2, 2, 1)), i32(2, 2), T((2, 2), "int32", (0, 1, 0, 0))], [T((1, 4, 3, 1))]),
        "it crops by [0, 1, 0, 0]",
    ),
    "unpack the last": (one("UNPACK", [T((1, 2))], [T((1,)), T((1,))], num=2, axis=1), "the last dimension"),
    "unpack five": (one("UNPACK", [T((2,))], [T(()), T(())], num=2, axis=0), "the input has 1 dimensions"),
    "broadcast matmul": (two("BATCH_MATMUL", T((2, 4, 2)), T((1, 2, 3)), (2, 4, 3)), "it broadcasts 2x4x2 and 1x2x3"),
    "concatenation": (
        two("CONCATENATION", T((1, 2)), T((1, 2)), (1, 4), axis=1, fused_activation_function="RELU"),
        "RELU",
    ),
}


@pytest.mark.parametrize("case", NEVER)
def test_what_no_level_takes(case):
    content, sentence = NEVER[case]
    model = read(content)
    found = nnapi.judge(model, model.main, nnapi.NEWEST)[0]
    assert sentence in found.rule
    assert found.source == nnapi_rules.SOURCE


def test_a_large_window_of_8_bits_needs_an_accelerator():
    model = read(one("AVERAGE_POOL_2D", [q(shape=(1, 32, 32, 2))], [q(shape=(1, 1, 1, 2))], version=2,
                     filter_width=32, filter_height=32, stride_w=1, stride_h=1))  # fmt: skip
    assert nnapi.judge(model, model.main, R) == [None]
    assert "window of 1024" in nnapi.judge(model, model.main, R, accelerated=False)[0].rule


def test_three_groups_are_taken_and_the_notes_say_what_the_file_cannot():
    tensors = [T(HWC) for _ in range(9)]
    names = ("RELU", "GELU", "TANH", "GELU", "RELU", "RELU6", "GELU", "RELU")
    model = read(file(tensors, [Op(name, (place,), (place + 1,)) for place, name in enumerate(names)]))
    coverage = predict(model, "nnapi")
    assert [node.index for node in coverage.nodes if node.taken] == [0, 2, 4, 5]
    assert coverage.partitions == 3
    assert "3 largest groups" in coverage.nodes[7].refusal.rule
    assert "deprecated since Android 15" in coverage.notes[0]
    assert "driver" in coverage.notes[1]
    assert coverage.notes[2].endswith("8: 4")


def test_the_tables_name_operators_and_levels_that_are_there():
    assert set(nnapi_rules.RULES) <= set(OPERATORS)
    assert set(NAMES) <= set(nnapi.LEVELS)
    assert {rule.since for rule in nnapi_rules.RULES.values()} <= {0, *NAMES}
