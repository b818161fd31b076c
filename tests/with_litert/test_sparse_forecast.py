"""Where XNNPACK may go sparse, by the shape of small graphs; and what the rewrites do about it."""

import numpy as np
import pytest
from operator_files.writer import Op, T, file, i32

from edgekit.convert import rewrites
from edgekit.delegates.xnnpack_sparse import predict
from edgekit.tflite import read


def network(*, channels=3, size=8, same=False, depthwise=3, depthwise_stride=1, tail="MEAN", added=4, reader=""):
    """3x3 stride 2, 1x1, depthwise, plus a constant, then a tail over (1, n, n, 4)."""
    rng = np.random.default_rng(0)

    def held(*shape):
        return T(shape, data=rng.normal(size=shape).astype(np.float32))

    half = -(-size // 2)
    inner = -(-half // depthwise_stride)
    image, padded, small = T((1, size, size, channels)), T((1, size + 2, size + 2, channels)), T((1, half, half, 4))
    deep = T((1, inner, inner, 4))
    tensors = [image, i32(0, 0, 1, 1, 1, 1, 0, 0, shape=(4, 2)), padded, held(4, 3, 3, channels), held(4), small]
    tensors += [held(4, 1, 1, 4), small, held(1, depthwise, depthwise, 4), deep]
    tensors += [held(*(1,) * (added - 1), 4) if added else T((), data=(0.5,)), deep]
    strides = {"stride_h": 2, "stride_w": 2}
    one = {"stride_h": 1, "stride_w": 1, "padding": "SAME"}
    first = Op("CONV_2D", (0, 3, 4), (5,), {**strides, "padding": "SAME"})
    steps = (
        [first] if same else [Op("PAD", (0, 1), (2,)), Op("CONV_2D", (2, 3, 4), (5,), {**strides, "padding": "VALID"})]
    )
    wide = {"padding": "SAME", "stride_h": depthwise_stride, "stride_w": depthwise_stride, "depth_multiplier": 1}
    steps += [
        Op("CONV_2D", (5, 6, 4), (7,), one),
        Op("DEPTHWISE_CONV_2D", (7, 8, 4), (9,), wide),
        Op("ADD", (9, 10), (11,)),
    ]
    if same:
        tensors[2] = T((), data=(0.0,))
    end = len(tensors)
    if tail == "MEAN":
        tensors += [i32(1, 2), T((1, 4))]
        steps.append(Op("MEAN", (11, end), (end + 1,)))
    elif tail == "AVERAGE_POOL_2D":
        tensors += [T((1, 1, 1, 4))]
        window = {"filter_height": inner, "filter_width": inner, "padding": "VALID"}
        steps.append(Op(tail, (11,), (end,), {**window, "stride_h": inner, "stride_w": inner}))
    if reader:
        tensors.append(T((1, inner, inner, 4)))
        steps.append(Op(reader, (9,), (len(tensors) - 1,), {"beta": 1.0} if reader == "SOFTMAX" else {}))
    return file(tensors, steps)


@pytest.mark.parametrize(
    ("options", "taken", "rule"),
    [
        ({}, 6, ""),
        ({"depthwise": 5}, 6, ""),
        ({"reader": "SOFTMAX"}, 0, "sparse parts have no SOFTMAX on 4 axes"),
        (
            {"channels": 1},
            0,
            "a 3x3 convolution of strides (2, 2) on 1 channels, padding (1, 1, 1, 1): sparse parts have",
        ),
        (
            {"same": True},
            0,
            "a 3x3 convolution of strides (2, 2) on 3 channels, padding SAME: sparse parts have 1x1 ones",
        ),
        ({"depthwise": 7}, 0, "a 7x7 depthwise convolution of strides (1, 1), multiplier 1, padding (3, 3, 3, 3)"),
        ({"depthwise_stride": 2}, 0, "a 3x3 depthwise convolution of strides (2, 2), multiplier 1, padding None"),
        ({"tail": "AVERAGE_POOL_2D"}, 0, "sparse parts have no AVERAGE_POOL_2D on 4 axes"),
        ({"added": 1}, 0, "its inputs are 1x4x4x4 and 4; asked for: four axes"),
    ],
)
def test_the_shape_decides(options, taken, rule):
    found = predict(read(network(**options)))
    assert found.taken == taken
    assert found.partitions == (1 if taken else 0)
    rules = [node.refusal.rule for node in found.nodes if node.refusal]
    assert any(said.startswith(rule) for said in rules) if rule else rules == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"same": True, "size": 7}, {"explicit-padding"}),
        ({"tail": "AVERAGE_POOL_2D"}, {"pooling-as-mean"}),
        ({"added": 1}, {"constants-of-four-axes"}),
        ({"added": 0}, {"constants-of-four-axes"}),
        ({"same": True, "size": 7, "tail": "AVERAGE_POOL_2D", "added": 1},
         {"explicit-padding", "pooling-as-mean", "constants-of-four-axes"}),
        ({"depthwise_stride": 2, "size": 9}, {"explicit-padding"}),
    ],
)  # fmt: skip
def test_rewrites_make_it_whole(options, expected):
    content = network(**options)
    after, applied = rewrites.apply(content, "xnnpack-sparse")
    assert {item.rewrite for item in applied} == expected
    before, found = predict(read(content)), predict(read(after))
    assert (before.taken, found.taken) == (0, found.total)
    assert max(item.error for item in applied) < 1e-6


def test_what_cannot_be_made_equal_stays():
    """SAME at stride 2 on an even size pads 0 and 1: nothing makes that symmetric."""
    after, applied = rewrites.apply(network(same=True), "xnnpack-sparse")
    assert applied == ()
    assert predict(read(after)).taken == 0
