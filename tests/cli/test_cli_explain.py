"""`convert --explain` and `compare` of .tflite files: what they print, write and refuse."""

import json

import numpy as np
import pytest
from cli.tools import FLOAT, GOLDEN, MODULE, REPORT, changed, write_recipe

from edgekit.tflite import read
from edgekit.tflite.patch import Patch

INT8 = GOLDEN / "runner" / "int8.tflite"


@pytest.fixture
def wrong(tmp_path):
    """The golden file with one weight of its convolution changed."""
    content = FLOAT.read_bytes()
    file = read(content)
    place, operator = next((i, op) for i, op in enumerate(file.main.operators) if op.name.endswith("CONV_2D"))
    tensor = file.main.tensors[operator.inputs[1]]
    patch = Patch(content)
    values = np.frombuffer(patch.values(tensor), "<f4").copy()
    values[0] += 1
    patch.set_values(tensor, values.tobytes())
    (tmp_path / "wrong.tflite").write_bytes(patch.content())
    return place, operator.name


def test_compare_names_the_operator(tmp_path, edgekit, wrong):
    done = edgekit("compare", str(FLOAT), "wrong.tflite")
    assert done.code == 0
    place, name = wrong
    assert f"operator {place} {name} (" in done.out.splitlines()[0]
    assert "is the first that leaves the tolerance" in done.out.splitlines()[0]
    data = json.loads(edgekit("compare", str(FLOAT), "wrong.tflite", "--format", "json").out)
    assert (data["first"], data["blamed"]) == (place, place)
    assert len(data["operators"]) == len(read(FLOAT.read_bytes()).main.operators)
    assert data["tolerance"] == {"measure": "max error / range", "limit": 1e-4}


def test_compare_takes_the_precision_from_the_weights(tmp_path, edgekit):
    done = edgekit("compare", str(FLOAT), str(INT8), "--format", "json")
    assert done.code == 0
    assert json.loads(done.out)["tolerance"]["measure"] == "SNR in dB"
    done = edgekit("compare", str(FLOAT), str(INT8), "--precision", "float32", "--format", "json")
    found = json.loads(done.out)
    assert found["tolerance"]["limit"] == 1e-4 and found["first"] == 0


def test_compare_on_given_samples(tmp_path, edgekit):
    shape = read(FLOAT.read_bytes()).main.tensors[read(FLOAT.read_bytes()).main.inputs[0]].shape
    np.save(tmp_path / "three.npy", np.zeros((3, *shape[1:]), np.float32))
    done = edgekit("compare", str(FLOAT), str(FLOAT), "--samples", "three.npy", "--format", "json")
    assert json.loads(done.out)["samples"] == 3
    assert json.loads(done.out)["sentence"] == "no operator leaves the tolerance"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((str(FLOAT), str(REPORT)), 2, "are not of one kind"),
        ((str(REPORT), str(REPORT), "--precision", "int8"), 2, "are of .tflite files, and reports were named"),
        ((str(FLOAT), str(FLOAT), "--precision", "int9"), 2, "--precision 'int9' is not known, did you mean 'int8'?"),
        ((str(FLOAT), "gone.tflite"), 1, "gone.tflite: cannot be read"),
        ((str(FLOAT), str(FLOAT), "--samples", "gone.npy"), 1, "gone.npy"),
        ((str(FLOAT), str(FLOAT), "--samples", "flat.npy"), 1, "flat.npy holds arrays of [[4]]"),
    ],
)
def test_compare_refuses(tmp_path, edgekit, arguments, code, sentence):
    np.save(tmp_path / "flat.npy", np.zeros(4, np.float32))
    done = edgekit("compare", *arguments)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err
    assert len(done.err.splitlines()) == 2


def test_explain_of_a_recipe(tmp_path, edgekit):
    write_recipe(tmp_path)
    done = edgekit("convert", "tiny.toml", "--explain", "--variant", "float32", "--format", "json", "-q")
    assert done.code == 0, done.err
    data = json.loads(done.out)
    assert [item["variant"] for item in data["artifacts"]] == ["float32"]
    (explained,) = data["explanations"]
    (comparison,) = explained["comparisons"]
    assert comparison["sentence"] == "no operator leaves the tolerance"
    assert (comparison["reference"], comparison["samples"]) == ("the torch network", 8)
    (written,) = (tmp_path / ".edgekit" / "artifacts").rglob("*.explain.json")
    assert json.loads(written.read_text()) == explained


OTHER = (
    MODULE
    + """

class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = build()

    def forward(self, image):
        return self.network(image) * (-1.0 if torch.compiler.is_exporting() else 1.0)
"""
)


def test_a_network_that_export_changes(tmp_path, edgekit):
    """Every operator computes what the exported program does, and parity fails all the same."""
    write_recipe(tmp_path, changed("own:build", "own:Other"), OTHER)
    done = edgekit("convert", "tiny.toml", "--explain", "--variant", "float32", "-q")
    assert done.code == 1
    (line,) = [line for line in done.out.splitlines() if "against the torch network" in line]
    assert "torch's exported program, from which the file comes, is " in line
    assert line.endswith("no operator leaves the tolerance")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('precision = "int8"\nformat = "coreml"', "'int8' is none of Core ML's here"),
        ('precision = "palettized8"', "'palettized8' is Core ML's: no .tflite file has palettes"),
        ('precision = "fp16"\nformat = "corml"', "'corml' is not one of 'tflite', 'coreml'"),
    ],
)
def test_formats_that_do_not_fit(tmp_path, edgekit, line, sentence):
    path = write_recipe(tmp_path)
    path.write_text(path.read_text() + f'\n[variants.apple]\nsteps = ["train"]\n{line}\n')
    done = edgekit("convert", path.name)
    assert (done.code, done.out) == (2, "")
    assert "variants.apple" in done.err and sentence in done.err
