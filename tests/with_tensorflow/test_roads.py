"""ONNX, Keras and SavedModel through their children: they compute what their source does, or name what stops them."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgekit.artifact import sidecar_path
from edgekit.convert import from_child
from edgekit.errors import ConvertError, ModelFileError
from edgekit.pipeline.convert_file import Order, convert_file
from edgekit.runner.batch import run_batch
from edgekit.tflite import read
from edgekit.tflite.structure import operator_counts

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).with_name("sources.py")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python():
    """The interpreter with TensorFlow and the extra onnx."""
    named = os.environ.get("EDGEKIT_PYTHON_TENSORFLOW") or str(ROOT / ".venv-tensorflow" / "bin" / "python")
    if not Path(named).exists():
        pytest.skip(".venv-tensorflow is not there: make venv-tensorflow")
    return named


@pytest.fixture(scope="module")
def sources(python, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    quiet = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([python, SOURCES, folder], capture_output=True, text=True, env=quiet)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture
def convert(python, sources, tmp_path):
    """A function: a source's name and options -> the artifact and its path."""

    def run(name, **words):
        out = tmp_path / "made.tflite"
        made = convert_file(Order(file=sources / name, out=out, **words), pythons={"tensorflow": python})
        assert made.artifact.parity.passed, made.artifact.parity
        return made.artifact, out

    return run


@pytest.fixture
def refused(python, sources, tmp_path):
    """A function: a source's name -> the error; nothing but a log is left."""

    def run(name, error=ConvertError, **words):
        with pytest.raises(error) as caught:
            convert_file(
                Order(file=sources / name, out=tmp_path / "made.tflite", **words), pythons={"tensorflow": python}
            )
        assert {path.name for path in tmp_path.iterdir()} <= {"made.log"}
        return caught.value

    return run


def test_onnx_becomes_nhwc_and_computes_the_same(convert, tmp_path):
    artifact, out = convert("cnn.onnx")
    assert [tensor.shape for tensor in artifact.inputs] == [(1, 12, 12, 3)]
    assert sorted(tensor.shape for tensor in artifact.outputs) == [(1, 5), (1, 6, 6, 4)]
    assert (artifact.parity.rule, artifact.parity.samples) == ("float32", 8)
    assert artifact.parity.value < 1e-5
    assert artifact.lineage.tools["onnx2tf"] == "1.28.8"
    assert {"look", "convert", "run source"} <= set(artifact.lineage.seconds)
    assert "input image has the source's axes in the order [0, 2, 3, 1]: [1, 12, 12, 3]" in artifact.lineage.notes
    assert "TRANSPOSE" not in operator_counts(read(out.read_bytes()))
    assert (tmp_path / "made.log").stat().st_size > 0


def test_a_wrong_weight_would_not_pass(convert, sources, tmp_path):
    """The reference is the source's own run: another source's outputs differ by far more than the limit."""
    _, out = convert("cnn.onnx")
    images = np.random.default_rng(5).uniform(-1, 1, (8, 12, 12, 3)).astype(np.float32)
    first = run_batch(out, (images,)).floats()
    other = run_batch(out, (images[..., ::-1].copy(),)).floats()
    spread = max(float(np.ptp(array)) for array in first)
    assert max(float(np.abs(a - b).max()) for a, b in zip(first, other, strict=True)) / spread > 100 * 1e-4


def test_the_users_own_samples_and_int8(convert, tmp_path):
    images = np.random.default_rng(1).normal(size=(70, 3, 12, 12)).astype(np.float32)
    np.save(tmp_path / "images.npy", images)
    words = {"precision": "int8", "calibration": str(tmp_path / "images.npy"), "samples": tmp_path / "images.npy"}
    artifact, _ = convert("cnn.onnx", **words)
    assert artifact.inputs[0].dtype == "int8" and artifact.parity.samples == 70
    spread = float(images.max() - images.min()) / 255
    assert artifact.inputs[0].scale == pytest.approx(spread, rel=1e-3)
    assert artifact.lineage.inputs == "70 samples of images.npy"


def test_slices_that_name_every_axis(convert):
    artifact, _ = convert("sliced.onnx", images="as-is")
    assert artifact.parity.value < 1e-5


def test_a_branch_whose_condition_is_known_goes(convert):
    _, out = convert("known.onnx")
    assert operator_counts(read(out.read_bytes())) == {"RELU": 1}


