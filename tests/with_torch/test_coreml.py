"""Core ML packages: what was written is read back. Nothing runs here, and nobody says that it did."""

import dataclasses
import gc
import io
import sys
import warnings
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from edgekit.artifact import Artifact, sidecar_path
from edgekit.compress import start
from edgekit.convert import convert_coreml
from edgekit.convert.coreml import _apart, _to_nearest, _Weight, to_coreml, torch_weights
from edgekit.convert.package import packed, unpacked
from edgekit.errors import ConvertError, ModelFileError
from edgekit.runner import codec
from edgekit.runner.engine import Unsupported, open_engine

pytestmark = pytest.mark.slow  # minutes with the rest: make test-all
SHAPES = {
    "stem.0.weight": (16, 3, 3, 3),
    "dw.weight": (16, 1, 3, 3),
    "point.0.weight": (48, 16, 1, 1),
    "head.weight": (5, 48),
}


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 3, bias=False), nn.BatchNorm2d(16, eps=1e-3, momentum=0.01), nn.ReLU6()
        )
        self.dw = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.point = nn.Sequential(nn.Conv2d(16, 48, 1), nn.BatchNorm2d(48), nn.Hardswish())
        self.head = nn.Linear(48, 5)

    def forward(self, image, scale):
        return self.head(self.point(self.dw(self.stem(image))).mean((2, 3))) * scale, image.sum()


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    network = Small()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.1, 3)
            nn.init.normal_(layer.weight, 1, 0.3)
    network = network.to(memory_format=torch.channels_last)  # as training leaves it
    generator = np.random.default_rng(0)
    example = (generator.random((1, 3, 12, 12), dtype=np.float32), np.ones((1, 1), np.float32))
    return start.start(network, example, input_names=("an image", "scale"), channels_last=(0,))


@pytest.fixture(scope="module")
def packages(model):
    return {precision: to_coreml(model, precision) for precision in ("fp16", "palettized8")}


@pytest.mark.parametrize("precision", ["fp16", "palettized8"])
def test_inputs_outputs_and_operators(packages, precision):
    package = packages[precision]
    told = [(item.name, item.shape, item.dtype) for item in (*package.inputs, *package.outputs)]
    assert told[:2] == [("an_image", (1, 3, 12, 12), "float32"), ("scale", (1, 1), "float32")]
    assert told[2] == ("output_0", (1, 5), "float32")
    assert [name for name, _, _ in told] == ["an_image", "scale", "output_0", "output_1"]
    assert package.operators["conv"] == 3 and package.operators["linear"] == 1
    assert package.operators.get("constexpr_lut_to_dense", 0) == (1 if precision == "palettized8" else 0)
    assert "batch_norm" not in package.operators


@pytest.mark.parametrize("precision", ["fp16", "palettized8"])
def test_every_weight_is_read_back(packages, precision):
    found = packages[precision].found
    assert (found.rule, found.passed, found.value, found.samples) == ("coreml-weights", True, 1.0, 0)
    assert found.figures["weight_tensors"] == len(SHAPES)
    elements = sum(int(np.prod(shape)) for shape in SHAPES.values()) + 16 + 16 + 48  # and biases
    assert found.figures["half_precision_bytes"] == 2 * elements
    palettized = 48 * 16 if precision == "palettized8" else 0  # the only weight of SMALLEST_WEIGHT elements
    assert found.figures["palettized_tensors"] == (palettized > 0)
    expected = 2 * (elements - palettized) + palettized + (512 if palettized else 0)
    assert found.figures["weight_payload_bytes"] == expected
    blobs = sum(1 for _ in SHAPES) * 2 + (palettized > 0)
    assert 0 < found.figures["weight_file_bytes"] - expected <= 64 + 128 * blobs  # a header each, aligned to 64


def test_the_package_is_whole_and_the_same_each_time(model, packages):
    files = unpacked(packages["fp16"].content)
    assert sorted(files) == [
        "Data/com.apple.CoreML/model.mlmodel",
        "Data/com.apple.CoreML/weights/weight.bin",
        "Manifest.json",
    ]
    assert packed(files) == packages["fp16"].content
    assert to_coreml(model, "fp16").content == packages["fp16"].content


