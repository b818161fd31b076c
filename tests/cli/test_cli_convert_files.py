"""`edgekit convert FILE` where it cannot: sentence, hint, exit code; and the child that is killed with its children."""

import json
import stat
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cli.test_cli_interruptions import interrupted
from cli.test_cli_missing_packages import without
from cli.tools import FLOAT, assert_refused, files_in

from edgekit.tflite import read

LISTED = "convert takes .onnx, .keras, .h5, .hdf5, .pt2, .tflite, or a SavedModel's folder"
SET_IT = ", or set EDGEKIT_PYTHON_TENSORFLOW to a python that has it"


@pytest.fixture
def child(tmp_path, monkeypatch):
    """A function: shell lines -> the program that stands for the Python with TensorFlow."""

    def write(*lines):
        program = tmp_path / "python"
        program.write_text("\n".join(("#!/bin/sh", *lines)) + "\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("EDGEKIT_PYTHON_TENSORFLOW", str(program))

    (tmp_path / "model.onnx").write_bytes(b"\x08\x07")
    return write


@pytest.mark.parametrize(
    ("words", "code", "sentence", "hint"),
    [
        (["absent.onnx"], 1, "absent.onnx: cannot be read: No such file or directory", "name a model file"),
        (["weights.pb"], 2, "weights.pb has an ending that no road takes (.pb)", LISTED),
        (["empty"], 2, "empty is a folder without saved_model.pb", LISTED),
        (
            ["a.onnx", "--factory", "own:build"],
            2,
            "a model file and --factory were given",
            "give one of the two",
        ),
        (
            ["--factory", "own:build"],
            2,
            "--factory needs its inputs' shapes",
            "--shape 1x3x224x224, once an input, in order",
        ),
        (
            ["a.onnx", "--precision", "int9"],
            2,
            "--precision 'int9' is not known, did you mean 'int8'?",
            None,
        ),
        (
            ["a.onnx", "--precision", "int8"],
            2,
            "--precision int8 needs samples to take ranges from",
            "--calibration FILE.npz of real inputs, or --calibration random, which says nothing about real data",
        ),
        (["a.onnx", "--calibration", "a.npz"], 2, "--calibration has no meaning for float32", "--precision int8"),
        (["a.onnx", "--out", "a.bin"], 2, "--out a.bin does not end in .tflite", "--out a.tflite"),
        (
            ["a.onnx", "--weights", "w.pt"],
            2,
            "--weights go with --factory",
            "edgekit convert --factory module:function --weights state.pt",
        ),
        (
            ["float.tflite", "--shape", "1x8"],
            2,
            "--shape has no meaning for float.tflite: its shapes are fixed",
            "leave it out",
        ),
        (
            ["float.tflite", "--out", "float.tflite"],
            2,
            "--out float.tflite is the source itself",
            "name another file with --out",
        ),
        (
            ["digits-cnn", "--weights", "w.pt"],
            2,
            "--weights is of a model file, and digits-cnn is a recipe",
            "its variants say it",
        ),
    ],
)
def test_what_is_asked_does_not_exist(tmp_path, edgekit, words, code, sentence, hint):
    (tmp_path / "weights.pb").write_bytes(b"x")
    (tmp_path / "a.onnx").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "float.tflite").write_bytes(FLOAT.read_bytes())
    before = files_in(tmp_path)
    done = edgekit("convert", *words)
    assert_refused(done, code, sentence, hint or done.err.splitlines()[-1].strip())
    assert files_in(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "extra", "what", "hidden"),
    [
        ("model.onnx", "onnx", "ONNX", "tensorflow"),
        ("model.keras", "tensorflow", "Keras", "tensorflow"),
        ("saved", "tensorflow", "a SavedModel", "tensorflow"),
    ],
)
def test_tensorflow_is_missing(tmp_path, name, extra, what, hidden):
    if name == "saved":
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").write_bytes(b"x")
    else:
        (tmp_path / name).write_bytes(b"x")
    done = without(hidden, "convert", name, folder=tmp_path)
    sentence = f"the package tensorflow is not installed (converting from {what})"
    assert_refused(done, 3, sentence, f"pip install 'edgekit-toolkit[{extra}]'{SET_IT}")


def test_the_named_python_does_not_start(tmp_path, child, edgekit, monkeypatch):
    monkeypatch.setenv("EDGEKIT_PYTHON_TENSORFLOW", str(tmp_path / "none"))
    done = edgekit("convert", "model.onnx", "--quiet")
    assert done.code == 2
    assert done.err.splitlines()[0].startswith("edgekit: the Python named for tensorflow cannot be started: ")


