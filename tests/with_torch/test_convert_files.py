"""`edgekit convert` of torch networks that no recipe names, as factories and programs, and of .tflite files."""

import io
import json
import pickle
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgekit.artifact import Artifact, sidecar_path
from edgekit.convert import from_program, torchscript
from edgekit.convert.network_file import weights_sha256
from edgekit.errors import ConvertError, ModelFileError
from edgekit.pipeline.artifacts import raise_on_failed_parity
from edgekit.pipeline.convert_file import NOISE, Order, convert_file
from edgekit.runner import codec
from edgekit.runner.batch import run_batch
from edgekit.tflite import read
from edgekit.tflite.structure import operator_counts

MODULE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.last = nn.Linear(8, 5)

    def forward(self, image, scale):
        return self.last(torch.relu(self.conv(image)).mean((2, 3)) * scale), self.conv(image)


def build():
    return Net()


class Inner(nn.Module):
    def forward(self, x):
        return torch.special.bessel_j0(x)


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), Inner())

    def forward(self, x):
        return self.body(x)


def outer():
    return Outer()


def number():
    return 3


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.last = nn.Embedding(7, 4), nn.Linear(4, 3)

    def forward(self, ids):
        return self.last(self.table(ids).mean(1))


def words():
    torch.manual_seed(0)
    return Words()
"""
SHAPES = ("1x3x16x16", "1x8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """road_nets.py, weights as a state dict and as TorchScript under a prefix, and an exported program."""
    made = tmp_path_factory.mktemp("nets")
    (made / "road_nets.py").write_text(MODULE)
    scope = {}
    exec(MODULE, scope)
    torch.manual_seed(3)
    network = scope["build"]().eval()
    torch.save(network.state_dict(), made / "state.pt")
    example = (torch.zeros(1, 3, 16, 16), torch.zeros(1, 8))

    class Holder(nn.Module):
        def __init__(self):
            super().__init__()
            self.network, self.spare = network, nn.Linear(2, 2)

        def forward(self, image, scale):
            return self.network(image, scale), self.spare(scale[:, :2])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; its files are still about
        torch.jit.save(torch.jit.trace(Holder().eval(), example), made / "held.jit")
    torch.export.save(torch.export.export(network, example), made / "program.pt2")
    torch.export.save(torch.export.export(scope["outer"]().eval(), (torch.zeros(1, 4),)), made / "bessel.pt2")
    made.joinpath("state.sha").write_text(weights_sha256(network))
    return made


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """Where the factory's module is the working folder; results go elsewhere."""
    monkeypatch.chdir(folder)
    return tmp_path


def made_of(**words):
    made = convert_file(Order(**words), pythons={})
    raise_on_failed_parity([made])
    return made


def test_a_factory_with_its_state_dict(folder, here):
    out = here / "made.tflite"
    made = made_of(factory="road_nets:build", weights=Path("state.pt"), shapes=SHAPES, out=out)
    artifact = codec.loads(Artifact, sidecar_path(out).read_bytes())
    assert artifact == made.artifact
    assert artifact.source_sha256 == (folder / "state.sha").read_text()
    assert artifact.parity.passed and artifact.parity.value < 1e-6 and artifact.parity.samples == 8
    assert [tensor.shape for tensor in artifact.inputs] == [(1, 16, 16, 3), (1, 8)]
    assert artifact.lineage.road == "torch" and artifact.lineage.source == "road_nets:build"
    assert artifact.lineage.inputs.startswith("8 seeded random samples (seed 0")
    assert artifact.lineage.tools["litert-torch"] == "0.10.0"
    assert artifact.parameters == 8 * 27 + 8 + 8 * 5 + 5


def test_a_torchscript_archives_tensors_under_a_prefix(folder, here):
    held = torchscript.state_dict(folder / "held.jit")
    state = torch.load(folder / "state.pt", weights_only=True)
    assert set(held) == {*(f"network.{name}" for name in state), "spare.weight", "spare.bias"}
    assert all(torch.equal(held[f"network.{name}"], value) for name, value in state.items())
    out = here / "made.tflite"
    made = made_of(factory="road_nets:build", weights=Path("held.jit"), shapes=SHAPES, out=out)
    assert made.artifact.source_sha256 == (folder / "state.sha").read_text()
    assert made.artifact.lineage.notes == (
        "weights under the prefix network.",
        "2 tensors of held.jit are not the network's",
    )


