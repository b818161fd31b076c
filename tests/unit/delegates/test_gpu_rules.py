"""The GPU delegate's rules: each taken and refused once, on files of one operator."""

import numpy as np
import pytest
from operator_files.layers import CONV
from operator_files.writer import Op, T, file, i32, one, q

from edgekit.delegates import gpu, predict
from edgekit.tflite import read

HWC = (1, 4, 4, 2)


def weights(shape, dtype="float32"):
    return T(shape, dtype, True, (0.1,) if dtype == "int8" else ())


def conv(version=1, padding="SAME", activation="NONE", given=None, filters=None, **more):
    options = {**CONV, "padding": padding, "fused_activation_function": activation, **more}
    tensors = [given or T(HWC), filters or weights((3, 1, 1, 2)), weights((3,))]
    return one("CONV_2D", tensors, [T((1, 4, 4, 3))], version=version, **options)


def depthwise(channels, multiplier):
    made = channels * multiplier
    tensors = [T((1, 4, 4, channels)), weights((1, 3, 3, made)), weights((made,))]
    return one("DEPTHWISE_CONV_2D", tensors, [T((1, 4, 4, made))], **CONV, depth_multiplier=multiplier)


def compared(*readers):
    tensors = [T(HWC), T(HWC), T(HWC, "bool"), *[T(HWC) for _ in readers]]
    operators = [Op("LESS", (0, 1), (2,))]
    for place, name in enumerate(readers):
        operators.append(Op(name, (2,) if name == "CAST" else (2, 0, 1), (3 + place,)))
    return file(tensors, operators)


def two(name, first, second, made=HWC, version=1, **options):
    return one(name, [first, second], [T(made)], version=version, **options)


