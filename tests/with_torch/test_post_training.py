"""int8 after training: rounding by what layers see, ranges that hold every value, biases that fit into int32."""

import numpy as np
import pytest
import torch
from torch import nn

from edgekit.compress import start
from edgekit.convert import post_training, quantize
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.layers import from_rows, to_rows, weighted
from edgekit.convert.rounding import round_rows
from edgekit.tflite import read
from edgekit.tflite.patch import Patch


@pytest.mark.parametrize(
    ("name", "shape"), [("CONV_2D", (5, 3, 2, 4)), ("DEPTHWISE_CONV_2D", (1, 3, 3, 6)), ("FULLY_CONNECTED", (4, 7))]
)
def test_rows_and_back(name, shape):
    weights = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    rows = to_rows(weights, name)
    assert rows.shape[0] == (shape[3] if name == "DEPTHWISE_CONV_2D" else shape[0])
    assert np.array_equal(from_rows(rows, shape, name), weights)
    if name == "DEPTHWISE_CONV_2D":
        assert np.array_equal(rows[2], weights[0, :, :, 2].ravel())


def test_independent_inputs_are_rounded_to_nearest():
    rows = np.random.default_rng(0).normal(size=(4, 20)).astype(np.float32)
    scales = np.abs(rows).max(axis=1) / 127
    nearest = np.rint(rows / scales[:, None]).astype(np.int8)
    assert np.array_equal(round_rows(rows, scales, None), nearest)
    assert np.array_equal(round_rows(rows, scales, np.eye(20)), nearest)


@pytest.mark.parametrize("each", [False, True])
def test_inputs_with_a_mean_are_rounded_for_the_outputs(each):
    """What a ReLU gives has a mean: the errors of one output must cancel, or the whole channel shifts."""
    generator = np.random.default_rng(1)
    rows = generator.normal(size=(16, 25)).astype(np.float32)
    seen = generator.random((400, 25)) * 0.3 + 1
    scales = np.abs(rows).max(axis=1) / 127
    moments = seen.T @ seen
    steps = round_rows(rows, scales, np.stack([moments] * 16) if each else moments)
    assert np.abs(steps).max() <= 127

    def error(chosen):
        return float(np.sqrt(np.mean((seen @ (chosen * scales[:, None] - rows).T) ** 2)))

    nearest = round_rows(rows, scales, None)
    assert error(steps) < 0.35 * error(nearest)
    assert np.abs(steps - rows / scales[:, None]).max() < 2.5  # still the same weights


class Switched(nn.Module):
    """Channel 0 is switched off by its batch norm and gives the constant 5; the rest works."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 3, 1)
        with torch.no_grad():
            self.first.weight[0] *= 1e-9
            self.first.bias[0] = 5.0

    def forward(self, x):
        return torch.flatten(self.second(torch.relu(self.first(x))).mean(dim=(2, 3)), 1)


@pytest.fixture(scope="module")
def switched():
    torch.manual_seed(3)
    images = np.random.default_rng(2).random((60, 1, 6, 6)).astype(np.float32)
    network = Switched().eval()
    model = start.start(network, (images[:1],), input_names=("x",), channels_last=(0,))
    samples = [(np.ascontiguousarray(np.moveaxis(image[None], 1, -1)),) for image in images]
    return network, to_tflite(network, model), samples


def outputs(content, samples, tmp_path):
    from edgekit.runner.batch import run_batch

    path = tmp_path / "x.tflite"
    path.write_bytes(content)
    return run_batch(path, [np.concatenate([sample[0] for sample in samples])]).floats()[0]


def test_the_constant_of_a_switched_off_channel_is_kept(switched, tmp_path):
    _, content, samples = switched
    wanted = outputs(content, samples, tmp_path)
    file = read(content)
    ranges, _ = post_training.observed(content, file, samples)
    plain = outputs(quantize.to_ranged_int8(content, ranges), samples, tmp_path)
    ours = outputs(post_training.to_static_int8(content, samples), samples, tmp_path)
    spread = float(np.ptp(wanted))
    assert np.abs(ours - wanted).max() < 0.05 * spread
    assert np.abs(plain - wanted).max() > 0.5 * spread  # what the file would be without the repair


def test_biases_fit_and_weights_use_the_trained_scale(switched):
    _, content, samples = switched
    int8 = post_training.to_static_int8(content, samples)
    file, float_file = read(int8), read(content)
    patch, source = Patch(int8), Patch(content)
    for after, before in zip(weighted(file), weighted(float_file), strict=True):
        _, weights, bias = (file.main.tensors[index] for index in after.inputs[:3])
        steps = np.abs(np.frombuffer(patch.values(bias), "<i4").astype(np.int64))
        assert steps.max() <= post_training.BIAS_STEPS["int32"] * 1.01
        real = np.frombuffer(source.values(float_file.main.tensors[before.inputs[1]]), "<f4").reshape(weights.shape)
        largest = np.abs(to_rows(real, after.name)).max(axis=1) / np.float32(127)
        usual = largest > 1e-6
        assert np.array_equal(np.array(weights.quantization.scales, np.float32)[usual], largest[usual])


def test_ranges_hold_every_value(switched):
    _, content, samples = switched
    file = read(content)
    ranges, _ = post_training.observed(content, file, samples)
    low, high = ranges[file.main.tensors[file.main.inputs[0]].name]
    images = np.concatenate([sample[0] for sample in samples])
    assert (low, high) == (float(images.min()), float(images.max()))