def test_an_exported_program(folder, here):
    out = here / "made.tflite"
    made = made_of(file=folder / "program.pt2", precision="fp16", out=out)
    assert (made.artifact.lineage.road, made.artifact.precision) == ("torch-program", "fp16")
    assert made.artifact.parity.rule == "fp16"
    assert [tensor.shape for tensor in made.artifact.inputs] == [(1, 16, 16, 3), (1, 8)]


def test_int8_of_real_samples_and_its_labels(folder, here):
    generator = np.random.default_rng(0)
    images = generator.normal(size=(80, 3, 16, 16)).astype(np.float32)
    scales = generator.uniform(0.5, 2, size=(80, 8)).astype(np.float32)
    np.savez(here / "real.npz", a=images, b=scales)
    out = here / "made.tflite"
    order = Order(
        factory="road_nets:build",
        weights=Path("state.pt"),
        shapes=SHAPES,
        precision="int8",
        calibration=str(here / "real.npz"),
        samples=here / "real.npz",
        out=out,
    )
    made = convert_file(order, pythons={})
    assert made.artifact.inputs[0].dtype == made.artifact.outputs[0].dtype == "int8"
    # the scale of an input holds what the samples held: (largest - smallest) / 255
    spread = float(images.max() - images.min()) / 255
    assert made.artifact.inputs[0].scale == pytest.approx(spread, rel=1e-3)
    assert made.artifact.lineage.calibration == "real.npz" and NOISE not in out.with_suffix(".tflite.json").read_text()
    assert made.artifact.parity.samples == 80
    got = run_batch(out, (images.transpose(0, 2, 3, 1), scales)).floats()[0]
    assert got.shape == (80, 5)


def test_noise_is_said_loudly(folder, here):
    out = here / "made.tflite"
    said = []
    order = Order(factory="road_nets:build", shapes=SHAPES, precision="int8", calibration="random", out=out, seed=1)
    convert_file(order, pythons={}, say=said.append)
    side = json.loads(sidecar_path(out).read_text())
    assert "RANDOM VALUES" in side["lineage"]["calibration"]
    assert any("RANDOM VALUES" in line for line in said)


@pytest.fixture(scope="module")
def float_file(folder, tmp_path_factory):
    """program.pt2 as float32, made once."""
    out = tmp_path_factory.mktemp("float") / "float.tflite"
    made_of(file=folder / "program.pt2", out=out)
    return out


def test_a_tflite_file_goes_on_to_other_precisions(float_file, here):
    sizes = {"float32": float_file.stat().st_size}
    for precision in ("fp16", "int8-dynamic"):
        made = convert_file(Order(file=float_file, precision=precision, out=here / f"{precision}.tflite"), pythons={})
        sizes[precision] = made.artifact.size_bytes
        assert made.artifact.lineage.road == "as-it-is"
        expected = "" if precision == "fp16" else "none: weights rounded to the nearest step"
        assert made.artifact.lineage.calibration == expected
    assert sizes["fp16"] < sizes["float32"]
    quantized = here / "int8.tflite"
    convert_file(Order(file=float_file, precision="int8", calibration="random", out=quantized), pythons={})
    with pytest.raises(ConvertError, match="int8.tflite is quantized already: fp16 begins with a float file"):
        convert_file(Order(file=quantized, precision="fp16", out=here / "again.tflite"), pythons={})
    same = convert_file(Order(file=quantized, out=here / "same.tflite"), pythons={})
    assert same.artifact.parity.value == 0.0
    assert operator_counts(read(quantized.read_bytes())) == operator_counts(read((here / "same.tflite").read_bytes()))


def test_ids_of_64_bits_become_32(folder, here):
    made = made_of(factory="road_nets:words", shapes=("1x5:int64",), out=here / "made.tflite")
    assert made.artifact.inputs[0].dtype == "int32" and made.artifact.parity.value < 1e-6
    name = made.artifact.inputs[0].name
    assert made.artifact.lineage.notes == (f"input {name} is int32 in the file, int64 in the source",)