CASES = {
    "conv": (conv(), None),
    "conv version": (conv(version=7), "CONV_2D is of version 7; the delegate takes up to 6"),
    "conv activation": (conv(activation="SIGN_BIT"), "its fused activation is SIGN_BIT"),
    "conv stride": (conv(stride_w=0), "stride_w is 0"),
    "conv int16": (conv(4, given=q("int16")), "input 0 is int16; the GPU delegate computes on float32"),
    "depthwise": (depthwise(2, 1), None),
    "depthwise of one channel": (depthwise(1, 4), None),
    "depthwise multiplied": (depthwise(2, 2), "depth_multiplier is 2 and the input has 2 channels"),
    "five dimensions": (one("RELU", [T((1, 2, 2, 2, 2))], [T((1, 2, 2, 2, 2))]), "input 0 has 5 dimensions"),
    "no such operator": (one("CEIL", [T(HWC)], [T(HWC)]), "the GPU delegate has no CEIL"),
    "squeeze": (one("SQUEEZE", [T((1, 1, 2))], [T((1, 2))]), "the GPU delegate has no SQUEEZE"),
    "elementwise": (one("GELU", [T(HWC)], [T(HWC)]), None),
    "of a constant": (one("EXP", [weights(HWC)], [T(HWC)]), "1 of its inputs are constants; the GPU delegate wants 0"),
    "add": (two("ADD", T(HWC), weights((2,))), None),
    "add of other ranks": (two("ADD", T(HWC), weights((4, 2))), None),
    "add that does not fit": (two("ADD", T(HWC), weights((3, 2))), "its inputs of 1x4x4x2 and 3x2 do not broadcast"),
    "mul": (two("MUL", T(HWC), T((1, 1, 1, 2))), None),
    "mul crossed": (two("MUL", T((1, 4, 1)), T((1, 1, 2)), (1, 4, 2)), "is smaller in some dimension"),
    "sub int32": (two("SUB", T(HWC, "int32"), T(HWC, "int32")), "input 0 is int32"),
    "sub of constants": (two("SUB", weights(HWC), weights(HWC)), "2 of them constants"),
    "pool": (
        one("MAX_POOL_2D", [T(HWC)], [T((1, 2, 2, 2))], filter_width=2, filter_height=2, stride_w=2, stride_h=2),
        None,
    ),
    "pool window": (one("MAX_POOL_2D", [T(HWC)], [T(HWC)], stride_w=1, stride_h=1), "filter_height is 0"),
    "mean": (two("MEAN", T(HWC), i32(1, 2), (1, 2)), None),
    "mean over int64 axes": (two("MEAN", T(HWC), i32(1, dtype="int64"), (1, 4, 2)), "the list of axes is int64"),
    "pad": (two("PAD", T(HWC), T((4, 2), "int32", True)), None),
    "pad of two": (
        two("PAD", T((4, 2)), T((2, 2), "int32", True), (4, 2)),
        "a list of 2x2; the GPU delegate takes 4x2 or 3x2",
    ),
    "slice": (one("SLICE", [T(HWC), i32(0, 0, 0, 0), i32(1, 4, 4, 1)], [T((1, 4, 4, 1))]), None),
    "slice of two": (one("SLICE", [T((4, 2)), i32(0, 0), i32(4, 1)], [T((4, 1))]), "it slices 2 dimensions"),
    "strided slice": (
        one("STRIDED_SLICE", [T(HWC), i32(0, 0, 0, 0), i32(1, 4, 4, 1), i32(1, 1, 1, 1)], [T((1, 4, 4, 1))]),
        None,
    ),
    "strided slice shrinking": (
        one(
            "STRIDED_SLICE",
            [T(HWC), i32(0, 0, 0, 0), i32(1, 1, 4, 2), i32(1, 1, 1, 1)],
            [T((1, 4, 2))],
            shrink_axis_mask=2,
        ),
        "its shrink_axis_mask is 2",
    ),
    "gather": (two("GATHER", T(HWC), i32(1, 0), HWC, axis=3), None),
    "gather by a matrix": (two("GATHER", T((1, 4)), T((2, 2), "int32", True), (1, 2, 2), axis=1), "indices of 2x2"),
    "softmax": (one("SOFTMAX", [T((1, 4))], [T((1, 4))], beta=1.0), None),
    "softmax beta": (one("SOFTMAX", [T((1, 4))], [T((1, 4))], beta=0.5), "its beta is 0.5"),
    "resize": (two("RESIZE_BILINEAR", T(HWC), i32(8, 8), (1, 8, 8, 2), align_corners=True), None),
    "resize both": (
        two("RESIZE_BILINEAR", T(HWC), i32(8, 8), (1, 8, 8, 2), align_corners=True, half_pixel_centers=True),
        "both align_corners and half_pixel_centers are set",
    ),
    "block size": (one("SPACE_TO_DEPTH", [T(HWC)], [T(HWC)], block_size=1), "its block_size is 1"),
    "dense": (two("FULLY_CONNECTED", T((1, 8)), weights((4, 8)), (1, 4)), None),
    "dense keeping": (two("FULLY_CONNECTED", T((1, 4, 2)), weights((4, 2)), (1, 4, 4), keep_num_dims=True), None),
    "dense keeping other ranks": (
        two("FULLY_CONNECTED", T((1, 4, 2)), weights((4, 2)), (4, 4), keep_num_dims=True),
        "keep_num_dims with an input of 3",
    ),
    "dense of a constant": (
        two("FULLY_CONNECTED", weights((1, 8)), T((4, 8)), (1, 4)),
        "its first input is a constant",
    ),
    "cast": (one("CAST", [T((1, 4), "int32")], [T((1, 4))]), None),
    "cast int64": (one("CAST", [T((1, 4), "int64")], [T((1, 4))]), "it casts int64 to float32"),
    "select of other shapes": (
        one("SELECT_V2", [T(HWC, "bool"), T(HWC), weights((2,))], [T(HWC)]),
        "what it takes where false is of 2",
    ),
    "compared alone": (compared(), "0 nodes read what it compares"),
    "compared into two": (compared("CAST", "SELECT_V2"), "2 nodes read what it compares"),
    "one hot of int64": (
        one("ONE_HOT", [T((1, 4), "int64"), T((), "int32", 3), weights(()), weights(())], [T((1, 4, 3))], axis=-1),
        "the list of indices is int64",
    ),
    "cumsum of int32": (two("CUMSUM", T(HWC, "int32"), T((), "int32", 1)), "the input is int32"),
    "mirror": (two("MIRROR_PAD", T(HWC), T((4, 2), "int32", True), mode=1), "its mode is SYMMETRIC"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_rule(case):
    content, sentence = CASES[case]
    model = read(content)
    found = gpu.judge(model, model.main)[0]
    if sentence is None:
        assert found is None
    else:
        assert found is not None
        assert sentence in found.rule
        assert ": " in found.source
        assert found.source.startswith("tensorflow/lite/")


def test_a_comparison_before_a_cast_runs_where_the_cast_is_read_once():
    tensors = [T(HWC), T(HWC), T(HWC, "bool"), T(HWC), T(HWC)]
    model = read(file(tensors, [Op("LESS", (0, 1), (2,)), Op("CAST", (2,), (3,)), Op("ABS", (3,), (4,))]))
    assert gpu.judge(model, model.main) == [None, None, None]


def test_one_group_is_taken_the_largest():
    tensors = [T(HWC) for _ in range(6)]
    names = ("RELU", "CEIL", "RELU", "TANH", "CEIL")
    model = read(file(tensors, [Op(name, (place,), (place + 1,)) for place, name in enumerate(names)]))
    coverage = predict(model, "gpu")
    assert [node.taken for node in coverage.nodes] == [False, False, True, True, False]
    assert coverage.partitions == 1
    assert "another one of 2 is the largest" in coverage.nodes[0].refusal.rule
    assert coverage.notes == ("3 nodes could run there: one group is taken, of 2 nodes",)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (two("SUB", T(HWC), weights(HWC)), None),
        (one("PRELU", [T(HWC), weights((3,))], [T(HWC)]), "its slopes are of 3"),
        (one("FULLY_CONNECTED", [T((1, 2, 4)), weights((4, 8))], [T((1, 4))]), "the input's last dimension is 4"),
        (one("TRANSPOSE", [T((4,)), i32(0)], [T((4,))]), "it permutes 1 dimensions"),
        (two("BATCH_MATMUL", T((1, 4, 2)), weights((1, 2, 3)), (1, 4, 3)), "its constant of 1x2x3 is no matrix"),
        (file([T(HWC), T(HWC)], [Op("SUB", (0, 0), (1,))]), "both inputs are the same tensor"),
        (one("CONV_2D", [T(HWC), T((2, 1, 1, 1)), weights((2,))], [T(HWC)], **CONV), "read 1 of 2 channels"),
        (one("RELU", [T(())], [T(())]), "input 0 has 0 dimensions; it builds 1 to 4"),
    ],
)
def test_what_cannot_be_built_spoils_the_whole_graph(content, sentence):
    coverage = predict(read(content), "gpu")
    assert coverage.taken == (1 if sentence is None else 0)
    if sentence is not None:
        assert sentence in coverage.nodes[0].refusal.rule
        assert "an app must run the file without it" in coverage.notes[0]