def test_open_sizes(convert, refused):
    error = refused("open.onnx")
    assert error.message == "input image has open sizes (h, w of n x 3 x h x w): a .tflite needs fixed ones"
    assert error.hint == "give every input's shape, in order: --shape 1x3x224x224"
    artifact, _ = convert("open.onnx", shapes=("1x3x10x14",))
    assert artifact.inputs[0].shape == (1, 10, 14, 3)


@pytest.mark.parametrize(
    ("name", "ops", "sentence"),
    [
        ("if.onnx", ("If",), "If at node branch: control flow does not convert"),
        (
            "fused.onnx",
            ("com.microsoft.FusedMatMul",),
            "com.microsoft.FusedMatMul at node fused: operators of the domain com.microsoft do not convert",
        ),
        ("window.onnx", ("BlackmanWindow",), "BlackmanWindow at node window: onnx2tf has no road for it"),
    ],
)
def test_what_does_not_convert_is_named_before_tensorflow_is_imported(refused, tmp_path, name, ops, sentence):
    error = refused(name)
    assert (error.ops, error.message) == (ops, sentence)
    assert error.hint
    assert "onnx2tf" not in (tmp_path / "made.log").read_text()


def test_a_shape_that_the_model_does_not_have(refused):
    error = refused("cnn.onnx", shapes=("1x1x12x12",))
    assert error.message == "input image has shape 1 x 3 x 12 x 12, given was 1 x 1 x 12 x 12"
    assert refused("cnn.onnx", shapes=("1x3x12x12", "1x2")).message == "the model takes 1 inputs, 2 shapes were given"
    error = refused("one.h5", shapes=("1x7",))
    assert error.message.endswith("has shape ? x 6, given was 1 x 7")


def test_truncated_and_broken(refused):
    assert "no whole ONNX file" in refused("truncated.onnx", ModelFileError).message
    assert "no whole SavedModel" in refused("broken", ModelFileError).message
    assert refused("only.weights.h5").message == "the file holds weights and no architecture"


def test_keras_with_two_inputs_and_outputs(convert, tmp_path):
    images, scales = np.ones((5, 8, 8, 3), np.float32), np.arange(20, dtype=np.float32).reshape(5, 4)
    np.savez(tmp_path / "two.npz", a_zimage=images, b_ascale=scales)  # in the model's order, not that of its names
    artifact, _ = convert("two.keras", samples=tmp_path / "two.npz")
    assert sorted(tensor.shape for tensor in artifact.inputs) == [(1, 4), (1, 8, 8, 3)]
    assert artifact.parity.samples == 5 and artifact.parity.value < 1e-5


def test_a_legacy_h5_file_and_an_exported_saved_model(convert):
    artifact, out = convert("one.h5")
    assert operator_counts(read(out.read_bytes())) == {"FULLY_CONNECTED": 2, "TANH": 1}
    assert artifact.parameters == 6 * 5 + 5 * 2  # biases of zeros are left out
    artifact, out = convert("exported")
    assert artifact.lineage.road == "saved-model"
    assert "READ_VARIABLE" not in operator_counts(read(out.read_bytes()))
    assert json.loads(sidecar_path(out).read_text())["source_sha256"] == artifact.lineage.sha256


@pytest.mark.parametrize("name", ["lambda.keras", "lambda.h5"])
def test_lambda_layers_hold_code(refused, name):
    error = refused(name)
    assert error.ops == ("Lambda",)
    assert error.message == "Lambda at layer twice: it holds Python code, which is not run"


def test_a_saved_model_that_runs_python(refused):
    error = refused("python")
    assert error.ops == ("EagerPyFunc",)
    assert error.message.endswith("it runs code or reads files where the model runs")


def test_the_child_imports_its_own_files_only(python, sources, tmp_path):
    """The travelling copy holds the runner and the child, and nothing else of edgekit."""
    environment = from_child.environment(tmp_path)
    package = tmp_path / "program" / "edgekit"
    assert sorted(path.name for path in package.iterdir()) == ["__init__.py", "convert", "runner"]
    assert sorted(path.name for path in (package / "convert").iterdir()) == ["__init__.py", "child"]
    look = "import edgekit.convert.child.from_onnx, edgekit, sys; print(edgekit.__file__)"
    done = subprocess.run([python, "-c", look], env=environment, capture_output=True, text=True, cwd="/")
    assert done.stdout.strip() == str(tmp_path / "program" / "edgekit" / "__init__.py"), done.stderr
