"""What stands in the files of a bundle, number by number."""

import dataclasses
import json

import pytest
from bundle_parts import CPU, HALF, contents, golden, golden_artifact, many_ports, run_by

from edgekit.bundle import android, ios, sizes
from edgekit.bundle.contents import Measured, Running
from edgekit.datasets import Normalization
from edgekit.errors import ConvertError, DataError

SCALE = 0.0022785316687077284
"""Of the golden int8 model's output."""


def android_texts(made):
    return {name: content.decode() for name, content in android.files(made).items() if name != "model.tflite"}


def ios_texts(made):
    return {name: content.decode() for name, content in ios.files(made).items() if name != "model.tflite"}


def test_files_of_android():
    made = golden("int8")
    files = android.files(made)
    assert sorted(files) == ["Classifier.kt", "README.md", "labels.txt", "model.tflite", "normalization.json"]
    assert files["model.tflite"] == made.model
    assert files["labels.txt"] == b"a\nb\nc\n"


def test_a_label_stays_on_its_line():
    made = golden("int8", labels=("one\nline", "", "zwei"))
    assert android.files(made)["labels.txt"] == b"one?line\n\nzwei\n"


def test_normalization_json():
    made = golden("int8")
    data = json.loads(android.files(made)["normalization.json"])
    assert {key: data[key] for key in ("schema", "version", "edgekit", "recipe", "variant", "sha256")} == {
        "schema": "edgekit.bundle",
        "version": 1,
        "edgekit": "0.1.0",
        "recipe": "golden",
        "variant": "int8",
        "sha256": made.artifact.sha256,
    }
    (given,), (taken,) = data["inputs"], data["outputs"]
    assert given["normalization"] == {"mean": [0.25], "std": [0.5], "raw": "grey value 0..1"}
    assert (given["parameter"], given["shape"], given["dtype"], given["layout"]) == (
        "image",
        [1, 4, 4, 1],
        "int8",
        "NHWC",
    )
    assert (given["scale"], given["zero_point"]) == (made.artifact.inputs[0].scale, -128)
    assert (taken["parameter"], taken["scale"], taken["zero_point"]) == ("scores", SCALE, -128)


def test_kotlin_of_an_int8_model():
    made = golden("int8")
    text = android_texts(made)["Classifier.kt"]
    scale = made.artifact.inputs[0].scale
    assert f"DataType.INT8, intArrayOf(1, 4, 4, 1), {scale!r}f, -128)" in text
    assert f"input0Buffer.put(quantized((image[i] - 0.25f) / 0.5f, {scale!r}f, -128, -128, 127).toByte())" in text
    assert f"return FloatArray(3) {{ ((output0Buffer.get().toInt()) - (-128)) * {SCALE}f }}" in text
    assert "Interpreter.Options().setNumThreads(1).setUseXNNPACK(true)" in text
    assert "buffer(16)" in text
    assert "buffer(3)" in text
    assert "gpu" not in text


def test_kotlin_of_a_float_model():
    text = android_texts(golden("float", normalization=None))["Classifier.kt"]
    assert "input0Buffer.putFloat(image[i])" in text
    assert "return FloatArray(3) { output0Buffer.getFloat() }" in text
    assert "buffer(64)" in text
    assert "quantized" not in text


