"""`edgekit bundle`: the folder is whole or not there, what was chosen is said, and every refusal is a sentence."""

import dataclasses
import hashlib
import json

import pytest
from cli.tools import MODULE, RECIPES, changed, write_recipe
from golden.report_data import compared, row
from unit.pipeline.test_bundle_choice import report as report_of

from edgekit.runner import codec

LABELLED = changed(
    'input_names=("image",))',
    'input_names=("image",), class_names=("zero", "one", "two"),\n'
    '        normalization=(Normalization(mean=(2.0,), std=(4.0,), raw="grey value"),))',
    changed("import Source, Split", "import Normalization, Source, Split", MODULE),
)
BASELINE = "float32: the baseline, for nothing was measured"
NOTHING = "cpu, 1 thread: nothing was measured: XNNPACK on 1 thread is a default, not a finding"
NAMES = ["Predictor.kt", "README.md", "model.tflite", "normalization.json"]


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def sha_of(tmp_path, variant):
    content = (tmp_path / ".edgekit" / "artifacts" / "tiny" / f"{variant}.tflite").read_bytes()
    return hashlib.sha256(content).hexdigest()


def write_report(tmp_path, *rows, place=".edgekit/reports/tiny/report.json"):
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(codec.dumps(dataclasses.replace(report_of(*rows), title="tiny")))
    return path


def phone_rows(tmp_path):
    comparison = compared(2.0, "faster")
    sha = {"artifact_sha256": sha_of(tmp_path, "int8"), "comparison": comparison, "accuracy": None}
    return (
        row("float32", "android:X:cpu", 9000.0, accuracy=None),
        row("float32", "android:X:gpu", 9000.0, accuracy=None),
        row("int8", "android:X:cpu", 5000.0, **sha),
        row("int8", "android:X:gpu", 3000.0, **sha),
    )


def test_the_baseline_where_nothing_was_measured(edgekit, tiny, tmp_path):
    done = edgekit("bundle", tiny, "--for", "android", "--out", "made")
    assert done.code == 0, done.err
    assert done.out.splitlines()[:3] == [
        "tiny for android: made",
        f"  variant   {BASELINE}",
        f"  delegate  {NOTHING}",
    ]
    assert listed(tmp_path / "made") == NAMES
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".edgekit-bundle")] == []
    content = (tmp_path / "made" / "model.tflite").read_bytes()
    assert content == (tmp_path / ".edgekit" / "artifacts" / "tiny" / "float32.tflite").read_bytes()
    assert f"  {len(content):>10}  model.tflite" in done.out.splitlines()