def test_a_child_over_its_time_is_ended_with_its_children(tmp_path, child, edgekit):
    child("sleep 300 &", f"echo $! > {tmp_path}/grandchild", "echo 40 % done", "wait")
    started = time.monotonic()
    done = edgekit("convert", "model.onnx", "--time-limit", "1.5", "--quiet")
    assert time.monotonic() - started < 60
    sentence = "the conversion took over 1.5 s and was ended: 40 % done"
    assert_refused(done, 1, sentence, "allow it more with --time-limit; its log: model.log")
    assert (tmp_path / "model.log").read_text() == "40 % done\n"
    assert gone(int((tmp_path / "grandchild").read_text()))


def gone(process):
    """Ended, or a zombie that nobody has waited for yet."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_child_that_is_killed(child, edgekit):
    child("printf '\\033[32mallocating\\033[0m\\n'", "kill -9 $$")
    done = edgekit("convert", "model.onnx", "--quiet")
    sentence = "the conversion was ended by SIGKILL: allocating"
    assert_refused(done, 1, sentence, "too little memory, it may be; its log: model.log")


def test_a_child_that_crashes(child, edgekit):
    child("echo one", "echo 'Check failed: x'", "kill -ABRT $$")
    done = edgekit("convert", "model.onnx", "--quiet", "--out", "made.tflite")
    sentence = "the conversion was ended by SIGABRT: one | Check failed: x"
    assert_refused(done, 1, sentence, "the converter crashed; its log: made.log")


def test_a_child_without_an_answer(child, edgekit):
    child("echo no module named numpy", "exit 3")
    done = edgekit("convert", "model.onnx", "--quiet")
    sentence = "the conversion ended with code 3 and no answer: no module named numpy"
    assert_refused(done, 1, sentence, "its log: model.log")


def test_ctrl_c_ends_the_child_and_what_it_started(tmp_path, child):
    child("sleep 300 &", f"echo $! > {tmp_path}/grandchild", "sleep 0.5", f"echo on > {tmp_path}/on", "wait")
    code, out, err = interrupted(tmp_path, ["convert", "model.onnx"], (tmp_path / "on").exists)
    assert (code, out) == (130, "")
    assert "edgekit: interrupted" in err
    assert gone(int((tmp_path / "grandchild").read_text()))
    assert not (tmp_path / "model.tflite").exists()


def test_this_pythons_own_child_says_what_it_lacks(tmp_path, child, edgekit, monkeypatch):
    """The real child in this interpreter, which has no onnx: it starts without edgekit being installed for it."""
    monkeypatch.setenv("EDGEKIT_PYTHON_TENSORFLOW", sys.executable)
    done = edgekit("convert", "model.onnx", "--quiet")
    sentence = "the package onnx is not installed (converting from ONNX)"
    assert_refused(done, 3, sentence, f"pip install 'edgekit-toolkit[onnx]'{SET_IT}")


def test_a_lambda_layer_is_refused_unread(tmp_path, edgekit, monkeypatch):
    """.keras is a zip with JSON: that it holds code is seen without Keras."""
    monkeypatch.setenv("EDGEKIT_PYTHON_TENSORFLOW", sys.executable)
    layer = {"class_name": "Lambda", "module": "keras.layers", "config": {"name": "twice", "function": {}}}
    own = {"class_name": "Odd", "module": "os.path", "registered_name": "my>Odd", "config": {"name": "odd"}}
    for name, layers in (("lambda.keras", [layer]), ("own.keras", [own])):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
    done = edgekit("convert", "lambda.keras", "--quiet")
    sentence = "Lambda at layer twice: it holds Python code, which is not run"
    assert_refused(done, 1, sentence, "write that layer with keras.ops or as a layer of Keras's own, and save again")
    done = edgekit("convert", "own.keras", "--quiet")
    sentence = "os.path.Odd at layer odd: layers of other packages are not imported"
    assert_refused(done, 1, sentence, "export the model as a SavedModel: model.export(FOLDER)")


def test_as_it_is_computes_the_same_bits(tmp_path, edgekit):
    (tmp_path / "label.txt").write_text("a\nb\n")
    done = edgekit("convert", FLOAT, "--out", "made.tflite", "--metadata", "label.txt", "--quiet")
    assert done.code == 0, done.err
    side = json.loads((tmp_path / "made.tflite.json").read_text())
    assert side["parity"]["value"] == 0.0 and side["parity"]["samples"] == 8
    assert (side["lineage"]["road"], side["lineage"]["source"]) == ("as-it-is", "float.tflite")
    assert side["source_sha256"] == side["lineage"]["sha256"]
    assert "label.txt" in read((tmp_path / "made.tflite").read_bytes()).metadata


def test_samples_of_the_wrong_shape(tmp_path, edgekit):
    np.save(tmp_path / "x.npy", np.zeros((4, 3, 3), np.float32))
    done = edgekit("convert", FLOAT, "--samples", "x.npy", "--out", "made.tflite", "--quiet")
    assert done.code == 1
    assert "takes [1, " in done.err and "the samples have shape [4, 3, 3]" in done.err
    assert not (tmp_path / "made.tflite").exists()