@pytest.mark.parametrize(
    ("running", "lines", "libraries"),
    [
        (
            CPU,
            ["Options().setNumThreads(1).setUseXNNPACK(true)"],
            ["tensorflow-lite:2.16.1", "tensorflow-lite-api:2.16.1"],
        ),
        (
            run_by("cpu", 4),
            ["accelerator = XnnpackDelegate(4)", "setNumThreads(4)", "setUseXNNPACK(false).addDelegate(accelerator)"],
            ["tensorflow-lite:2.16.1", "tensorflow-lite-api:2.16.1", "jna:5.14.0@aar"],
        ),
        (
            run_by("cpu-default"),
            ["val options = Interpreter.Options()\n"],
            ["tensorflow-lite:2.16.1", "tensorflow-lite-api:2.16.1"],
        ),
        (
            run_by("gpu", 2),
            ["GpuDelegate(GpuDelegateFactory.Options())", "setNumThreads(2)", "setUseXNNPACK(accelerator == null)"],
            [
                "tensorflow-lite:2.16.1",
                "tensorflow-lite-api:2.16.1",
                "tensorflow-lite-gpu:2.16.1",
                "tensorflow-lite-gpu-api:2.14.0",
            ],
        ),
        (
            run_by("nnapi"),
            ["if (Build.VERSION.SDK_INT >= 27) NnApiDelegate(NnApiDelegate.Options())"],
            ["tensorflow-lite:2.16.1", "tensorflow-lite-api:2.16.1"],
        ),
    ],
    ids=["cpu", "four threads", "cpu-default", "gpu", "nnapi"],
)
def test_the_delegate_that_measured_best(running, lines, libraries):
    texts = android_texts(golden("float", running))
    for line in lines:
        assert line in texts["Classifier.kt"]
    assert ("XnnpackDelegate.kt" in texts) is (running.threads > 1 and running.delegate == "cpu")
    gradle = [line.strip() for line in texts["README.md"].splitlines() if "implementation(" in line]
    assert [line.partition('("')[2].removesuffix('")').partition(":")[2] for line in gradle] == libraries


def test_readme_of_android():
    rows = (
        Measured(target="android:X|Y:gpu", status="ok", latency_ns=1_234_000.0),
        Measured(target="android:X|Y:cpu", status="functional", latency_ns=None),
    )
    running = Running(
        delegate="gpu", threads=2, why="the fastest on android:X: gpu 1.23 ms", on_a_phone=True, rows=rows
    )
    text = android_texts(golden("int8", running))["README.md"]
    assert "# golden, variant int8, for Android\n" in text
    assert "* **How it is run**: `gpu`, 2 threads. The fastest on android:X: gpu 1.23 ms.\n" in text
    assert f"| output | `serving_default_output_0_output` | `scores` | 1x3 | int8 | - | {SCALE} | -128 |\n" in text
    assert "* `image`: (raw - 0.25) / 0.5, raw: grey value 0..1.\n" in text
    assert "| `android:X/Y:gpu` | ok | 1.23 ms |\n| `android:X/Y:cpu` | functional | - |\n" in text
    assert "No phone decided this" not in text
    assert 'androidResources { noCompress += "tflite" }' in text
    assert "`com.google.ai.edge.litert:litert`" in text
    assert "val (label, score) = model.ranked(scores).first()" in text
    assert (
        "| `org.tensorflow:tensorflow-lite-gpu:2.16.1`, `org.tensorflow:tensorflow-lite-gpu-api:2.14.0` | 1962408 / "
        in text
    )


def test_without_a_phone_the_readme_says_so():
    text = android_texts(golden("float"))["README.md"]
    assert (
        "* **No phone decided this.** Attach one, `edgekit run` with `--target 'android:*:*'`, then bundle again.\n"
        in text
    )
    assert "No report of edgekit holds a measurement of this file.\n" in text


def test_sizes_that_are_kept():
    """The bytes of the libraries as they lie in the AARs of Maven Central."""
    kept = sizes.load()
    assert {abi: size.bytes for abi, size in kept.of("base").native.items()} == {
        "arm64-v8a": 3401672,
        "armeabi-v7a": 2247588,
        "x86": 4463380,
        "x86_64": 4543720,
    }
    assert {abi: size.bytes for abi, size in kept.of("gpu").native.items()} == {
        "arm64-v8a": 1962408,
        "armeabi-v7a": 1268084,
        "x86": 2267200,
        "x86_64": 2176000,
    }
    for library in kept.libraries:
        for size in (*library.native.values(), library.dex):
            assert 0.2 < size.compressed_bytes / size.bytes < 0.6


