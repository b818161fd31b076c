"""Mixed files: which layers int8 hurts, the shortest list within the budget, and a recipe's way there."""

import copy
import dataclasses
import json

import numpy as np
import pytest
import torch
from torch import nn

from edgekit.artifact import LayerDamage, Sensitivity
from edgekit.convert import convert_model, sensitivity
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.post_training import to_static_int8
from edgekit.convert.precision_layers import layers
from edgekit.convert.precision_mixed import Mixer
from edgekit.convert.quantize import to_fp16
from edgekit.convert.sensitivity import Jury, Order
from edgekit.convert.shrink import shrink
from edgekit.datasets.layout import to_channels_last
from edgekit.errors import ConvertError
from edgekit.metrics import top1
from edgekit.runner import codec
from edgekit.tflite import read
from edgekit.tflite.metadata import entry
from edgekit.tflite.versions import TFLITE_2_16_1, refusal


@pytest.fixture(scope="module")
def spoiled(trained, context):
    """The trained network with its largest channel 100 times as large between the first two convolutions."""
    network = copy.deepcopy(trained.network)
    norm, following = network[1], network[4]
    images = torch.from_numpy(context.data.train.inputs[0][:200])
    with torch.no_grad():
        before = network(images)
        channel = int(network[:3](images).amax(dim=(0, 2, 3)).argmax())
        norm.weight[channel] *= 100
        norm.bias[channel] *= 100
        following.weight[:, channel] /= 100
        assert torch.allclose(network(images), before, atol=1e-3)
    return dataclasses.replace(trained, network=network)


@pytest.fixture(scope="module")
def float_file(spoiled):
    return to_tflite(spoiled.network, spoiled)


@pytest.fixture(scope="module")
def samples(context):
    arrays = to_channels_last(context.data.train.inputs, (0,))[0]
    return [(arrays[k : k + 1],) for k in range(100)]


@pytest.fixture(scope="module")
def jury(context):
    split, metric = context.data.validation, top1()

    def points(outputs):
        return 100 * metric.value(outputs, split.labels[: len(outputs[0])])

    return Jury(inputs=to_channels_last(split.inputs, (0,)), metric="top-1", unit="share", points=points)


@pytest.fixture(scope="module")
def mixer(float_file, samples):
    return Mixer(float_file, samples)


@pytest.fixture(scope="module")
def damages(mixer, jury):
    ticks = []
    found = sensitivity.measured(mixer, jury, lambda done, note: ticks.append((done, note)))
    assert [note for done, note in ticks if done] == [layer.name for layer in mixer.layers]
    return found


def dtypes(content, name="CONV_2D"):
    graph = read(content).main
    return [
        tuple(graph.tensors[index].dtype for index in operator.inputs[:2])
        for operator in graph.operators
        if operator.name == name
    ]


def test_layers(mixer):
    assert [layer.name for layer in mixer.layers] == ["Conv2d_0", "Conv2d_4", "Conv2d_8", "Linear_13"]
    assert [layer.operators for layer in mixer.layers] == [(0, 1), (2, 3), (4, 5), (6,)]
    assert [layer.parameters for layer in mixer.layers] == [72, 1152, 4608, 320]


class Twice(nn.Module):
    """One convolution used twice, after an operator that has only the input."""

    def __init__(self):
        super().__init__()
        self.shared, self.last = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 2, 1)

    def forward(self, x):
        x = torch.tanh(x)
        x = torch.tanh(self.shared(x))
        return self.last(self.shared(x)) + 1


def test_equal_weights_are_one_layer_and_every_operator_has_one():
    from edgekit.compress import start

    network = Twice().eval()
    example = (np.ones((1, 4, 3, 3), np.float32),)
    file = read(to_tflite(network, start.start(network, example, input_names=("x",), channels_last=(0,))))
    found = layers(file)
    assert sorted(index for layer in found for index in layer.operators) == list(range(len(file.main.operators)))
    assert [layer.name for layer in found] == ["Conv2d_shared", "Conv2d_last"]
    names = [[file.main.operators[index].name for index in layer.operators] for layer in found]
    assert names[0].count("CONV_2D") == 2
    assert names[0].count("TANH") == 2
    assert names[1].count("CONV_2D") == 1


def test_no_exceptions_is_the_int8_file(mixer, float_file, samples):
    assert mixer.mixed({}) == to_static_int8(float_file, samples)


def test_both_ends_of_the_spoiled_range_are_damaged(damages):
    noise = {layer.name: layer.snr_db for layer in damages.layers}
    assert max(noise["Conv2d_0"], noise["Conv2d_4"]) < 20
    assert min(noise["Conv2d_8"], noise["Linear_13"]) > 35
    assert damages.samples == 180
    assert damages.judged is None


