"""Every rewrite on small graphs: where it may act, and where it may not."""

import itertools

import numpy as np
import pytest
from operator_files import cases
from operator_files.writer import Op, T, file, i32, q

from edgekit.convert import rewrites
from edgekit.convert.rewrites.apply import apply as apply_named
from edgekit.convert.rewrites.apply import difference, outputs_of
from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.schema import new, pack, unpack
from edgekit.errors import ConvertError
from edgekit.tflite import read

CONV = {"stride_w": 1, "stride_h": 1}


def rewritten(content, *names):
    """(operators after, files after); the outputs are equal."""
    after, applied = apply_named(content, names, rewrites.MODULES)
    assert all(item.kept for item in applied), applied
    error, reason = difference(outputs_of(content), outputs_of(after))
    assert (error <= 1e-6, reason) == (True, "")
    assert (after is content) == (not applied)
    return [operator.name for operator in read(after).main.operators], read(after)


def operators(content):
    return [operator.name for operator in read(content).main.operators]


def shapes(model):
    """Of every operator's first output, in order."""
    return [model.main.tensors[operator.outputs[0]].shape for operator in model.main.operators]


def weights(*shape, seed=0):
    return T(shape, data=np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def padded_convolution(
    size, pads, stride, *, kernel=3, dilation=1, out=None, name="PAD", value=None, quantized=None, depthwise=False
):
    """PAD (rows, columns, of `pads`) and a VALID convolution on (1, size, size, 2)."""
    (top, bottom), (left, right) = pads
    rows, columns = (s - (kernel - 1) * dilation - 1 for s in (size + top + bottom, size + left + right))
    table = i32(0, 0, top, bottom, left, right, 0, 0, shape=(4, 2))
    options = {"stride_h": stride, "stride_w": stride, "dilation_h_factor": dilation, "dilation_w_factor": dilation}
    options["padding"] = "VALID"
    given, padded = (1, size, size, 2), (1, size + top + bottom, size + left + right, 2)
    made = (1, rows // stride + 1, columns // stride + 1, 2 if depthwise else 3)
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    held = (1, kernel, kernel, 2) if depthwise else (3, kernel, kernel, 2)
    options |= {"depth_multiplier": 1} if depthwise else {}
    if quantized:
        zero, other = quantized
        numbers = np.random.default_rng(0).integers(-99, 99, held)
        tensors = [
            q("int8", given, 0.1, zero), table, q("int8", padded, 0.1, other), T(held, "int8", numbers, (0.01,)),
            T((held[0],), "int32", np.arange(held[0]) * 100, (0.001,)), q("int8", made, 0.2, 5),
        ]  # fmt: skip
        return file(tensors, [Op(name, (0, 1), (2,), version=2), Op(kind, (2, 3, 4), (5,), options, version=3)])
    tensors = [T(given), table, T(padded), weights(*held), weights(held[-1] if depthwise else 3), T(made)]
    inputs = (0, 1)
    if value is not None:
        tensors.append(T((), data=(value,)))
        inputs = (0, 1, 6)
    return file(tensors, [Op(name, inputs, (2,)), Op(kind, (2, 3, 4), (5,), options)])


@pytest.mark.parametrize(
    ("size", "pads", "stride", "more"),
    [
        (4, ((1, 1), (1, 1)), 1, {}),
        (7, ((1, 1), (1, 1)), 2, {}),  # an even total: SAME is symmetric
        (8, ((0, 1), (0, 1)), 2, {}),  # an odd total: TFLite puts the larger half behind
        (6, ((2, 2), (2, 2)), 1, {"kernel": 5, "depthwise": True}),
        (9, ((2, 2), (2, 2)), 1, {"dilation": 2}),
        (4, ((1, 1), (1, 1)), 1, {"name": "PADV2", "value": 0.0}),
        (5, ((1, 1), (1, 1)), 1, {"quantized": (-7, -7)}),
    ],
)
def test_padding_that_is_same_is_folded(size, pads, stride, more):
    content = padded_convolution(size, pads, stride, **more)
    names, after = rewritten(content, "same-padding")
    assert names == ["DEPTHWISE_CONV_2D" if more.get("depthwise") else "CONV_2D"]
    assert after.main.operators[0].options["padding"] == "SAME"
    assert shapes(after) == shapes(read(content))[1:]


@pytest.mark.parametrize(
    ("size", "pads", "stride", "more"),
    [
        (8, ((1, 1), (1, 1)), 2, {}),  # torch's padding=1 on an even size: SAME would shift every window
        (8, ((1, 0), (1, 0)), 2, {}),
        (7, ((0, 2), (0, 2)), 2, {}),
        (4, ((1, 1), (0, 0)), 1, {}),
        (4, ((2, 2), (2, 2)), 1, {}),  # more than SAME: the output is larger
        (4, ((1, 1), (1, 1)), 1, {"dilation": 2}),
        (4, ((1, 1), (1, 1)), 1, {"name": "PADV2", "value": 1.0}),
        (7, ((0, 0), (0, 0)), 1, {"kernel": 1, "name": "PADV2", "value": 1.0}),
    ],
)
def test_other_padding_stays(size, pads, stride, more):
    content = padded_convolution(size, pads, stride, **more)
    assert rewritten(content, "same-padding")[0] == operators(content)


def test_padding_that_others_read_stays_for_them():
    content = padded_convolution(4, ((1, 1), (1, 1)), 1)
    tensors = [T((1, 4, 4, 2)), i32(0, 0, 1, 1, 1, 1, 0, 0, shape=(4, 2)), T((1, 6, 6, 2)), weights(3, 3, 3, 2)]
    tensors += [weights(3), T((1, 4, 4, 3)), T((1, 6, 6, 2))]
    options = {**CONV, "padding": "VALID"}
    content = file(tensors, [Op("PAD", (0, 1), (2,)), Op("CONV_2D", (2, 3, 4), (5,), options), Op("ABS", (2,), (6,))])
    names, _ = rewritten(content, "same-padding")
    assert names == ["PAD", "CONV_2D", "ABS"]


@pytest.mark.parametrize(
    ("size", "stride", "kernel", "depthwise", "expected"),
    [
        (7, 2, 3, False, ["PAD", "CONV_2D"]),
        (7, 2, 5, True, ["PAD", "DEPTHWISE_CONV_2D"]),
        (8, 2, 3, False, ["CONV_2D"]),  # SAME pads 0 before and 1 behind here
        (7, 1, 3, False, ["CONV_2D"]),  # XNNPACK does this itself
        (7, 2, 1, False, ["CONV_2D"]),
    ],
)
def test_padding_that_is_symmetric_is_made_explicit(size, stride, kernel, depthwise, expected):
    out = -(-size // stride)
    held = (1, kernel, kernel, 2) if depthwise else (3, kernel, kernel, 2)
    options = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
    options |= {"depth_multiplier": 1} if depthwise else {}
    made = T((1, out, out, 2 if depthwise else 3))
    tensors = [T((1, size, size, 2)), weights(*held), weights(2 if depthwise else 3), made]
    content = file(tensors, [Op("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", (0, 1, 2), (3,), options)])
    names, after = rewritten(content, "explicit-padding")
    assert names == expected
    if len(names) == 2:
        assert after.main.operators[1].options["padding"] == "VALID"
        assert shapes(after)[0] == (1, size + kernel - 1, size + kernel - 1, 2)


TO_NCHW, TO_NHWC = i32(0, 3, 1, 2), i32(0, 2, 3, 1)
NHWC, NCHW = T((2, 3, 4, 5)), T((2, 5, 3, 4))


def test_transposes_cancel_through_elementwise_operators():
    scale = weights(1, 5, 1, 1)
    content = file(
        [NHWC, TO_NCHW, NCHW, NCHW, scale, NCHW, TO_NHWC, NHWC],
        [
            Op("TRANSPOSE", (0, 1), (2,)),
            Op("RELU", (2,), (3,)),
            Op("MUL", (3, 4), (5,)),
            Op("TRANSPOSE", (5, 6), (7,)),
        ],
    )
    names, after = rewritten(content, "cancelled-transposes")
    assert names == ["RELU", "MUL"]
    assert shapes(after) == [(2, 3, 4, 5)] * 2
    assert after.main.tensors[after.main.outputs[0]].name == "t7"


def test_transposes_of_both_operands_cancel():
    content = file(
        [NHWC, NHWC, TO_NCHW, NCHW, NCHW, NCHW, TO_NHWC, NHWC, T((2, 3, 4, 5))],
        [
            Op("TRANSPOSE", (0, 2), (3,)),
            Op("TRANSPOSE", (1, 2), (4,)),
            Op("ADD", (3, 4), (5,)),
            Op("TRANSPOSE", (5, 6), (7,)),
            Op("ABS", (7,), (8,)),
        ],
    )
    assert rewritten(content, "cancelled-transposes")[0] == ["ADD", "ABS"]


def test_int8_transposes_cancel():
    given, turned = q("int8", (2, 3, 4, 5), 0.1, 3), q("int8", (2, 5, 3, 4), 0.1, 3)
    content = file(
        [given, TO_NCHW, turned, q("int8", (2, 5, 3, 4), 0.05, -128), TO_NHWC, q("int8", (2, 3, 4, 5), 0.05, -128)],
        [
            Op("TRANSPOSE", (0, 1), (2,), version=2),
            Op("RELU", (2,), (3,), version=2),
            Op("TRANSPOSE", (3, 4), (5,), version=2),
        ],
    )
    names, after = rewritten(content, "cancelled-transposes")
    assert names == ["RELU"]
    assert after.main.tensors[after.main.outputs[0]].quantization.zero_points == (-128,)


def other_order():
    return file(
        [T((2, 3, 3, 3)), TO_NCHW, T((2, 3, 3, 3)), T((2, 3, 3, 3)), i32(0, 2, 1, 3), T((2, 3, 3, 3))],
        [Op("TRANSPOSE", (0, 1), (2,)), Op("RELU", (2,), (3,)), Op("TRANSPOSE", (3, 4), (5,))],
    )


def softmax_between():
    return file(
        [NHWC, TO_NCHW, NCHW, NCHW, TO_NHWC, NHWC],
        [Op("TRANSPOSE", (0, 1), (2,)), Op("SOFTMAX", (2,), (3,), {"beta": 1.0}), Op("TRANSPOSE", (3, 4), (5,))],
    )


def one_is_an_output():
    """The turned tensor is given out too: as many TRANSPOSEs would be needed."""
    content = file(
        [NHWC, TO_NCHW, NCHW, NCHW, TO_NHWC, NHWC],
        [Op("TRANSPOSE", (0, 1), (2,)), Op("RELU", (2,), (3,)), Op("TRANSPOSE", (3, 4), (5,))],
    )
    model = unpack(content)
    model.subgraphs[0].outputs = np.array([3, 5], np.int32)
    return pack(model)


def order_is_computed():
    return file([NHWC, T((4,), "int32"), NCHW, NCHW], [Op("TRANSPOSE", (0, 1), (2,)), Op("RELU", (2,), (3,))])


def one_of_two_operands():
    return file([NHWC, NCHW, TO_NCHW, NCHW, NCHW], [Op("TRANSPOSE", (0, 2), (3,)), Op("ADD", (3, 1), (4,))])


@pytest.mark.parametrize("make", [other_order, softmax_between, one_is_an_output, one_of_two_operands])
def test_transposes_that_do_not_cancel_stay(make):
    content = make()
    assert rewritten(content, "cancelled-transposes")[0] == operators(content)


def test_an_order_known_at_run_time_stays():
    content = order_is_computed()
    model = unpack(content)
    assert Graph(model).integers(1) is None
    assert rewrites.MODULES["cancelled-transposes"].endswith("transposes:cancel")
    from edgekit.convert.rewrites.shapes import to_reshapes
    from edgekit.convert.rewrites.transposes import cancel

    assert (cancel(Graph(model)), to_reshapes(Graph(model))) == ([], [])


@pytest.mark.parametrize(
    ("axes", "keep", "made", "expected", "new_axes"),
    [
        ((2, 3), False, (2, 5), ["MEAN"], (1, 2)),
        ((2, 3), True, (2, 5, 1, 1), ["MEAN", "RESHAPE"], (1, 2)),
        ((1,), False, (2, 3, 4), ["MEAN"], (3,)),
        ((3,), False, (2, 5, 3), ["TRANSPOSE", "MEAN"], (3,)),  # channels stay before rows
    ],
)
def test_a_reduction_takes_the_axes_of_a_transpose(axes, keep, made, expected, new_axes):
    content = file(
        [NHWC, TO_NCHW, NCHW, i32(*axes), T(made)],
        [Op("TRANSPOSE", (0, 1), (2,)), Op("MEAN", (2, 3), (4,), {"keep_dims": keep})],
    )
    names, after = rewritten(content, "reductions-of-transposed")
    assert names == expected
    mean = next(operator for operator in after.main.operators if operator.name == "MEAN")
    assert Graph(unpack(after.content)).integers(mean.inputs[1]) == new_axes


def layer_norm(*, other_reader=False):
    """Mean and variance as litert-torch writes them: of shape (6), RESHAPEs back to (1, 6, 1)."""
    wide, flat, column = T((1, 6, 4)), T((6,)), T((1, 6, 1))
    tensors = [wide, i32(0, 2), flat, i32(1, 6, 1), column, wide, flat, T((), data=(1e-5,)), flat, flat, column, wide]
    steps = [
        Op("MEAN", (0, 1), (2,)),
        Op("RESHAPE", (2, 3), (4,)),
        Op("SQUARED_DIFFERENCE", (0, 4), (5,)),
        Op("MEAN", (5, 1), (6,)),
        Op("ADD", (6, 7), (8,)),
        Op("RSQRT", (8,), (9,)),
        Op("RESHAPE", (9, 3), (10,)),
        Op("MUL", (0, 10), (11,)),
    ]
    if other_reader:
        tensors += [i32(1), T((6,))]
        steps.append(Op("SOFTMAX", (2,), (13,), {"beta": 1.0}))
    return file(tensors, steps)


def test_a_layer_norm_keeps_its_axes():
    names, after = rewritten(layer_norm(), "cancelled-reshapes", "dropped-identities", "reductions-without-ones")
    assert names == ["MEAN", "SQUARED_DIFFERENCE", "MEAN", "ADD", "RSQRT", "MUL"]
    means = [operator for operator in after.main.operators if operator.name == "MEAN"]
    assert [operator.options["keep_dims"] for operator in means] == [True, True]
    assert {Graph(unpack(after.content)).integers(operator.inputs[1]) for operator in means} == {(2,)}
    assert shapes(after) == [(1, 6, 1), (1, 6, 4), (1, 6, 1), (1, 6, 1), (1, 6, 1), (1, 6, 4)]


def test_a_region_that_another_operator_reads_gains_nothing_there():
    content = layer_norm(other_reader=True)
    names, _ = rewritten(content, "cancelled-reshapes")
    assert names.count("RESHAPE") <= operators(content).count("RESHAPE")
    assert names.count("SOFTMAX") == 1


def test_fully_connected_layers_work_on_more_axes():
    """(1, 6, 4) -> (6, 8) -> (6, 4), added to (1, 6, 4): no broadcast between ranks is left."""
    tensors = [T((1, 6, 4)), weights(8, 4), weights(8), T((6, 8)), weights(4, 8), weights(4), T((6, 4)), T((1, 6, 4))]
    content = file(
        tensors,
        [
            Op("FULLY_CONNECTED", (0, 1, 2), (3,), {"fused_activation_function": "RELU"}),
            Op("FULLY_CONNECTED", (3, 4, 5), (6,)),
            Op("ADD", (0, 6), (7,)),
        ],
    )
    names, after = rewritten(content, "cancelled-reshapes")
    assert names == ["FULLY_CONNECTED", "FULLY_CONNECTED", "ADD"]
    assert shapes(after) == [(1, 6, 8), (1, 6, 4), (1, 6, 4)]
    assert [operator.options.get("keep_num_dims") for operator in after.main.operators[:2]] == [True, True]
    assert [operator.version for operator in after.main.operators[:2]] == [5, 5]


def test_a_graph_output_keeps_its_shape():
    content = file(
        [T((1, 6, 4)), i32(6, 4), T((6, 4)), T((6, 4))], [Op("RESHAPE", (0, 1), (2,)), Op("RELU", (2,), (3,))]
    )
    assert rewritten(content, "cancelled-reshapes")[0] == ["RESHAPE", "RELU"]


def test_a_broadcast_that_spreads_numbers_keeps_its_shape():
    """(3, 1) against (3, 1, 1) makes (3, 3, 1): no RESHAPE gives (3, 1) as many numbers."""
    content = file(
        [T((3, 1, 1)), i32(3, 1), T((3, 1)), T((3, 1, 1)), T((3, 3, 1))],
        [Op("RESHAPE", (0, 1), (2,)), Op("ABS", (0,), (3,)), Op("MUL", (3, 2), (4,))],
    )
    names, after = rewritten(content, "cancelled-reshapes")
    assert (names, shapes(after)[-1]) == (["RESHAPE", "ABS", "MUL"], (3, 3, 1))


def strided(shape, begin, end, steps, made, **masks):
    tensors = [T(shape), i32(*begin), i32(*end), i32(*steps), T(made)]
    return file(tensors, [Op("STRIDED_SLICE", (0, 1, 2, 3), (4,), masks)])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (strided((3, 4, 5), (1, 0, 0), (2, 4, 5), (1, 1, 1), (4, 5), shrink_axis_mask=1), ["SLICE", "RESHAPE"]),
        (strided((3, 4, 5), (0, -1, 0), (3, 0, 5), (1, 1, 1), (3, 5), shrink_axis_mask=2), ["SLICE", "RESHAPE"]),
        (strided((4, 6), (0, 1), (4, 6), (1, 2), (4, 3)), ["RESHAPE", "STRIDED_SLICE", "RESHAPE"]),
        (strided((2, 3, 4, 5, 6), (0, 0, 0, 0, 1), (2, 3, 4, 5, 4), (1,) * 5, (2, 3, 4, 5, 3)),
         ["RESHAPE", "SLICE", "RESHAPE"]),
        (strided((3, 4, 5), (0, 0, 0), (3, 4, 5), (1, 2, 1), (3, 2, 5)), ["STRIDED_SLICE"]),  # plain already
        (strided((3, 4), (2, 0), (-4, 4), (-1, 1), (3, 4)), ["STRIDED_SLICE"]),  # backwards
        (strided((4, 5), (0, 0), (4, 5), (1, 1), (1, 4, 5), new_axis_mask=1), ["STRIDED_SLICE"]),
        (strided((2, 3, 4, 5, 6), (0, 1, 0, 1, 1), (2, 3, 4, 5, 4), (1, 1, 2, 1, 2), (2, 2, 2, 4, 2)),
         ["STRIDED_SLICE"]),  # five axes, four of them cut: no RESHAPE to four
    ],
)  # fmt: skip
def test_slices_become_plain(content, expected):
    assert rewritten(content, "plain-slices")[0] == expected


@pytest.mark.parametrize(
    ("places", "axis", "expected"),
    [
        ((2,), 2, ["SLICE"]),
        ((1, 2, 3), 2, ["SLICE"]),
        ((0, 2, 4), 2, ["STRIDED_SLICE"]),
        ((0, 1, 3), 2, ["GATHER"]),
        ((3, 2, 1), 2, ["GATHER"]),
        ((1, 1), 2, ["GATHER"]),
    ],
)
def test_a_gather_of_equal_steps_is_a_slice(places, axis, expected):
    made = (2, 3, len(places))
    content = file([T((2, 3, 6)), i32(*places), T(made)], [Op("GATHER", (0, 1), (2,), {"axis": axis})])
    assert rewritten(content, "plain-slices")[0] == expected


def test_a_gather_at_computed_places_stays():
    content = file([T((2, 3, 6)), T((2,), "int32"), T((2, 3, 2))], [Op("GATHER", (0, 1), (2,), {"axis": 2})])
    model = unpack(content)
    from edgekit.convert.rewrites.slices import plain

    assert plain(Graph(model)) == []


def two_slices(first, second, *, read_between=False):
    tensors = [T((1, 9, 9, 4)), i32(0, 1, 0, 0), i32(1, 9, 9, 4), i32(*first), T((1, -(-8 // first[1]), 9, 4))]
    middle = tensors[4].shape
    made = (1, middle[1], -(-9 // second[2]), 4)
    tensors += [i32(0, 0, 0, 0), i32(*middle), i32(*second), T(made)]
    steps = [Op("STRIDED_SLICE", (0, 1, 2, 3), (4,)), Op("STRIDED_SLICE", (4, 5, 6, 7), (8,))]
    if read_between:
        tensors.append(T(middle))
        steps.append(Op("ABS", (4,), (9,)))
    return file(tensors, steps)


def test_two_slices_become_one():
    names, after = rewritten(two_slices((1, 2, 1, 1), (1, 1, 3, 1)), "merged-slices")
    assert (names, shapes(after)) == (["STRIDED_SLICE"], [(1, 4, 3, 4)])
    assert rewritten(two_slices((1, 1, 1, 1), (1, 1, 1, 1)), "merged-slices")[0] == ["SLICE"]


def test_a_slice_that_others_read_stays():
    content = two_slices((1, 2, 1, 1), (1, 1, 3, 1), read_between=True)
    assert rewritten(content, "merged-slices")[0] == operators(content)


def test_unpack_and_pack():
    content = file([T((2, 3, 4))] + [T((2, 4))] * 3, [Op("UNPACK", (0,), (1, 2, 3), {"num": 3, "axis": 1})])
    names, after = rewritten(content, "unpack-as-slices")
    assert names == ["SLICE", "RESHAPE"] * 3
    assert [after.main.tensors[index].shape for index in after.main.outputs] == [(2, 4)] * 3
    content = file([T((2, 4))] * 3 + [T((2, 4, 3))], [Op("PACK", (0, 1, 2), (3,), {"values_count": 3, "axis": -1})])
    names, after = rewritten(content, "pack-as-concatenation")
    assert names == ["RESHAPE"] * 3 + ["CONCATENATION"]
    assert after.main.operators[-1].options["axis"] == 2


def test_pack_of_two_scales_stays():
    tensors = [q("int8", (2, 4), 0.5), q("int8", (2, 4), 0.25), q("int8", (2, 2, 4), 0.5)]
    content = file(tensors, [Op("PACK", (0, 1), (2,), {"values_count": 2, "axis": 1}, version=2)])
    model = unpack(content)
    from edgekit.convert.rewrites.slices import pack as pack_rewrite

    assert pack_rewrite(Graph(model)) == []


@pytest.mark.parametrize(
    ("shape", "order", "turned"),
    [
        ((2, 3, 4, 5, 6), (0, 1, 2, 4, 3), (24, 6, 5)),  # a channel shuffle
        ((1, 2, 3, 1, 4, 5), (0, 4, 3, 2, 1, 5), (4, 3, 2, 5)),
        ((2, 3, 4, 5, 6), (4, 3, 2, 1, 0), None),  # no two axes stay neighbours
    ],
)
def test_a_transpose_of_five_axes_becomes_one_of_four(shape, order, turned):
    made = tuple(shape[axis] for axis in order)
    content = file(
        [T(shape), i32(*order), T(made)], [Op("TRANSPOSE", (0, 1), (2,), version=6 if len(shape) == 6 else 4)]
    )
    names, after = rewritten(content, "four-axes")
    if turned is None:
        assert names == ["TRANSPOSE"]
        return
    assert names == ["RESHAPE", "TRANSPOSE", "RESHAPE"]
    assert shapes(after)[1:] == [turned, made]
    assert after.main.operators[1].version == 1


def test_operands_get_equal_ranks():
    content = file(
        [T((1, 6, 4)), weights(6, 4), T((1, 6, 4)), T((6, 4)), T((1, 6, 4)), weights(4), T((1, 6, 4))],
        [Op("ADD", (0, 1), (2,)), Op("SUB", (2, 3), (4,)), Op("MUL", (4, 5), (6,))],
    )
    names, after = rewritten(content, "equal-ranks")
    assert names == ["ADD", "RESHAPE", "SUB", "MUL"]
    tensors = after.main.tensors
    assert [len(tensors[i].shape) for i in after.main.operators[0].inputs] == [3, 3]
    assert [len(tensors[i].shape) for i in after.main.operators[3].inputs] == [
        3,
        1,
    ]  # one axis: every delegate takes it


def test_constants_of_an_image_get_four_axes():
    content = file(
        [
            T((1, 3, 3, 4)),
            weights(4),
            T((1, 3, 3, 4)),
            T((), data=(2.0,)),
            T((1, 3, 3, 4)),
            weights(4),
            T((1, 3, 3, 4)),
        ],
        [Op("ADD", (0, 1), (2,)), Op("MUL", (2, 3), (4,)), Op("SUB", (4, 5), (6,))],
    )
    _, after = rewritten(content, "constants-of-four-axes")
    tensors = after.main.tensors
    found = [tensors[operator.inputs[1]].shape for operator in after.main.operators]
    assert found == [(1, 1, 1, 4), (1, 1, 1, 1), (4,)]


def test_shapes_become_reshapes_and_chains_become_one():
    content = file(
        [T((1, 6, 4)), i32(0, shape=()), T((1, 1, 6, 4)), i32(0, 2, 1, 3), T((1, 6, 1, 4)), T((6, 4)), T((6, 4))],
        [
            Op("EXPAND_DIMS", (0, 1), (2,)),
            Op("TRANSPOSE", (2, 3), (4,)),
            Op("SQUEEZE", (4,), (5,)),
            Op("RELU", (5,), (6,)),
        ],
    )
    assert rewritten(content, "shapes-as-reshape")[0] == ["RESHAPE"] * 3 + ["RELU"]
    names, after = rewritten(content, "shapes-as-reshape", "merged-reshapes")
    assert (names, shapes(after)) == (["RESHAPE", "RELU"], [(6, 4), (6, 4)])


def test_a_transpose_that_moves_numbers_is_no_reshape():
    content = file([T((1, 6, 4)), i32(0, 2, 1), T((1, 4, 6))], [Op("TRANSPOSE", (0, 1), (2,))])
    assert rewritten(content, "shapes-as-reshape", "dropped-identities")[0] == ["TRANSPOSE"]


def identity(name, extra=(), **options):
    return file(
        [T((2, 3)), T((2, 3)), *extra, T((2, 3)), T((2, 3))],
        [
            Op("ABS", (0,), (1,)),
            Op(name, (1, *range(2, 2 + len(extra))), (2 + len(extra),), options),
            Op("NEG", (2 + len(extra),), (3 + len(extra),)),
        ],
    )


@pytest.mark.parametrize(
    ("content", "gone"),
    [
        (identity("RESHAPE", (i32(2, 3),)), True),
        (identity("TRANSPOSE", (i32(0, 1),)), True),
        (identity("SLICE", (i32(0, 0), i32(2, 3))), True),
        (identity("STRIDED_SLICE", (i32(0, 0), i32(2, 3), i32(1, 1))), True),
        (identity("PAD", (i32(0, 0, 0, 0, shape=(2, 2)),)), True),
        (identity("CONCATENATION", (), axis=0), True),
        (identity("CAST", (), in_data_type="float32", out_data_type="float32"), True),
        (identity("STRIDED_SLICE", (i32(1, 0), i32(-3, 3), i32(-1, 1))), False),  # the rows in reverse
        (identity("RELU"), False),
    ],
)
def test_identities_go(content, gone):
    names, _ = rewritten(content, "dropped-identities")
    assert names == (["ABS", "NEG"] if gone else operators(content))


def test_a_square_transpose_is_no_identity():
    content = file([T((3, 3)), i32(1, 0), T((3, 3))], [Op("TRANSPOSE", (0, 1), (2,))])
    assert rewritten(content, "dropped-identities")[0] == ["TRANSPOSE"]


def test_an_identity_between_input_and_output_stays():
    content = file([T((2, 3)), i32(2, 3), T((2, 3))], [Op("RESHAPE", (0, 1), (2,))])
    assert rewritten(content, "dropped-identities")[0] == ["RESHAPE"]


def test_constants_are_folded():
    tensors = [T((2, 3)), T((2,), "int32"), i32(3, 1), T((2,), "int32"), T((12, 9))]
    content = file(
        tensors,
        [Op("SHAPE", (0,), (1,), {"out_type": "int32"}), Op("MUL", (1, 2), (3,)), Op("TILE", (0, 3), (4,))],
    )
    names, after = rewritten(content, "folded-constants")
    assert names == ["TILE"]
    assert Graph(unpack(after.content)).integers(after.main.operators[0].inputs[1]) == (6, 3)


def test_packed_weights_and_large_results_are_not_folded():
    half = file(
        [T((2, 4)), T((3, 4), "float16", True), T((3, 4)), weights(3), T((2, 3))],
        [Op("DEQUANTIZE", (1,), (2,)), Op("FULLY_CONNECTED", (0, 2, 3), (4,))],
    )
    assert rewritten(half, "folded-constants")[0] == ["DEQUANTIZE", "FULLY_CONNECTED"]
    large = file(
        [T((64, 64)), weights(1, 64), i32(64, 1), T((64, 64)), T((64, 64))],
        [Op("TILE", (1, 2), (3,)), Op("ADD", (0, 3), (4,))],
    )
    assert rewritten(large, "folded-constants")[0] == ["TILE", "ADD"]


def test_unknown_sizes_are_fixed():
    model = unpack(file([T((1, 4)), T((1, 4))], [Op("ABS", (0,), (1,))]))
    for tensor in model.subgraphs[0].tensors:
        tensor.shapeSignature = np.array([-1, 4], np.int32)
    _, after = rewritten(pack(model), "fixed-sizes")
    assert [tensor.shape_signature for tensor in after.main.tensors] == [(1, 4), (1, 4)]


@pytest.mark.parametrize(("value", "kind"), [(2, "int32"), (2**40, "int64")])
def test_wide_integers_become_narrow_where_they_fit(value, kind):
    content = file(
        [T((1, 4, 4, 2)), i32(0, 1, 1, 0, dtype="int64"), i32(1, 2, value, 2, dtype="int64"), T((1, 2, 2, 2))],
        [Op("SLICE", (0, 1, 2), (3,))],
    )
    from edgekit.convert.rewrites.integers import narrow

    model = unpack(content)
    graph = Graph(model)
    assert len(narrow(graph)) == (kind == "int32")
    assert {graph.dtype(int(index)) for index in graph.operators[0].inputs[1:]} == {kind}
    if kind == "int32":
        assert rewritten(content, "narrow-integers")[0] == ["SLICE"]


@pytest.mark.parametrize(
    ("right", "options", "expected"),
    [
        ((4, 3), {}, ["FULLY_CONNECTED"]),
        ((1, 4, 3), {}, ["FULLY_CONNECTED"]),
        ((1, 3, 4), {"adj_y": True}, ["FULLY_CONNECTED"]),
        ((2, 4, 3), {}, ["BATCH_MATMUL"]),  # a matrix for each item
    ],
)
def test_products_with_a_constant_are_fully_connected(right, options, expected):
    content = file([T((2, 5, 4)), weights(*right), T((2, 5, 3))], [Op("BATCH_MATMUL", (0, 1), (2,), options)])
    names, after = rewritten(content, "fully-connected")
    assert names == expected
    if names == ["FULLY_CONNECTED"]:
        assert after.main.operators[0].options["keep_num_dims"]
        assert after.main.tensors[after.main.operators[0].inputs[1]].shape == (3, 4)


def test_a_product_of_two_computed_tensors_stays():
    content = file([T((2, 5, 4)), T((2, 4, 3)), T((2, 5, 3))], [Op("BATCH_MATMUL", (0, 1), (2,))])
    assert rewritten(content, "fully-connected")[0] == ["BATCH_MATMUL"]


def element(name, **options):
    return file([T((2, 3, 5)), T((2, 3, 5))], [Op(name, (0,), (1,), options)])


@pytest.mark.parametrize(
    ("rewrite", "content", "count"),
    [
        ("gpu-decompositions", element("RELU_0_TO_1"), 2),
        ("gpu-decompositions", element("LOG_SOFTMAX"), 6),
        ("gpu-decompositions", element("SOFTMAX", beta=2.0), 2),
        ("gpu-decompositions", element("SOFTMAX", beta=1.0), 1),
        ("gpu-decompositions", element("GELU", approximate=True), 1),  # the GPU delegate has it
        ("nnapi-decompositions", element("GELU", approximate=True), 8),
        ("nnapi-decompositions", element("GELU", approximate=False), 1),  # NNAPI has no erf
        ("nnapi-decompositions", element("SQUARE"), 1),
    ],
)
def test_operators_that_a_delegate_lacks(rewrite, content, count):
    names, after = rewritten(content, rewrite)
    assert len(names) == count
    assert "SQUARE" not in names
    assert (count == 1 and names != ["MUL"]) == (after.content == content)


@pytest.mark.parametrize(
    ("window", "stride", "activation", "expected"),
    [
        (4, 4, "NONE", ["MEAN"]),
        (4, 1, "NONE", ["MEAN"]),
        (2, 2, "NONE", ["AVERAGE_POOL_2D"]),
        (4, 4, "RELU", ["AVERAGE_POOL_2D"]),
    ],
)
def test_a_pooling_over_everything_is_a_mean(window, stride, activation, expected):
    size = (4 - window) // stride + 1
    options = {"padding": "VALID", "stride_h": stride, "stride_w": stride, "fused_activation_function": activation}
    options |= {"filter_height": window, "filter_width": window}
    content = file([T((1, 4, 4, 3)), T((1, size, size, 3))], [Op("AVERAGE_POOL_2D", (0,), (1,), options)])
    names, after = rewritten(content, "pooling-as-mean")
    assert names == expected
    assert shapes(after) == [(1, size, size, 3)]


@pytest.mark.parametrize(("shape", "expected"), [((1, 3, 4, 5), ["CONV_2D"]), ((1, 1, 1, 5), ["FULLY_CONNECTED"])])
def test_a_layer_on_every_place_is_a_pointwise_convolution(shape, expected):
    content = file(
        [T(shape), weights(6, 5), weights(6), T((*shape[:-1], 6))],
        [Op("FULLY_CONNECTED", (0, 1, 2), (3,), {"keep_num_dims": True, "fused_activation_function": "RELU6"}, 5)],
    )
    names, after = rewritten(content, "pointwise-convolution")
    assert names == expected
    assert after.main.operators[0].options["fused_activation_function"] == "RELU6"


def shifted(graph):
    """A wrong rewrite: every constant grows by 1."""
    for buffer in graph.model.buffers:
        if buffer.data is not None and len(buffer.data):
            buffer.data = (np.asarray(buffer.data).view(np.float32) + 1).view(np.uint8)
    return ["everything"]


def refused(graph):
    """A wrong rewrite: an operator of a kind that no runtime has."""
    graph.model.operatorCodes[0].builtinCode, graph.model.operatorCodes[0].deprecatedBuiltinCode = 29, 29
    return ["a", "b"]


def test_what_changes_the_outputs_is_not_kept():
    content = file([T((2, 3)), weights(3), T((2, 3))], [Op("ADD", (0, 1), (2,))])
    modules = {"shifted": f"{__name__}:shifted", "refused": f"{__name__}:refused"}
    after, applied = apply_named(content, ("shifted", "refused"), modules)
    assert after is content
    assert [(item.rewrite, item.count, item.kept) for item in applied] == [("shifted", 1, False), ("refused", 2, False)]
    assert applied[0].reason.startswith("output 0: differs by ")
    assert 0.1 < applied[0].error < 1
    assert applied[1].reason.startswith("the runtime refuses the file: ")


def test_a_file_that_does_not_run_is_refused():
    tensors = [T((1, 4)), T((1, 1, 4)), i32(0, shape=())]
    model = unpack(file([*tensors, T((2, 3))], [Op("EXPAND_DIMS", (0, 2), (1,)), Op("ADD", (0, 0), (3,))]))
    model.operatorCodes[1].builtinCode = model.operatorCodes[1].deprecatedBuiltinCode = 29
    with pytest.raises(ConvertError, match="the file cannot be rewritten: it does not run here") as raised:
        rewrites.apply(pack(model), "gpu")
    assert raised.value.exit_code == 1


def test_a_file_whose_operators_may_not_move_is_refused():
    model = unpack(file([T((1, 4)), T((1, 4))], [Op("ABS", (0,), (1,))]))
    entry = new("MetadataT")
    entry.name, entry.buffer = b"model_control_dependencies", 0
    model.metadata = [entry]
    with pytest.raises(ConvertError, match="fixes the order of operators"):
        rewrites.apply(pack(model), "gpu")


def test_signatures_follow_their_tensors():
    """Two operators go, tensors are numbered anew, and the signature names the same ones."""
    content = file(
        [i32(0, 1), T((2, 3)), T((2, 3)), T((2, 3)), T((2, 3))],
        [Op("TRANSPOSE", (1, 0), (2,)), Op("ABS", (2,), (3,)), Op("TRANSPOSE", (3, 0), (4,))],
    )
    model = unpack(content)
    signature = new("SignatureDefT")
    signature.signatureKey, signature.subgraphIndex, signature.inputs, signature.outputs = b"serve", 0, [], []
    for held, name, index in ((signature.inputs, b"x", 1), (signature.outputs, b"y", 4)):
        entry = new("TensorMapT")
        entry.name, entry.tensorIndex = name, index
        held.append(entry)
    model.signatureDefs = [signature]
    names, after = rewritten(pack(model), "dropped-identities")
    assert names == ["ABS"]
    assert len(after.main.tensors) == 2
    found = after.signatures[0]
    assert [after.main.tensors[index].name for index in (found.inputs["x"], found.outputs["y"])] == ["t1", "t4"]


def test_goals_name_rewrites_that_exist():
    assert set(rewrites.REWRITES) == {"gpu", "nnapi", "xnnpack-sparse"}
    assert {name for names in rewrites.REWRITES.values() for name in names} == set(rewrites.MODULES)


@pytest.mark.parametrize("goal", sorted(rewrites.REWRITES))
def test_no_file_of_one_operator_changes_what_it_computes(goal):
    """A twentieth of the files that forecasts are tested with; every rewrite on each of them is kept."""
    tried = 0
    for name, content in itertools.islice(cases(), 0, None, 20):
        try:
            after, applied = rewrites.apply(content, goal)
        except ConvertError as error:
            assert "it does not run here" in error.message, (name, error.message)
            continue
        tried += 1
        assert all(item.kept for item in applied), (name, applied)
        assert len(read(after).main.inputs) == len(read(content).main.inputs), name
    assert tried > 50


def moves(shape, *steps):
    """A chain of `("T", order)` and `("R", shape)`, an ABS before and behind it."""
    tensors, listed, current = [T(shape), T(shape)], [Op("ABS", (0,), (1,))], shape
    for kind, value in steps:
        current = tuple(current[axis] for axis in value) if kind == "T" else value
        given = len(tensors) - 1
        tensors += [i32(*value), T(current)]
        name, version = ("TRANSPOSE", 4 if len(current) > 4 else 1) if kind == "T" else ("RESHAPE", 1)
        listed.append(Op(name, (given, given + 1), (given + 2,), version=version))
    tensors.append(T(current))
    return file(tensors, [*listed, Op("NEG", (len(tensors) - 2,), (len(tensors) - 1,))])


SHUFFLE = (
    ("T", (0, 3, 1, 2)), ("R", (2, 3, 4, 5, 6)), ("T", (0, 2, 1, 3, 4)), ("R", (2, 12, 5, 6)), ("T", (0, 2, 3, 1))
)  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "steps", "expected", "middle"),
    [
        ((2, 5, 6, 12), SHUFFLE, ["RESHAPE", "TRANSPOSE", "RESHAPE"], (60, 4, 3)),
        ((2, 3, 4), (("T", (2, 0, 1)), ("T", (1, 0, 2))), ["TRANSPOSE"], (2, 4, 3)),
        ((2, 3, 4), (("R", (6, 4)), ("R", (2, 12)), ("R", (24,))), ["RESHAPE"], (24,)),
        ((2, 3, 4, 5), (("T", (0, 3, 1, 2)), ("R", (2, 5, 12)), ("T", (0, 2, 1))), ["RESHAPE"], (2, 12, 5)),
        ((6, 4), (("T", (1, 0)), ("R", (2, 12)), ("T", (1, 0))), None, None),  # (4, 6) is cut across its columns
        ((4, 6), (("T", (1, 0)), ("R", (3, 8))), None, None),  # two already
        ((2, 3, 4, 5, 6), (("T", (4, 3, 2, 1, 0)), ("R", (6, 120))), None, None),  # five axes in five places
    ],
)
def test_a_chain_of_moves_becomes_one_transpose(shape, steps, expected, middle):
    content = moves(shape, *steps)
    names, after = rewritten(content, "merged-moves")
    if expected is None:
        assert names == operators(content)
        return
    assert names == ["ABS", *expected, "NEG"]
    assert middle in shapes(after)
    assert max(map(len, shapes(after))) <= 4


def test_a_chain_that_others_read_stays():
    content = moves((2, 5, 6, 12), *SHUFFLE)
    model = unpack(content)
    graph = model.subgraphs[0]
    second = int(graph.operators[2].outputs[0])
    graph.outputs = np.array([*graph.outputs, second], np.int32)
    names, _ = rewritten(pack(model), "merged-moves")
    assert names[:3] == ["ABS", "TRANSPOSE", "RESHAPE"]


def test_versions_are_no_newer_than_needed():
    tensors = [T((1, 4, 4, 2)), i32(0, 3, 1, 2), T((1, 2, 4, 4)), i32(1, 2, 1, 4, 4), T((1, 2, 1, 4, 4))]
    tensors += [i32(0, 2, 1, 3, 4), T((1, 1, 2, 4, 4))]
    content = file(
        tensors,
        [
            Op("TRANSPOSE", (0, 1), (2,), version=4),
            Op("RESHAPE", (2, 3), (4,)),
            Op("TRANSPOSE", (4, 5), (6,), version=4),
        ],
    )
    _, after = rewritten(content, "oldest-versions")
    assert [operator.version for operator in after.main.operators] == [1, 1, 4]


@pytest.mark.parametrize(
    ("given", "held", "dtype", "dilation", "version"),
    [
        (4, 4, "float32", 1, 1),
        (4, 2, "float32", 1, 6),  # two groups
        (4, 4, "int8", 1, 3),
        (4, 4, "float32", 2, 1),
    ],
)
def test_versions_of_convolutions(given, held, dtype, dilation, version):
    options = {"padding": "SAME", **CONV, "dilation_h_factor": dilation, "dilation_w_factor": dilation}
    numbers = np.random.default_rng(0).integers(-9, 9, (4, 3, 3, held))
    if dtype == "int8":
        tensors = [q("int8", (1, 5, 5, given), 0.1), T((4, 3, 3, held), "int8", numbers, (0.1,))]
        tensors += [T((4,), "int32", True, (0.01,)), q("int8", (1, 5, 5, 4), 2.0)]
    else:
        tensors = [T((1, 5, 5, given)), weights(4, 3, 3, held), weights(4), T((1, 5, 5, 4))]
    content = file(tensors, [Op("CONV_2D", (0, 1, 2), (3,), options, 6)])
    _, after = rewritten(content, "oldest-versions")
    assert after.main.operators[0].version == version


def test_a_cast_of_bool_chooses_between_constants():
    content = file(
        [T((2, 3)), T((), data=(0.0,)), T((2, 3), "bool"), T((2, 3))],
        [Op("GREATER", (0, 1), (2,)), Op("CAST", (2,), (3,), {"in_data_type": "bool", "out_data_type": "float32"})],
    )
    names, after = rewritten(content, "nnapi-decompositions")
    assert names == ["GREATER", "SELECT"]
    chosen = after.main.operators[1].inputs[1:]
    assert [after.main.tensors[index].shape for index in chosen] == [(2, 3), (2, 3)]
    wide = file([T((2, 3), "int32"), T((2, 3))], [Op("CAST", (0,), (1,), {"in_data_type": "int32"})])
    assert rewritten(wide, "nnapi-decompositions")[0] == ["CAST"]


def spread(name, extra, given, made, other, *, reader="ADD"):
    """BROADCAST_TO or TILE of `given`, read by an operator whose other operand has the shape `other`."""
    tensors = [T(given), extra, T(made), T(other), T(tuple(np.broadcast_shapes(made, other)))]
    steps = [Op(name, (0, 1), (2,), version=2 if name == "BROADCAST_TO" else 1)]
    steps.append(Op(reader, (2,), (4,)) if reader == "ABS" else Op(reader, (2, 3), (4,)))
    if reader == "ABS":
        tensors[3], tensors[4] = T((1,), data=(0.0,)), T(made)
    return file(tensors, steps)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (spread("BROADCAST_TO", i32(2, 3, 4), (3, 1), (2, 3, 4), (2, 3, 4)), ["ADD"]),
        (spread("TILE", i32(1, 3, 1), (2, 1, 4), (2, 3, 4), (2, 3, 4)), ["ADD"]),
        (spread("TILE", i32(1, 3, 1), (2, 1, 4), (2, 3, 4), (2, 1, 4)), ["TILE", "ADD"]),  # the output would be smaller
        (spread("TILE", i32(1, 2, 1), (2, 2, 4), (2, 4, 4), (2, 4, 4)), ["TILE", "ADD"]),  # twice the same two rows
        (spread("TILE", i32(1, 3, 1), (2, 1, 4), (2, 3, 4), (2, 3, 4), reader="ABS"), ["TILE", "ABS"]),
    ],
)
def test_broadcasts_that_operators_do_themselves_go(content, expected):
    assert rewritten(content, "dropped-broadcasts")[0] == expected


def test_a_broadcast_becomes_a_tile():
    content = spread("BROADCAST_TO", i32(2, 3, 4), (3, 1), (2, 3, 4), (2, 3, 4), reader="ABS")
    names, after = rewritten(content, "broadcast-as-tile")
    assert names == ["RESHAPE", "TILE", "ABS"]
    assert Graph(unpack(after.content)).integers(after.main.operators[1].inputs[1]) == (2, 1, 4)


@pytest.mark.parametrize(
    ("condition", "chosen", "expected"),
    [
        ((2, 3), T((), data=(2.0,)), "SELECT"),
        ((2, 3), T((2, 3)), "SELECT"),
        ((2, 3), T((1, 3)), "SELECT_V2"),  # computed, and broadcast
        ((1, 3), T((2, 3)), "SELECT_V2"),
    ],
)
def test_select_of_one_shape(condition, chosen, expected):
    tensors = [T(condition), T((), data=(0.0,)), T(condition, "bool"), T((2, 3)), chosen, T((2, 3))]
    content = file(tensors, [Op("GREATER", (0, 1), (2,)), Op("SELECT_V2", (2, 3, 4), (5,))])
    assert rewritten(content, "select-of-one-shape")[0] == ["GREATER", expected]


@pytest.mark.parametrize(
    ("shape", "pads", "expected"),
    [
        ((2, 3), ((1, 0), (0, 2)), ["RESHAPE", "PAD", "RESHAPE"]),
        ((4,), ((1, 2),), ["RESHAPE", "PAD", "RESHAPE"]),
        ((2, 3, 4), ((0, 0), (1, 1), (0, 0)), ["PAD"]),
    ],
)
def test_pads_get_three_axes(shape, pads, expected):
    made = tuple(size + sum(pad) for size, pad in zip(shape, pads, strict=True))
    table = i32(*(number for pad in pads for number in pad), shape=(len(pads), 2))
    content = file([T(shape), table, T(made)], [Op("PAD", (0, 1), (2,))])
    assert rewritten(content, "pads-of-three-axes")[0] == expected