def test_every_dtype_and_odd_names():
    made = many_ports()
    assert [port.word for port in made.inputs] == ["fun_", "token_ids", "token_ids_", "input3_1st", "interpreter_"]
    assert [port.word for port in made.outputs] == [f"output{index}" for index in range(5)]
    text = android_texts(made)["Predictor.kt"]
    assert "fun run(fun_: FloatArray, token_ids: IntArray, token_ids_: LongArray, input3_1st: FloatArray, " in text
    assert "private val input0Mean = floatArrayOf(-1.5f, 0.0f, 2.0f)" in text
    assert "(fun_[i] - input0Mean[i % 3]) / input0Std[i % 3], 0.5f, 3, 0, 255).toByte())" in text
    assert "quantized(input3_1st[i], 1e-05f, 0, -32768, 32767).toShort())" in text
    assert "(interpreter_[i] - (-0.5f)) / 2.0f" in text
    assert "FloatArray(4) { ((output0Buffer.get().toInt() and 0xFF) - 128) * 0.25f }" in text
    assert "LongArray(2) { output1Buffer.getLong() }" in text
    assert "a / * b * / c" in text, "a comment in the data source's words must not end the code's own"


def test_a_dtype_without_kotlin():
    artifact, content = golden_artifact("float")
    half = dataclasses.replace(artifact.inputs[0], dtype="float16")
    made = contents(dataclasses.replace(artifact, inputs=(half,)), content, CPU, ("image",), (None,), ())
    with pytest.raises(ConvertError) as caught:
        android.files(made)
    assert caught.value.message == f"{half.name} is float16: no Kotlin is written for that"


@pytest.mark.parametrize(
    ("normalization", "sentence"),
    [
        ((), None),
        ((HALF, HALF), "the data source has a normalization for 2 inputs, the file has 1"),
        (
            (Normalization(mean=(0.0, 1.0), std=(1.0,)),),
            "normalization of input image: mean has 2 numbers",
        ),
        (
            (Normalization(mean=(0.0,), std=(0.0,)),),
            "normalization of input image: std [0.0] divides by zero or is not finite",
        ),
        (
            (Normalization(mean=(float("nan"),), std=(1.0,)),),
            "normalization of input image: mean [nan] divides by zero or is not finite",
        ),
    ],
)
def test_a_normalization_that_does_not_fit(normalization, sentence):
    artifact, content = golden_artifact("float")
    if sentence is None:
        assert contents(artifact, content, CPU, ("image",), normalization, ()).inputs[0].normalization is None
        return
    with pytest.raises(DataError) as caught:
        contents(artifact, content, CPU, ("image",), normalization, (), channels_last=(0,))
    assert caught.value.message == sentence


def test_the_benchmark_apps_parameters():
    """Text values alone: the app calls each one's UTF8String."""
    running = dataclasses.replace(CPU, threads=2)
    assert json.loads(ios.parameters(golden("int8", running))) == {
        "benchmark_name": "golden-int8",
        "num_threads": "2",
        "num_runs": "64",
        "warmup_runs": "10",
        "graph": "model.tflite",
        "input_layer": "serving_default_args_0",
        "input_layer_shape": "1,4,4,1",
        "run_delay": "-1",
    }


def test_several_inputs_for_the_benchmark_app():
    values = json.loads(ios.parameters(many_ports()))
    assert values["input_layer"] == "a:0,b_0,c|0,d,e"
    assert values["input_layer_shape"] == "1,2,2,3:1,5:1,7:1,2:1,2,3"


def test_ios_of_a_float_model_has_swift():
    texts = ios_texts(golden("float"))
    assert sorted(texts) == [
        "Classifier.swift",
        "README.md",
        "benchmark_params.json",
        "labels.txt",
        "normalization.json",
    ]
    swift = texts["Classifier.swift"]
    assert "// NOT COMPILED: " in swift
    assert "func run(image: [Float]) throws -> [Float] {" in swift
    assert "let input0: [Float] = image.enumerated().map { ($0.element - 0.25) / 0.5 }" in swift
    assert "options.threadCount = 1" in swift
    assert "There is no Core ML package in this bundle: the recipe has no variant" in texts["README.md"]
    assert "**edgekit has not compiled it**" in texts["README.md"]


def test_ios_of_an_int8_model_says_why_it_has_none():
    texts = ios_texts(golden("int8"))
    assert sorted(texts) == ["README.md", "benchmark_params.json", "labels.txt", "normalization.json"]
    assert "There is no Swift file, for this model has int8 inputs or outputs" in texts["README.md"]