@pytest.mark.parametrize(
    ("kept", "budget", "expected"), [("float", 0.0, ("float32", "float32")), ("int16", 1.2, ("int16", "int8"))]
)
def test_the_search_keeps_exactly_the_two(mixer, jury, damages, float_file, kept, budget, expected):
    found = sensitivity.search(mixer, jury, damages, budget=budget, kept=kept)
    told = found.sensitivity
    assert {layer.name: layer.exception for layer in told.layers} == {
        "Conv2d_0": kept,
        "Conv2d_4": kept,
        "Conv2d_8": "",
        "Linear_13": "",
    }
    assert told.mixed_lost_points <= budget < told.int8_lost_points
    assert told.int8_lost_points == pytest.approx(jury.points(jury.outputs(float_file)) - told_int8(mixer, jury))
    assert told.judged == 180
    first, second = dtypes(found.content)
    assert (first, second) == (expected, ("int8", "int8"))
    sizes = {name: len(shrink(content)[0]) for name, content in files(mixer, float_file).items()}
    size = len(shrink(found.content)[0])
    assert sizes["int8"] < size < sizes["fp16"]
    assert refusal(read(found.content), TFLITE_2_16_1) == ""
    assert noise(jury, float_file, found.content) > noise(jury, float_file, mixer.mixed({})) + (
        20 if kept == "float" else 3
    )


def noise(jury, float_file, content):
    """Signal-to-noise ratio of the outputs, dB."""
    wanted, got = jury.outputs(float_file)[0], jury.outputs(content)[0]
    return 10 * np.log10(np.var(wanted) / np.mean((wanted - got) ** 2))


def told_int8(mixer, jury):
    return jury.points(jury.outputs(mixer.mixed({})))


def files(mixer, float_file):
    return {"int8": mixer.mixed({}), "fp16": to_fp16(float_file)}


def test_one_of_the_two_alone_mends_nothing(mixer, jury, float_file):
    """Why damage is measured with one layer in int8, and not with all but one."""

    def left(exceptions):
        return noise(jury, float_file, mixer.mixed(exceptions))

    nothing = left({})
    assert left({0: "float"}) < nothing + 6
    assert left({1: "float"}) < nothing + 6
    assert left({0: "float", 1: "float"}) > nothing + 15


def test_ends_stay_integers_where_asked(float_file, samples):
    everything = {place: "float" for place in range(4)}
    loose = read(Mixer(float_file, samples).mixed(everything))
    tight = read(Mixer(float_file, samples, ends_are_integers=True).mixed(everything))
    for file, expected in ((loose, "float32"), (tight, "int8")):
        assert {file.main.tensors[index].dtype for index in (*file.main.inputs, *file.main.outputs)} == {expected}


def test_a_budget_that_int8_meets_needs_no_exception(mixer, jury, damages):
    """A loss of 100 points is within the budget, but not another function."""
    blind = dataclasses.replace(jury, points=lambda outputs: 0.0)
    found = sensitivity.search(mixer, blind, damages, budget=100.0)
    assert sum(bool(layer.exception) for layer in found.sensitivity.layers) == 2
    assert found.sensitivity.int8_lost_points == 0.0


def test_no_list_within_the_budget_is_one_sentence(mixer, jury, damages, float_file):
    wanted = jury.outputs(float_file)[0]
    picky = dataclasses.replace(
        jury, points=lambda outputs: 100.0 if np.array_equal(outputs[0], wanted[: len(outputs[0])]) else 40.0
    )
    with pytest.raises(ConvertError) as caught:
        sensitivity.search(mixer, picky, damages, budget=0.5)
    assert caught.value.message.startswith(
        "no list of exceptions in float keeps the loss within 0.5 points on 180 validation samples: the best of 4 files"
    )
    assert "loses 60" in caught.value.message
    assert caught.value.exit_code == 1


def test_an_artifact_with_its_side_files(spoiled, context, jury, damages, tmp_path):
    order = Order(jury=jury, damages=damages, budget=0.0)
    artifact = convert_model(
        spoiled,
        "mixed",
        calibration=context.data.train.take(slice(0, 100)),
        parity_samples=context.data.joined(500),
        folder=tmp_path,
        recipe="test",
        variant="mixed",
        io="float",
        mixed=order,
    )
    assert artifact.parity.passed
    assert artifact.parity.rule == "int8-ptq"
    assert [(layer.name, layer.exception) for layer in artifact.exceptions] == [
        ("Conv2d_0", "float"),
        ("Conv2d_4", "float"),
    ]
    assert (artifact.inputs[0].dtype, artifact.outputs[0].dtype) == ("float32", "float32")
    told = codec.loads(Sensitivity, (tmp_path / "mixed.sensitivity.json").read_bytes())
    assert [layer for layer in told.layers if layer.exception] == list(artifact.exceptions)
    assert told.budget_points == 0.0
    lineage = json.loads(entry((tmp_path / artifact.file).read_bytes(), "edgekit.lineage"))
    assert lineage["exceptions"] == ["Conv2d_0", "Conv2d_4"]
    with pytest.raises(ConvertError, match="needs validation data and a budget"):
        convert_model(
            spoiled,
            "mixed",
            calibration=context.data.train.take(slice(0, 1)),
            parity_samples=context.data.joined(60),
            folder=tmp_path / "no",
            recipe="test",
            variant="mixed",
        )


def test_the_shortest_beginning_is_found():
    asked = []

    def within(places):
        asked.append(len(places))
        return len(places) >= 11

    assert sensitivity._shortest(list(range(40)), within) == list(range(11))
    assert len(asked) <= 9
    assert sensitivity._shortest(list(range(5)), lambda places: False) == []


def test_layers_that_lose_nothing_come_last():
    def damage(name, snr):
        return LayerDamage(name=name, operators=1, parameters=1, snr_db=snr, lost_points=0.0)

    ranked = sorted([damage("a", None), damage("b", 40.0), damage("c", -3.0)], key=sensitivity._rank)
    assert [item.name for item in ranked] == ["c", "b", "a"]
