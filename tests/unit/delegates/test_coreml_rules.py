"""The Core ML delegate's rules: each taken and refused once, on files of one operator."""

import pytest
from operator_files.layers import CONV
from operator_files.writer import Op, T, file, i32, one, q

from edgekit.delegates import coreml, predict
from edgekit.tflite import read
from edgekit.tflite.operators import OPERATORS

HWC = (1, 4, 4, 2)
POOL = {"filter_width": 2, "filter_height": 2, "stride_w": 2, "stride_h": 2}
PADS = (0, 0, 1, 1, 1, 1, 0, 0)


def weights(shape, dtype="float32"):
    return T(shape, dtype, True, (0.1,) if dtype == "int8" else ())


def two(name, first, second, made=HWC, version=1, **options):
    return one(name, [first, second], [T(made)], version=version, **options)


def conv(name="CONV_2D", filters=None, version=1, **options):
    tensors = [T(HWC), filters or weights((2, 1, 1, 2)), weights((2,))]
    return one(name, tensors, [T(HWC)], version=version, **CONV, **options)


CASES = {
    "add": (two("ADD", T(HWC), T(HWC)), None),
    "add of other batches": (two("ADD", T(HWC), T((2, 4, 4, 2)), (2, 4, 4, 2)), "differ in the batch"),
    "add of a number": (two("ADD", T((2, 4, 4, 2)), weights((1,)), (2, 4, 4, 2)), None),
    "mul of rows": (two("MUL", T(HWC), T((1, 4, 1, 2))), "differ in height or width"),
    "mul of channels": (two("MUL", T((1, 4, 4, 1)), T(HWC)), None),
    "mul of five": (two("MUL", T((1, 1, 4, 4, 2)), T((2,)), (1, 1, 4, 4, 2)), "input 0 has 5 dimensions"),
    "pool": (one("MAX_POOL_2D", [T(HWC)], [T((1, 2, 2, 2))], **POOL), None),
    "pool and relu": (
        one("MAX_POOL_2D", [T(HWC)], [T((1, 2, 2, 2))], **POOL, fused_activation_function="RELU"),
        "activation is RELU",
    ),
    "concatenation": (two("CONCATENATION", T(HWC), T(HWC), (1, 4, 4, 4), axis=3), None),
    "concatenation of rows": (two("CONCATENATION", T(HWC), T(HWC), (1, 8, 4, 2), axis=1), "along axis 1"),
    "concatenation of two": (two("CONCATENATION", T((1, 4)), T((1, 4)), (1, 8), axis=1), "has 2 dimensions"),
    "conv": (conv(), None),
    "conv float16": (conv(filters=weights((2, 1, 1, 2), "float16")), None),
    "conv of int8": (
        one("CONV_2D", [q(), weights((2, 1, 1, 2), "int8"), i32(0, 0)], [q()], **CONV),
        "the input is int8",
    ),
    "conv version": (conv(version=2), "CONV_2D is of version 2; the delegate takes 1"),
    "conv computed": (conv(filters=T((2, 1, 1, 2))), "the weights is computed at run time"),
    "depthwise": (conv("DEPTHWISE_CONV_2D", weights((1, 1, 1, 2)), version=2, depth_multiplier=1), None),
    "dense": (two("FULLY_CONNECTED", T((1, 8)), weights((4, 8)), (1, 4)), None),
    "dense of two rows": (two("FULLY_CONNECTED", T((2, 8)), weights((4, 8)), (2, 4)), "has more than one row"),
    "dense of int8": (two("FULLY_CONNECTED", T((1, 8)), weights((4, 8), "int8"), (1, 4)), "the weights is int8"),
    "mean": (two("MEAN", T(HWC), i32(1, 2), (1, 1, 1, 2), keep_dims=True), None),
    "mean dropping": (two("MEAN", T(HWC), i32(1, 2), (1, 2)), "it drops the dimensions"),
    "mean of channels": (two("MEAN", T(HWC), i32(3), (1, 4, 4, 1), keep_dims=True), "averages over [3]"),
    "pad": (two("PAD", T(HWC), T((4, 2), "int32", PADS), (1, 6, 6, 2)), None),
    "pad channels": (two("PAD", T(HWC), T((4, 2), "int32", (*[0] * 7, 3)), (1, 4, 4, 5)), "the channels by [0, 3]"),
    "mirror": (two("MIRROR_PAD", T(HWC), T((4, 2), "int32", PADS), (1, 6, 6, 2), mode=1), "its mode is SYMMETRIC"),
    "reshape": (two("RESHAPE", T(HWC), i32(1, 2, 8, 2), (1, 2, 8, 2)), "reshapes with Core ML 2 only"),
    "resize": (two("RESIZE_BILINEAR", T(HWC), i32(8, 8), (1, 8, 8, 2)), None),
    "softmax": (one("SOFTMAX", [T((1, 4))], [T((1, 4))], beta=1.0), None),
    "softmax beta": (one("SOFTMAX", [T((1, 4))], [T((1, 4))], beta=2.0), "its beta is 2.0"),
    "sub": (two("SUB", T(HWC), T(HWC)), "the Core ML delegate has no SUB"),
    "tanh": (one("TANH", [T(HWC)], [T(HWC)]), None),
}


@pytest.mark.parametrize("case", CASES)
def test_each_rule(case):
    content, sentence = CASES[case]
    model = read(content)
    found = coreml.judge(model, model.main)[0]
    if sentence is None:
        assert found is None
    else:
        assert sentence in found.rule
        assert found.source.startswith("tensorflow/lite/delegates/coreml/")


def test_core_ml_2_reshapes_to_three_and_four_dimensions():
    for rank, taken in (((1, 2, 8, 2), True), ((1, 32), False)):
        model = read(two("RESHAPE", T(HWC), i32(*rank), rank))
        assert (coreml.judge(model, model.main, 2)[0] is None) == taken


def test_a_node_alone_stays_on_the_cpu():
    tensors = [T(HWC) for _ in range(6)]
    names = ("RELU", "CEIL", "RELU", "TANH", "CEIL")
    model = read(file(tensors, [Op(name, (place,), (place + 1,)) for place, name in enumerate(names)]))
    coverage = predict(model, "coreml")
    assert [node.taken for node in coverage.nodes] == [False, False, True, True, False]
    assert "groups of 2 nodes or more" in coverage.nodes[0].refusal.rule


def test_the_table_names_operators_that_are_there():
    assert set(coreml.RULES) <= set(OPERATORS)
    assert set(coreml.VERSIONS) <= set(coreml.RULES)
