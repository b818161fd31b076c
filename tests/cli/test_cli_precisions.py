"""`edgekit convert --precision`: what cannot be asked for is one sentence and exit code 2, at once."""

import json

import pytest
from cli.tools import shell


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--budget", "0.5"], "--budget without --precision"),
        (["--io", "float"], "--io without --precision"),
        (["--exceptions", "int16"], "--exceptions without --precision"),
        (["--precision", "int9"], "--precision 'int9' is not one of"),
        (["--precision", "int8", "--budget", "0.5"], "--budget: precision 'int8' takes no budget"),
        (["--precision", "mixed"], "--budget: missing: precision 'mixed' needs one"),
        (["--precision", "mixed", "--budget", "-1"], "--budget: -1 is no number from 0 on"),
        (["--precision", "mixed", "--budget", "nan"], "--budget: nan is no number from 0 on"),
        (["--precision", "mixed", "--budget", "1", "--exceptions", "int4"], "--exceptions 'int4' is not one of"),
        (["--precision", "fp16", "--exceptions", "float"], "--exceptions: precision 'fp16' has no exceptions"),
        (["--precision", "fp16", "--io", "uint8"], "--io: precision 'fp16' has no 8-bit inputs and outputs"),
        (["--precision", "int8", "--io", "integers"], "did you mean 'integer'?"),
        (["--precision", "int8", "--variant", "int9"], "recipe digits-cnn has no variant 'int9'"),
        (["--precision", "fp16", "--variant", "pruned-qat-int8"], "fp16 after qat"),
    ],
)
def test_what_cannot_be_asked_for(tmp_path, options, sentence):
    done = shell("convert", "digits-cnn", *options, "--workspace", "ws", folder=tmp_path)
    assert done.code == 2
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


RECIPE = """
[model]
factory = "digits-cnn"
channels_last = [0]
options = { width = 8 }
[data]
source = "digits"
[steps.train]
epochs = 6
batch = 32
learning_rate = 3e-3
[variants.float32]
steps = ["train"]
precision = "float32"
"""


def test_a_mixed_file_of_a_recipe(tmp_path):
    recipe, workspace = tmp_path / "small.toml", tmp_path / "ws"
    recipe.write_text(RECIPE)
    words = ("--precision", "mixed", "--budget", "0", "--io", "float", "--workspace", str(workspace))
    done = shell("convert", str(recipe), *words, "--format", "json", folder=tmp_path)
    assert done.code == 0, done.err
    made = {item["variant"]: item for item in json.loads(done.out)}
    artifact = made["float32-mixed-float"]
    assert (artifact["precision"], artifact["io"], artifact["inputs"][0]["dtype"]) == ("mixed", "float", "float32")
    assert artifact["parity"]["passed"]
    assert "measure the damage of int8 by layer" in done.err
    folder = workspace / "artifacts" / "small"
    told = json.loads((folder / "float32-mixed-float.sensitivity.json").read_text())
    assert [layer["name"] for layer in told["layers"]] == ["Conv2d_0", "Conv2d_4", "Conv2d_8", "Linear_13"]
    assert told["mixed_lost_points"] <= 0 == told["budget_points"]
    assert (folder / "float32-mixed-float.sensitivity.svg").read_text().startswith("<svg")
    again = shell("convert", str(recipe), *words, "--format", "json", folder=tmp_path)
    assert again.out.splitlines() == done.out.splitlines()
    assert "measure" not in again.err
    other = shell("convert", str(recipe), *words[:3], "5", *words[4:], folder=tmp_path)
    assert other.code == 0, other.err
    assert "measure" not in other.err  # another budget: the layers are measured already
    assert "convert float32-mixed-float (mixed)" in other.err


EVERY_KIND = """
[variants.sixteen]
steps = ["train"]
precision = "int16x8"
[variants.four]
steps = ["train"]
precision = "int4"
[variants.bytes]
steps = ["train"]
precision = "int8"
io = "uint8"
[variants.floats]
steps = ["train"]
precision = "int8"
io = "float"
[variants.mixed]
steps = ["train"]
precision = "mixed"
budget = 0
exceptions = "int16"
[plan]
launches = 1
min_seconds = 0.01
min_samples = 8
accuracy_samples = 100
"""


@pytest.mark.slow
def test_every_kind_of_ends_runs_on_the_desktop_and_through_a_device(tmp_path):
    (tmp_path / "kinds.toml").write_text(RECIPE + EVERY_KIND)
    words = ("--target", "desktop:cpu", "--target", "loopback:0:cpu", "--format", "json")
    done = shell("run", "kinds.toml", *words, folder=tmp_path)
    assert done.code == 0, done.err
    rows = json.loads(done.out)["rows"]
    assert len(rows) == 12
    assert {row["status"] for row in rows} <= {"ok", "unstable"}
    by_variant = {}
    for row in rows:
        by_variant.setdefault(row["variant"], set()).add(row["accuracy"]["value"])
    assert all(len(values) == 1 for values in by_variant.values())  # a device answers what the desktop does
    assert min(value for values in by_variant.values() for value in values) > 0.8