def test_a_program_is_looked_at_before_it_is_converted(folder, here, monkeypatch):
    monkeypatch.setattr("edgekit.convert.network_file.to_tflite", lambda *_: pytest.fail("it was converted"))
    with pytest.raises(ConvertError) as caught:
        convert_file(Order(file=folder / "bessel.pt2", out=here / "made.tflite"), pythons={})
    assert caught.value.ops == ("aten.special_bessel_j0.default",)
    assert caught.value.message == (
        "no TFLite operator for aten.special_bessel_j0.default (node special_bessel_j0 of module body.1)"
    )


def test_a_factorys_operator_is_placed_too(folder, here):
    with pytest.raises(ConvertError, match="of module body.1") as caught:
        convert_file(Order(factory="road_nets:outer", shapes=("1x4",), out=here / "made.tflite"), pythons={})
    assert caught.value.ops == ("aten.special_bessel_j0.default",)
    assert list(here.iterdir()) == []


def test_a_program_whose_operators_convert_is_let_through(folder):
    from edgekit.convert.from_torch import without_lowering

    assert without_lowering(torch.export.load(folder / "program.pt2")) is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"shapes": ("1x3x16x16", "1x9")}, "the network does not take the data's inputs"),
        ({"shapes": ("1x3x16x16",)}, "the network does not take the data's inputs"),
        ({"factory": "road_nets:number"}, "road_nets:number returned a int"),
        ({"factory": "road_nets:outer", "weights": Path("state.pt")}, "state.pt has no tensor body.0.bias"),
    ],
)
def test_what_does_not_fit(folder, here, words, sentence):
    order = {"factory": "road_nets:build", "shapes": SHAPES, "out": here / "made.tflite"} | words
    with pytest.raises(ConvertError) as caught:
        convert_file(Order(**order), pythons={})
    assert caught.value.message.startswith(sentence)


class Bomb:
    """What a hostile pickle does."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def bomb_in(table, path):
    """A pickle like `table`'s, that opens `path` when it is loaded freely."""
    return pickle.dumps({"state": Bomb(path), "table": table})


def test_hostile_weights_run_nothing(folder, tmp_path):
    sign = tmp_path / "sign"
    (tmp_path / "state.pt").write_bytes(bomb_in({}, sign))
    with pytest.raises(ModelFileError, match="no weights that load without running code"):
        from_program.read_weights(tmp_path / "state.pt")
    with zipfile.ZipFile(folder / "held.jit") as archive, zipfile.ZipFile(tmp_path / "x.jit", "w") as other:
        for name in archive.namelist():
            other.writestr(name, bomb_in({}, sign) if name.endswith("/data.pkl") else archive.read(name))
    with pytest.raises(ModelFileError, match="which is not read"):
        from_program.read_weights(tmp_path / "x.jit")
    with zipfile.ZipFile(folder / "program.pt2") as archive, zipfile.ZipFile(tmp_path / "x.pt2", "w") as other:
        for name in archive.namelist():
            other.writestr(name, archive.read(name))
        root = archive.namelist()[0].partition("/")[0]
        held = io.BytesIO()
        torch.save({"bomb": Bomb(sign)}, held)
        other.writestr(f"{root}/data/constants/model.pt", held.getvalue())
    with pytest.raises(ModelFileError, match="objects that do not load without running code"):
        from_program.open_program(tmp_path / "x.pt2")
    assert not sign.exists()


@pytest.mark.parametrize("cut", [0, 20, 400])
@pytest.mark.parametrize("name", ["program.pt2", "held.jit", "state.pt"])
def test_truncated_files(folder, tmp_path, name, cut):
    path = tmp_path / name
    path.write_bytes((folder / name).read_bytes()[:cut])
    with pytest.raises(ModelFileError) as caught:
        if name.endswith(".pt2"):
            from_program.open_program(path)
        else:
            from_program.read_weights(path)
    assert str(path) in caught.value.message
