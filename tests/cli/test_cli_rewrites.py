"""`edgekit convert --for`, and a recipe's `rewrite_for`."""

import json

from cli.tools import assert_refused, changed, write_recipe

NOTHING = "edgekit convert digits-cnn, or edgekit convert model.onnx"
GOALS = "one of: gpu, nnapi, xnnpack-sparse"


def test_an_unknown_goal_is_refused(edgekit, tmp_path):
    recipe = write_recipe(tmp_path)
    done = edgekit("convert", recipe, "--for", "gpuu")
    assert_refused(done, 2, "--for 'gpuu' is not known, did you mean 'gpu'?", GOALS)
    assert_refused(
        edgekit("convert", recipe, "--for", "cpu"), 2, "--for 'cpu' is not known, did you mean 'gpu'?", GOALS
    )


def test_every_variant_gets_a_name_of_its_own(edgekit, tmp_path):
    """One linear layer: nothing to do, and that is said."""
    done = edgekit("convert", write_recipe(tmp_path), "--for", "gpu", "--workspace", tmp_path / "kept")
    assert done.code == 0, done.err
    assert done.out.count("rewritten for gpu: nothing to do") == 2
    assert done.out.count("gpu forecast: 2 of 2 nodes -> 2 of 2") == 2
    folder = tmp_path / "kept" / "artifacts" / "tiny"
    assert sorted(path.name for path in folder.glob("*.tflite")) == ["float32-for-gpu.tflite", "int8-for-gpu.tflite"]
    side = json.loads((folder / "int8-for-gpu.tflite.json").read_text())
    assert side["rewrites"]["goal"] == "gpu"
    assert side["rewrites"]["before"] == side["rewrites"]["after"]


def test_a_recipe_asks_for_one_variant_alone(edgekit, tmp_path):
    text = changed('precision = "int8"', 'precision = "int8"\nrewrite_for = "nnapi"')
    done = edgekit("convert", write_recipe(tmp_path, text), "--format", "json", "--workspace", tmp_path / "kept")
    assert done.code == 0, done.err
    made = {item["variant"]: item["rewrites"] for item in json.loads(done.out)}
    assert made["float32"] is None
    assert (made["int8"]["goal"], made["int8"]["applied"]) == ("nnapi", [])


def test_a_recipes_report_is_no_tflite_file(edgekit, tmp_path):
    out = tmp_path / "x.tflite"
    done = edgekit("convert", write_recipe(tmp_path), "--out", out)
    sentence = f"--out {out} is what a recipe's report would be written to"
    assert_refused(done, 2, sentence, "its files lie in the workspace: leave it out")
    assert not (tmp_path / "x.tflite").exists()


def test_nothing_named(edgekit):
    assert_refused(edgekit("convert"), 2, "no recipe and no model was named", NOTHING)
