"""XNNPACK's rules on graphs written by hand: what refuses a node, where the rule stands, what would mend it."""

import pytest
from unit.delegates.graphs import graph, model, operator, tensor

from edgekit.delegates.xnnpack import LITERT, TFLITE_2_16_1, predict

DELEGATE = "tflite/delegates/xnnpack/xnnpack_delegate.cc"


def refusal(node, tensors, release=LITERT):
    found = predict(model(graph([node], tensors)), release)
    return found.nodes[0].refusal


def quantized(index, dtype="int8", shape=(1, 4, 4, 2), scale=0.5, **more):
    return tensor(index, dtype, shape, scales=(scale,), **more)


def test_a_type_that_it_does_not_take():
    said = refusal(operator("ADD", [0, 1], [2]), [tensor(k, "int32") for k in range(3)])
    assert said.rule == "input 0 is int32; XNNPACK takes float32, float16, int8 or uint8 here"
    assert said.source == f"{DELEGATE}: CheckTensorFloatOrQUInt8Type"
    assert said.mend == "compute it in float32, or outside the model"


def test_int8_average_pooling():
    pool = operator("AVERAGE_POOL_2D", [0], [1], stride_w=1, stride_h=1, filter_width=4, filter_height=4)
    said = refusal(pool, [quantized(0), quantized(1, shape=(1, 1, 1, 2))])
    assert said.rule == "input 0 is int8; XNNPACK takes float32 or float16 here"
    assert said.mend == "take MEAN over height and width where the window is the whole image"


@pytest.mark.parametrize(("scale", "taken"), [(0.5, True), (0.5 * 1024, True), (0.5 * 1025, False), (0.5 / 256, False)])
def test_scales_of_an_addition(scale, taken):
    """The scale in is 1/1024 to less than 256 times the scale out."""
    said = refusal(operator("ADD", [0, 1], [2]), [quantized(0), quantized(1), quantized(2, scale=scale)])
    assert (said is None) is taken
    if said:
        assert said.source == f"{DELEGATE}: CheckTensorsInputOutputScale"


@pytest.mark.parametrize(("inputs", "taken"), [(1, False), (2, True), (5, True), (6, False)])
def test_how_many_tensors_it_joins(inputs, taken):
    tensors = [tensor(k) for k in range(inputs)] + [tensor(inputs, shape=(1, 4, 4, 2 * inputs))]
    said = refusal(operator("CONCATENATION", range(inputs), [inputs], axis=3), tensors)
    assert (said is None) is taken
    assert taken or said.mend == "concatenate in groups of at most 5"


def convolution(given, weights, bias, output):
    node = operator("CONV_2D", [0, 1, 2], [3], stride_w=1, stride_h=1)
    return refusal(node, [given, weights, bias, output])


def test_a_convolution_of_three_kinds():
    given, output = tensor(0), tensor(3, shape=(1, 4, 4, 3))
    bias = tensor(2, shape=(3,), constant=True)
    weights = tensor(1, shape=(3, 3, 3, 2), constant=True)
    assert convolution(given, weights, bias, output) is None
    computed = tensor(1, shape=(3, 3, 3, 2))
    said = convolution(given, computed, bias, output)
    assert said.rule == "input 1 is computed at run time; XNNPACK takes a constant"
    assert said.source == f"{DELEGATE}: CheckTensorStaticAllocation"
    wrong_axis = tensor(1, "int8", (3, 3, 3, 3), constant=True, scales=(1.0, 1.0, 1.0), axis=3)
    said = convolution(given, wrong_axis, bias, output)
    assert said.rule == "the weights have a scale for each slice along axis 3; XNNPACK takes axis 0"


def test_a_node_that_is_taken_and_cannot_be_built():
    tensors = [
        tensor(0, shape=(2, 4)),
        tensor(1, "int8", (3, 4), constant=True, scales=(0.5,), zero=3),
        tensor(2, shape=(2, 3)),
    ]
    found = predict(model(graph([operator("FULLY_CONNECTED", [0, 1], [2])], tensors)))
    assert (found.taken, found.notes) == (
        1,
        ("it does not load: node 0 FULLY_CONNECTED is taken, and its int8 weights have zero point 3",),
    )


def test_a_constant_in_float16_goes_where_its_reader_goes():
    tensors = [tensor(0), tensor(1, "float16", constant=True), tensor(2), tensor(3), tensor(4)]
    unpack, add = operator("DEQUANTIZE", [1], [2]), operator("ADD", [0, 2], [3])
    assert predict(model(graph([unpack, add], tensors))).taken == 2
    found = predict(model(graph([unpack, add, operator("POW", [3, 2], [4])], tensors)))
    assert [node.taken for node in found.nodes] == [False, True, False]
    assert found.nodes[0].refusal.rule == "it unpacks a constant that node 2 reads on the CPU"


def test_blocks_of_int4_weights_are_unknown():
    tensors = [tensor(0, shape=(2, 64)), tensor(1, "int4", (3, 64), constant=True), tensor(2, shape=(2, 3))]
    found = predict(model(graph([operator("FULLY_CONNECTED", [0, 1], [2])], tensors)))
    assert (found.nodes[0].taken, found.partitions) == (None, None)


def test_a_composite_is_unknown():
    found = predict(model(graph([operator("STABLEHLO_COMPOSITE", [0], [1])])))
    assert found.nodes[0].taken is None
    assert found.nodes[0].refusal.source == "tflite/core/subgraph.cc: InlineCompositeNodes"


def test_other_graphs_stand_in_the_notes():
    body = graph([operator("ABS", [0], [1]), operator("POW", [1, 1], [2]), operator("ABS", [2], [3])])
    found = predict(model(graph([operator("WHILE", [0], [1])]), body))
    assert (found.taken, found.notes) == (0, ("graph 1: 2 of 3 nodes, 2 partitions",))


def test_the_older_library():
    """Activations in float16, exponentials and sizes computed at run time."""
    assert refusal(operator("EXP", [0], [1]), [tensor(0), tensor(1)]) is None
    said = refusal(operator("EXP", [0], [1]), [tensor(0), tensor(1)], TFLITE_2_16_1)
    assert said.rule == "the older library's XNNPACK takes no EXP"
    assert said.source == "TFLite 2.16.1: asked of the library with files of one operator"
    half = [tensor(k, "float16") for k in range(3)]
    assert refusal(operator("ADD", [0, 1], [2]), half) is None
    assert refusal(operator("ADD", [0, 1], [2]), half, TFLITE_2_16_1).rule.endswith("takes float32, int8 or uint8 here")
    nodes = [operator("ABS", [0], [1]), operator("RESHAPE", [1, 2], [3])]
    tensors = [tensor(0), tensor(1), tensor(2, "int32", (2,)), tensor(3, shape=(1, 32))]
    found = predict(model(graph(nodes, tensors)), TFLITE_2_16_1)
    assert (found.taken, found.partitions) == (0, 0)
    assert found.nodes[0].refusal.mend == "give every size as a constant"