def test_a_weight_that_is_another_is_seen(model, packages, monkeypatch):
    """The network changes after the conversion: what lies in the package is not its weights any more."""
    import edgekit.convert.coreml as coreml

    real = torch_weights

    def changed(program):
        weights = real(program)
        weights["dw.weight"] = weights["dw.weight"] * (1 + 2e-3)
        return weights

    monkeypatch.setattr(coreml, "torch_weights", changed)
    found = to_coreml(model, "fp16").found
    assert not found.passed
    assert found.value == 0.75
    assert found.reason == "1 weights are not in the package, e.g. dw.weight"


def test_normalizations_are_folded_as_torch_computes_them(model):
    program = torch.export.export(model.network.eval(), tuple(torch.from_numpy(a) for a in model.example))
    weights = torch_weights(program)
    assert {name: values.shape for name, values in weights.items()} == SHAPES
    norm = model.network.stem[1]
    by_hand = model.network.stem[0].weight * (norm.weight / torch.sqrt(norm.running_var + 1e-3))[:, None, None, None]
    assert np.allclose(weights["stem.0.weight"], by_hand.detach().numpy(), rtol=1e-5, atol=1e-7)


def test_halves_and_palettes_are_told_from_others():
    values = np.random.default_rng(0).normal(size=(8, 16))
    half = values.astype(np.float16).astype(np.float64)
    assert _apart(values, _Weight(name="w", values=half, bytes=0)) <= 1
    assert _apart(values.T, _Weight(name="w", values=half, bytes=0)) <= 1  # another order of dimensions
    assert _apart(values, _Weight(name="w", values=half * 1.002, bytes=0)) > 1
    assert _apart(values[:4], _Weight(name="w", values=half, bytes=0)) == np.inf
    palette = np.linspace(-3, 3, 7)
    near = palette[np.abs(values[..., None] - palette).argmin(-1)]
    assert _apart(values, _Weight(name="w", values=near, bytes=0, palette=palette)) <= 1
    near[0, 0] += 1.0
    assert _apart(values, _Weight(name="w", values=near, bytes=0, palette=palette)) > 1
    assert np.allclose(_to_nearest(values, palette), np.abs(values[..., None] - palette).min(-1))


def test_the_artifact_and_its_sidecar(model, tmp_path):
    artifact = convert_coreml(model, "palettized8", folder=tmp_path, recipe="r", variant="v")
    path = tmp_path / "v.mlpackage.zip"
    assert codec.loads(Artifact, sidecar_path(path).read_bytes()) == artifact
    assert (artifact.format, artifact.precision, artifact.size_bytes) == (
        "mlpackage.zip",
        "palettized8",
        path.stat().st_size,
    )
    assert set(artifact.tools) == {"torch", "coremltools"}
    assert artifact.parity.measure.endswith("(nothing was run)")


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac runs it")
def test_nothing_runs_it_here(model, tmp_path):
    convert_coreml(model, "fp16", folder=tmp_path, recipe="r", variant="v")
    with pytest.raises(Unsupported, match="Core ML runs on macOS only, and this computer runs linux"):
        open_engine("litert", tmp_path / "v.mlpackage.zip", delegate="coreml", threads=1)


def test_recurrent_networks_convert():
    from edgekit.zoo.vowels_gru import vowels_gru

    torch.manual_seed(0)
    example = (np.zeros((1, 6, 12), np.float32), np.ones((1, 6), np.float32))
    package = to_coreml(start.start(vowels_gru(), example, input_names=("frames", "mask")), "fp16")
    assert package.found.passed and package.found.figures["weight_tensors"] == 7
    assert package.operators["tanh"] == 6  # unrolled: one a step


class Unknown(nn.Module):
    def forward(self, x):
        return torch.special.bessel_j0(x)


def refusal(model):
    with pytest.raises(ConvertError) as caught:
        to_coreml(model, "fp16")
    return caught.value.message


def test_an_operator_without_counterpart_is_named():
    message = refusal(start.start(Unknown(), (np.ones((1, 4), np.float32),), input_names=("x",)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()  # the error held a folder of coremltools', which goes with a warning
    assert message.startswith("coremltools does not convert the network") and "bessel_j0" in message


def test_packages_from_elsewhere_stay_inside():
    with pytest.raises(ModelFileError, match="no Core ML package"):
        unpacked(b"no zip")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../outside", b"x")
    with pytest.raises(ModelFileError, match="outside itself"):
        unpacked(buffer.getvalue())


def test_input_names_are_made_such_as_core_ml_takes(model):
    from edgekit.convert.coreml import _names

    renamed = dataclasses.replace(model, input_names=("a b", "a-b", "9", "ok"))
    assert list(_names(renamed)) == ["a_b", "input_1", "input_2", "ok"]
