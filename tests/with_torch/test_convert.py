"""Conversion and parity: intact networks pass, broken ones fail, at every precision."""

import dataclasses
import hashlib

import numpy as np
import pytest
import torch
from torch import nn
from with_torch.conftest import step

from edgekit import evaluate
from edgekit.artifact import Artifact, sidecar_path
from edgekit.compress import qat, start, train
from edgekit.compress.context import Context
from edgekit.convert import convert_model, export_model, parity
from edgekit.datasets import Source, Split
from edgekit.datasets.layout import to_channels_last
from edgekit.datasets.load import open_for_training
from edgekit.errors import ConvertError
from edgekit.metrics import top1
from edgekit.recipe.steps import QatOptions, TrainOptions
from edgekit.runner import codec
from edgekit.runner.batch import run_batch
from edgekit.tflite import read
from edgekit.tflite.structure import operator_counts

PRECISIONS = ("float32", "fp16", "int8", "qat", "int16x8", "int4")


@pytest.fixture(scope="session")
def colour(context):
    """Digits in three unequal channels, (pixel - 127) / 128."""

    def part(split):
        gray = split.inputs[0] * 255
        noise = np.random.default_rng(len(split)).random((len(split), 3, 8, 8)).astype(np.float32) * 60
        pixels = (np.concatenate([gray, 255 - gray, gray * 0.3], axis=1) + noise).clip(0, 255)
        return Split(inputs=((pixels - 127) / 128,), labels=split.labels)

    data = context.data
    return open_for_training(
        Source(train=lambda: part(data.train), test=lambda: part(data.train), validation=lambda: part(data.validation))
    )


