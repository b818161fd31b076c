"""The Kotlin of an Android bundle: compiled against TFLite's own classes, and run on the JVM over its own library."""

import os
import subprocess
from pathlib import Path

import bundle_parts
import numpy as np
import pytest
from android_app import RUNNER, unavailable
from bundle_parts import GOLDEN, golden, many_ports, run_by

from edgekit.bundle import android

HERE = Path(__file__).resolve().parent
TARGET = RUNNER / "target"
AARS = ("tensorflow-lite", "tensorflow-lite-api", "tensorflow-lite-gpu", "tensorflow-lite-gpu-api", "jna")
CASES = {
    "float": golden("float"),
    "int8": golden("int8"),
    "plain": golden("int8", run_by("cpu-default"), normalization=None),
    "gpu": golden("float", run_by("gpu")),
    "nnapi": golden("int8", run_by("nnapi")),
    "three": golden("float", run_by("cpu", threads=3)),
    "many": many_ports(),
}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("apk")]  # the build leaves TFLite's libraries and the shim


@pytest.fixture(scope="module")
def compiler(tmp_path_factory):
    """Class path of the Kotlin compiler, from Maven."""
    folder = tmp_path_factory.mktemp("kotlin")
    command = ["mvn", "-B", "-q", "-f", HERE / "kotlin.xml", "dependency:copy-dependencies"]
    done = subprocess.run([*command, f"-DoutputDirectory={folder}"], capture_output=True, text=True)
    if done.returncode != 0:
        unavailable(f"Maven could not fetch the Kotlin compiler: {done.stdout.strip().splitlines()[:1]}")
    return sorted(folder.glob("*.jar"))


@pytest.fixture(scope="module")
def classes(compiler, tmp_path_factory):
    """Every case's Kotlin, each in a package of its own, compiled in one go, warnings as errors."""
    folder = tmp_path_factory.mktemp("bundles")
    sources = [HERE / "BundleMain.kt"]
    for case, contents in CASES.items():
        for name, content in android.files(contents).items():
            if name.endswith(".kt"):
                place = folder / case / name
                place.parent.mkdir(exist_ok=True)
                package = "package dev.edgekit.bundle\n"
                assert content.decode().count(package) == 1
                place.write_text(content.decode().replace(package, f"package dev.edgekit.bundle.{case}\n"))
                sources.append(place)
    libraries = [TARGET / "aar" / name / "classes.jar" for name in AARS]
    path = ":".join(map(str, [*libraries, TARGET / "lib" / "android-all.jar"]))
    command = ["java", "-Xmx900m", "-cp", ":".join(map(str, compiler)), "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"]
    command += ["-no-stdlib", "-no-reflect", "-Werror", "-jvm-target", "11", "-d", str(folder / "classes")]
    standard = next(jar for jar in compiler if jar.name.startswith("kotlin-stdlib"))
    done = subprocess.run(
        [*command, "-cp", f"{path}:{standard}", *map(str, sources)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return ":".join(map(str, [folder / "classes", standard, *libraries]))


def test_every_kind_compiles(classes):
    folder = Path(classes.partition(":")[0]) / "dev/edgekit/bundle"
    made = {str(path.relative_to(folder)) for path in folder.rglob("*.class") if "$" not in path.name}
    assert made == {
        *(f"{case}/Classifier.class" for case in CASES if case != "many"),
        "many/Predictor.class",
        "three/XnnpackDelegate.class",
    }


def kotlin(classes, case, model, tmp_path, samples):
    """Lines by their first word."""
    (tmp_path / "samples.bin").write_bytes(samples.astype("<f4").tobytes())
    native = TARGET / "aar" / "tensorflow-lite" / "jni" / "x86_64"
    gpu = TARGET / "aar" / "tensorflow-lite-gpu" / "jni" / "x86_64"
    flags = [f"-Djava.library.path={native}:{gpu}", f"-Djna.library.path={native}"]
    flags += [f"-Djna.boot.library.path={TARGET / 'aar' / 'jna' / 'jni' / 'x86_64'}", "-Djna.nounpack=true"]
    done = subprocess.run(
        ["java", *flags, "-cp", classes, "dev.edgekit.test.BundleMainKt", case, model, tmp_path / "samples.bin"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "LD_LIBRARY_PATH": f"{TARGET / 'shim' / 'lib'}:{native}:{gpu}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return [line.partition(" ")[::2] for line in done.stdout.splitlines()]


def scores(lines):
    return np.array([[float(value) for value in rest.split()] for word, rest in lines if word == "scores"])


RAW = np.random.default_rng(3).random((8, 16)).astype(np.float32)
RAW[0] = 1e30  # saturates
RAW[1] = -1e30


def python(name, normalization):
    """(8, 3) real outputs of the same file here, and the output's scale."""
    from ai_edge_litert.interpreter import Interpreter

    model = Interpreter(model_path=str(GOLDEN / f"{name}.tflite"), num_threads=1)
    model.allocate_tensors()
    given, taken = model.get_input_details()[0], model.get_output_details()[0]
    values = RAW if normalization is None else (RAW - np.float32(0.25)) / np.float32(0.5)
    rows = []
    for row in values:
        scale, zero = given["quantization"]
        image = row.reshape(1, 4, 4, 1)
        if scale:
            steps = np.rint(image / np.float32(scale)) + zero
            image = np.clip(steps, -128, 127).astype(np.int8)
        model.set_tensor(given["index"], image)
        model.invoke()
        raw = model.get_tensor(taken["index"])[0].astype(np.float32)
        scale, zero = taken["quantization"]
        rows.append((raw - np.float32(zero)) * np.float32(scale) if scale else raw)
    return np.array(rows), scale


@pytest.mark.parametrize("case", ["float", "int8", "plain", "gpu", "three"])
def test_it_computes_what_the_python_runtime_computes(classes, case, tmp_path):
    name = "int8" if case in ("int8", "plain") else "float"
    lines = kotlin(classes, case, GOLDEN / f"{name}.tflite", tmp_path, RAW)
    expected, scale = python(name, None if case == "plain" else bundle_parts.HALF)
    got = scores(lines)
    assert got.shape == (8, 3)
    assert np.ptp(expected[2:], axis=0).max() > 0.05, "samples that all give the same would prove nothing"
    if name == "int8":
        steps = np.abs(got - expected) / scale
        assert steps.max() <= 1.01  # another version of the kernels
        assert (steps < 0.01).mean() >= 0.9
    else:
        assert np.allclose(got[2:], expected[2:], atol=1e-5)
    best = [rest.split()[0] for word, rest in lines if word == "best"]
    assert best == ["abc"[index] for index in got.argmax(axis=1)]
    if case == "gpu":
        assert ("delegate", "cpu") in lines, "there is no GPU here, and the code must say so"
    if case == "three":
        assert ("threads", "2") in lines, "XNNPACK's pool: the caller and two more"


def test_another_model_is_refused(classes, tmp_path):
    lines = kotlin(classes, "float", GOLDEN / "int8.tflite", tmp_path, RAW[:1])
    (line,) = lines
    assert line[0] == "IllegalStateException:"
    assert line[1].startswith("this is not the model.tflite that Classifier.kt was written for (tensor serving_default")


def test_too_few_values_are_refused(classes, tmp_path):
    lines = kotlin(classes, "short", GOLDEN / "float.tflite", tmp_path, RAW[:1])
    assert lines == [("IllegalArgumentException:", "image has 15 values, the model takes 16")]