def test_what_a_phone_measured_decides(edgekit, tiny, tmp_path):
    write_report(tmp_path, *phone_rows(tmp_path))
    done = edgekit("bundle", tiny, "--for", "android", "--format", "json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    sizes = said.pop("files")
    assert said == {
        "folder": "tiny-int8-android",
        "platform": "android",
        "recipe": "tiny",
        "variant": "int8",
        "variant_why": "the fastest of those that paid: 3.00 µs on android:X:gpu",
        "delegate": "gpu",
        "threads": 1,
        "delegate_why": "the fastest on android:X:cpu, android:X:gpu: gpu 3.00 µs, cpu 5.00 µs",
    }
    folder = tmp_path / "tiny-int8-android"
    assert sizes == {path.name: path.stat().st_size for path in folder.iterdir()}
    assert "GpuDelegate(GpuDelegateFactory.Options())" in (folder / "Predictor.kt").read_text()


def test_a_report_that_is_named_decides_instead(edgekit, tiny, tmp_path):
    write_report(tmp_path, *phone_rows(tmp_path), place="phone/report.json")
    done = edgekit("bundle", tiny, "--for", "ios", "--out", "made", "--report", "phone")
    assert done.code == 0, done.err
    assert done.out.splitlines()[1:3] == [
        "  variant   int8: the fastest of those that paid: 3.00 µs on android:X:gpu",
        "  delegate  cpu, 1 thread: no iPhone was measured: 1 thread is the plan's",
    ]


def test_ios(edgekit, tiny, tmp_path):
    done = edgekit("bundle", tiny, "--for", "ios", "--variant", "int8", "--out", "made")
    assert done.code == 0, done.err
    assert "  variant   int8: asked for" in done.out
    assert listed(tmp_path / "made") == ["README.md", "benchmark_params.json", "model.tflite", "normalization.json"]
    values = json.loads((tmp_path / "made" / "benchmark_params.json").read_text())
    assert (values["benchmark_name"], values["input_layer_shape"]) == ("tiny-int8", "1,8,8,1")


def test_labels_and_normalization_of_the_data_source(edgekit, tmp_path):
    write_recipe(tmp_path, module=LABELLED)
    done = edgekit("bundle", "tiny.toml", "--for", "android", "--out", "made")
    assert done.code == 0, done.err
    assert (tmp_path / "made" / "labels.txt").read_text() == "zero\none\ntwo\n"
    (given,) = json.loads((tmp_path / "made" / "normalization.json").read_text())["inputs"]
    assert given["normalization"] == {"mean": [2.0], "std": [4.0], "raw": "grey value"}
    assert "putFloat((image[i] - 2.0f) / 4.0f)" in (tmp_path / "made" / "Classifier.kt").read_text()


def test_a_normalization_that_does_not_fit(edgekit, tmp_path):
    write_recipe(tmp_path, module=changed("std=(4.0,)", "std=(0.0,)", LABELLED))
    done = edgekit("bundle", "tiny.toml", "--for", "android", "--out", "made")
    assert done.code == 1
    assert done.err.splitlines()[-2:] == [
        "edgekit: normalization of input image: std [0.0] divides by zero or is not finite",
        "  (raw - mean) / std is what the network takes",
    ]
    assert not (tmp_path / "made").exists()


def test_force_replaces_a_bundle_and_nothing_else(edgekit, refused, tiny, tmp_path):
    folder = tmp_path / "made"
    words = ("bundle", tiny, "--for", "android", "--out", "made")
    assert edgekit(*words).code == 0
    (folder / "left over").write_text("of before")
    refused(2, "made is there already", "name another --out, or add --force to replace it", *words)
    assert edgekit(*words, "--force").code == 0
    assert listed(folder) == NAMES
    (folder / "normalization.json").write_text("{}")
    refused(2, "made holds no bundle, so --force does not replace it", "name another --out", *words, "--force")


def test_an_empty_folder_is_filled(edgekit, tiny, tmp_path):
    (tmp_path / "made").mkdir()
    assert edgekit("bundle", tiny, "--for", "android", "--out", "made").code == 0
    assert listed(tmp_path / "made") == NAMES


def test_a_folder_that_cannot_be_renamed_leaves_the_one_of_before(edgekit, tiny, tmp_path, monkeypatch):
    words = ("bundle", tiny, "--for", "android", "--out", "made", "--force")
    assert edgekit(*words).code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}

    def full(path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("edgekit.pipeline.bundle.sync_file", full)
    done = edgekit(*words)
    assert done.code == 1
    assert "No space left on device" in done.err
    assert {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".edgekit-bundle")] == []


REFUSED = [
    (("--for", "andriod"), "--for 'andriod' is not known, did you mean 'android'?", "one of: android, ios"),
    (
        ("--for", "ios", "--variant", "int9"),
        "recipe tiny has no variant 'int9', did you mean 'int8'?",
        "variants: float32, int8",
    ),
    (
        ("--for", "ios", "--out", "tiny.toml"),
        "tiny.toml is no folder, so no bundle can be written to tiny.toml",
        "name another --out",
    ),
    (
        ("--for", "ios", "--out", "tiny.toml/deep"),
        "tiny.toml is no folder, so no bundle can be written to tiny.toml/deep",
        "name another --out",
    ),
    (("--for", "ios", "--format", "md"), "--format 'md' is not known", "one of: text, json"),
    ((), "missing option '--for'", "edgekit bundle --help says what it takes"),
]


@pytest.mark.parametrize(("words", "sentence", "hint"), REFUSED, ids=[case[1] for case in REFUSED])
def test_what_is_refused(refused, tiny, words, sentence, hint):
    refused(2, sentence, hint, "bundle", tiny, *words)


def test_a_recipe_that_is_not_there(refused):
    hint = f"edgekit brings: {RECIPES}; `edgekit new` writes one of your own"
    refused(2, "there is no recipe none.toml", hint, "bundle", "none.toml", "--for", "ios")


def test_a_report_that_is_not_there(refused, tiny):
    hint = "name a report.json, or the folder that holds it"
    words = ("bundle", tiny, "--for", "ios", "--report", "none.json")
    refused(1, "none.json: cannot be read: No such file or directory", hint, *words)


def test_a_broken_report_in_the_workspace(refused, tiny, tmp_path):
    path = write_report(tmp_path)
    path.write_text("[]")
    sentence = f"{path}: not an edgekit report"
    refused(1, sentence, "name a report.json that `edgekit run` or `bench` wrote", "bundle", tiny, "--for", "ios")