class Colour(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.rest = nn.Sequential(
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(4),
            nn.Flatten(),
            nn.Linear(16, 10),
        )

    def forward(self, x):
        return self.rest(self.first(x))


@pytest.fixture(scope="session")
def models(colour, context):
    """precision -> model, as a variant's own steps leave it."""
    own = Context(data=colour, loss=context.loss, metric=top1(), seed=0, progress=context.progress)
    torch.manual_seed(0)
    model = start.start(Colour(), tuple(a[:1] for a in colour.train.inputs), input_names=("image",), channels_last=(0,))
    trained = train.apply(model, step("train", TrainOptions(epochs=25, batch=32, learning_rate=3e-3)), own)
    assert trained.history[-1].metric_after > 0.85
    options = QatOptions(training=TrainOptions(epochs=3, batch=32, learning_rate=3e-4))
    plain = dict.fromkeys((name for name in PRECISIONS if name != "qat"), trained)
    return {**plain, "qat": qat.apply(trained, step("qat", options), own)}


@pytest.fixture(scope="session")
def converted(models, colour, tmp_path_factory):
    """precision -> (folder, artifact)."""
    made = {}
    for name, model in models.items():
        folder = tmp_path_factory.mktemp(name)
        made[name] = (folder, converted_model(model, name, colour, folder))
    return made


def converted_model(model, name, data, folder):
    return convert_model(
        model,
        "int8" if name == "qat" else name,
        calibration=data.train.take(slice(0, 100)),
        parity_samples=data.joined(500),
        folder=folder,
        recipe="test",
        variant=name,
    )


@pytest.mark.parametrize("name", PRECISIONS)
def test_intact_networks_pass(converted, name):
    artifact = converted[name][1]
    assert artifact.parity.passed, artifact.parity
    assert artifact.parity.samples == 500


@pytest.mark.parametrize("name", PRECISIONS)
@pytest.mark.parametrize("damage", ["swapped channels", "dropped normalization", "negated filter"])
def test_damage_fails_at_every_precision(models, converted, colour, name, damage):
    """The file stays as it is; its source is what the damage did not hit: the same comparison, the same rules."""
    folder, artifact = converted[name]
    samples = colour.joined(500)
    images = samples.inputs[0]
    model = models[name]
    if damage == "swapped channels":
        given = images[:, ::-1]
    elif damage == "dropped normalization":
        given = (images * np.float32(128) + 127) / 255  # scaled to 0..1, as many loaders do, and no more
    else:
        given = images
        model = negated_filter(model)
    source = evaluate.model_outputs(model, samples.inputs)
    outputs = run_batch(folder / artifact.file, to_channels_last((np.ascontiguousarray(given),), (0,)))
    found = parity.check(artifact.parity.rule, source, outputs)
    assert not found.passed, (name, damage, found)
    assert found.reason


def negated_filter(model):
    import copy

    network = copy.deepcopy(model.network)
    layer = network.get_submodule("rest.2")
    layer = getattr(layer, "layer", layer)
    with torch.no_grad():
        strongest = int(layer.weight.flatten(1).norm(dim=1).argmax())
        layer.weight[strongest] *= -1
    return dataclasses.replace(model, network=network)


def test_broken_outputs_fail():
    outputs = run_batch_stub(np.full((10, 3), np.nan, np.float32))
    assert parity.check("float32", (np.ones((10, 3), np.float32),), outputs).reason == "outputs hold NaN or infinity"
    outputs = run_batch_stub(np.zeros((10, 3), np.float32))
    source = (np.arange(30, dtype=np.float32).reshape(10, 3),)
    assert parity.check("fp16", source, outputs).reason == "every output is 0"
    assert "shape" in parity.check("fp16", (np.ones((10, 4), np.float32),), outputs).reason


def run_batch_stub(array):
    from edgekit.runner.batch import BatchOutputs
    from edgekit.runner.engine import Tensor

    return BatchOutputs(raw=(array,), tensors=(Tensor(name="out", shape=(1, 3), dtype="float32"),))


def test_every_trained_scale_is_in_the_file(models, converted):
    folder, artifact = converted["qat"]
    assert artifact.quantized_tensors == artifact.quantized_compared == artifact.quantized_equal > 10
    trained = models["qat"].trained_quantization
    model = read((folder / artifact.file).read_bytes())
    tensors = model.main.tensors
    scales = {tensors[index].quantization.scales[0] for op in model.main.operators for index in op.outputs}
    assert {scale for scale, _ in trained.activations.values()} >= scales
    for operator in model.main.operators:
        if operator.name in ("CONV_2D", "FULLY_CONNECTED"):
            source, weights, bias = (tensors[index].quantization for index in operator.inputs[:3])
            expected = [float(np.float32(source.scales[0]) * np.float32(scale)) for scale in weights.scales]
            assert list(bias.scales) == expected
            assert set(bias.zero_points) == {0}


def test_full_integer_files_have_no_float_islands(converted):
    for name in ("int8", "qat"):
        folder, artifact = converted[name]
        model = read((folder / artifact.file).read_bytes())
        assert not {"QUANTIZE", "DEQUANTIZE"} & set(operator_counts(model))
        assert artifact.inputs[0].dtype == artifact.outputs[0].dtype == "int8"
        assert artifact.inputs[0].shape == (1, 8, 8, 3)


def test_no_transposes_are_left(converted):
    folder, artifact = converted["float32"]
    assert "TRANSPOSE" not in operator_counts(read((folder / artifact.file).read_bytes()))


def test_sizes_fall_with_precision(converted):
    sizes = [converted[name][1].size_bytes for name in ("float32", "fp16", "int8")]
    assert sizes[0] > sizes[1] > sizes[2]


def test_the_sidecar_describes_the_file(converted):
    for name in PRECISIONS:
        folder, artifact = converted[name]
        path = folder / artifact.file
        assert codec.loads(Artifact, sidecar_path(path).read_bytes()) == artifact
        assert hashlib.sha256(path.read_bytes()).hexdigest() == artifact.sha256
        assert [record.kind for record in artifact.steps] == (["train", "qat"] if name == "qat" else ["train"])
        assert set(artifact.tools) >= {"torch", "litert-torch", "litert-quantizer"}


def test_conversion_is_deterministic(models, converted, colour, tmp_path):
    for name in ("float32", "qat"):
        again = converted_model(models[name], name, colour, tmp_path)
        assert again.sha256 == converted[name][1].sha256


def test_dynamic_int8(models, colour, tmp_path):
    artifact = converted_model(models["int8"], "int8-dynamic", colour, tmp_path)
    assert artifact.parity.passed
    assert artifact.inputs[0].dtype == "float32"


class Unknown(nn.Module):
    def forward(self, x):
        return torch.special.bessel_j0(x)


def test_an_op_without_lowering_is_named(tmp_path):
    example = (np.ones((1, 4), np.float32),)
    model = start.start(Unknown(), example, input_names=("x",))
    split = Split(inputs=example, labels=np.zeros(1))
    with pytest.raises(ConvertError) as caught:
        convert_model(
            model, "float32", calibration=split, parity_samples=split, folder=tmp_path, recipe="r", variant="v"
        )
    assert caught.value.ops == ("aten.special_bessel_j0.default",)
    assert "aten.special_bessel_j0.default" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_the_exported_program_runs_on_torch(models, colour, tmp_path):
    artifact = export_model(models["float32"], folder=tmp_path, recipe="test", variant="float32")
    assert (artifact.format, artifact.inputs[0].shape) == ("pt2", (1, 3, 8, 8))
    images = colour.validation.inputs[0][:20]
    outputs = run_batch(tmp_path / artifact.file, [images], runtime="torch")
    expected = evaluate.model_outputs(models["float32"], [images])[0]
    assert np.allclose(outputs.floats()[0], expected, atol=1e-5)