def half(last):
    """A float16 constant unpacked for an ADD, and `last` behind it."""
    tensors = [T(HWC), T((2,), "float16", True), T((2,)), T(HWC), T(HWC)]
    operators = [Op("DEQUANTIZE", (1,), (2,)), Op("ADD", (0, 2), (3,)), Op(last, (3,), (4,))]
    return read(file(tensors, operators))


def test_float16_constants_go_along_only_with_everything_else():
    assert predict(half("RELU"), "gpu").taken == 3
    partly = predict(half("CEIL"), "gpu")
    assert [node.taken for node in partly.nodes] == [False, True, False]
    assert "goes along only where every other node is taken" in partly.nodes[0].refusal.rule


def test_a_graph_with_a_size_known_at_run_time_alone_is_left_whole():
    tensors = [T(HWC), T((2,), "int32"), T((4, 8)), T((4, 8))]
    model = read(file(tensors, [Op("RESHAPE", (0, 1), (2,)), Op("RELU", (2,), (3,))]))
    coverage = predict(model, "gpu")
    assert coverage.taken == 0
    assert "node 0 (RESHAPE)" in coverage.nodes[1].refusal.rule


def test_every_mend_names_an_operator_without_a_rule():
    from edgekit.delegates import gpu_rules
    from edgekit.tflite.operators import OPERATORS

    assert not set(gpu_rules.RULES) - set(OPERATORS)
    assert set(gpu_rules.VERSIONS) <= set(gpu_rules.RULES)
    assert np.all([name in OPERATORS for name in gpu_rules.MENDS])
