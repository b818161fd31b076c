"""Every artifact of every recipe on TFLite's own Android library, by the code inside the signed APK.

The APK's dex is turned back into classes and runs on a desktop's Java; the native libraries are the APK's (x86_64),
over the glibc shim. Only the stand-in phone around them is the Java tests'.
"""

import dataclasses
import os
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import torch
from android_app import RUNNER, built_apk, unavailable

from edgekit import __version__
from edgekit.convert.recurrent import direct, ranges_of
from edgekit.convert.recurrent_modules import recurrence_of
from edgekit.device.adb import sha256_of
from edgekit.pipeline import judge
from edgekit.runner import protocol
from edgekit.runner.batch import run_batch
from edgekit.runner.protocol import Case, FileRef, InputData, Job, SamplePlan
from edgekit.targets.android_answer import unpack
from edgekit.tflite import read, read_file
from edgekit.tflite.structure import ModelFile, rounds_at_run_time

SAMPLES = 5
DELEGATES = (("cpu", 1), ("cpu", 2), ("cpu-default", 1), ("gpu", 1), ("nnapi", 1))
TARGET = RUNNER / "target"


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """A folder with classes.jar and lib/x86_64 out of the APK."""
    if shutil.which("enjarify") is None:
        unavailable("no enjarify on PATH: apt install enjarify")
    import sys

    sys.path.insert(0, str(RUNNER / "device"))
    from phone.apk import read as read_apk

    return read_apk(built_apk(), tmp_path_factory.mktemp("apk"), "base.apk").folder


def reference(path, name):
    return FileRef(file=name, sha256=sha256_of(path), size_bytes=path.stat().st_size)


def job_for(folder, artifact, model: ModelFile):
    """(job, inputs): one case a delegate, random samples that the float files and the int8 files take alike.

    Whole-number inputs are ids 0..9.
    """
    graph, generator = model.subgraphs[0], np.random.default_rng(0)
    shutil.copy(artifact, folder / "model.tflite")
    arrays, inputs = [], []
    for index in graph.inputs:
        tensor = graph.tensors[index]
        shape, dtype = (SAMPLES, *tensor.shape[1:]), "int32" if tensor.dtype == "int32" else "float32"
        array = generator.integers(0, 10, shape) if dtype == "int32" else generator.uniform(-1, 1, shape)
        array = array.astype(dtype)
        (folder / f"{index}.bin").write_bytes(array.tobytes())
        arrays.append(array)
        data = reference(folder / f"{index}.bin", f"{index}.bin")
        inputs.append(InputData(name=tensor.name, data=data, dtype=dtype, shape=tuple(tensor.shape), count=SAMPLES))
    case = Case(
        id="x",
        artifact=reference(folder / "model.tflite", "model.tflite"),
        delegate="cpu",
        inputs=tuple(inputs),
        samples=SamplePlan(min_runs=3, min_ns=0, max_runs=3),
        warmup=dataclasses.replace(protocol.Warmup(), min_runs=2, in_a_row=1, min_ns=0, max_ns=50_000_000),
        outputs="all",
    )
    cases = tuple(
        dataclasses.replace(case, id=f"{delegate}-{threads}", delegate=delegate, threads=threads)
        for delegate, threads in DELEGATES
    )
    return Job(id="library", edgekit=__version__, cases=cases), arrays


def launch(unpacked, folder, job):
    """The run of one process, its outputs under folder/answer."""
    (folder / "job.json").write_text(protocol.dump_job(job))
    libraries = f"{unpacked}/lib/x86_64"
    classes = f"{unpacked}/classes.jar:{TARGET / 'test-classes'}:{TARGET / 'lib/android-all.jar'}"
    # enjarify writes no stack maps: nothing to verify bytecode with
    flags = ["-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote", "-XX:-BytecodeVerificationLocal"]
    flags += [f"-Djna.boot.library.path={libraries}", f"-Djava.library.path={libraries}", "-cp", classes]
    done = subprocess.run(
        ["java", *flags, "dev.edgekit.runner.OnJvm", str(folder), job.id, str(folder / "out")],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        cwd=folder,
        env={
            **os.environ,
            "LD_LIBRARY_PATH": f"{TARGET / 'shim/lib'}:{libraries}",
            "SHIM_LOG": str(folder / "log.txt"),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    content = (folder / "out/answers" / f"{job.id}.zip").read_bytes()
    return unpack(content, job, folder / "answer", serial="the JVM")


def check(unpacked, folder, artifact, left=2):
    """cpu and cpu-default compute what the desktop computes; gpu and nnapi say truly why they do not."""
    model = read(read_file(artifact), str(artifact))
    job, arrays = job_for(folder, artifact, model)
    run = launch(unpacked, folder, job)
    assert (run.environment.runner, run.environment.runtime_version) == ("android", "2.16.1")
    cases = {case.id: case for case in run.cases}
    expected = run_batch(artifact, arrays).raw
    operators = len(model.subgraphs[0].operators)
    for name in ("cpu-1", "cpu-2", "cpu-default-1"):
        case = cases[name]
        assert (case.status, case.reason) == ("ok", ""), name
        raws = [judge.read_output(output, folder / "answer") for output in case.outputs]
        parity = judge.target_parity(case, raws, expected, rounded=rounds_at_run_time(model))
        assert parity.passed, (name, parity)
        assert len(case.samples.latency_ns) == 3
        assert case.nodes.total == operators
        assert case.nodes.total - case.nodes.delegated <= left  # 2.16.1's XNNPACK takes less than the desktop's
        assert case.nodes.plan_length == case.nodes.total - case.nodes.delegated + case.nodes.partitions
    made = cases["cpu-2"].threads.seen_after - cases["cpu-2"].threads.seen_before
    stayed = cases["cpu-2"].nodes.total - cases["cpu-2"].nodes.delegated
    assert made in ((1, 2) if stayed else (1,))  # nodes that stay on the CPU get a thread of their own
    assert cases["gpu-1"].status == "unsupported"
    assert cases["gpu-1"].reason == "the GPU delegate does not support this device (its CompatibilityList)"
    nnapi = cases["nnapi-1"]
    assert (nnapi.status, nnapi.reason) == ("fell back", f"fell back: 0 of {operators} nodes delegated to nnapi")
    assert (nnapi.samples.latency_ns, nnapi.nodes.delegated) == ((), 0)


def check_all(unpacked, folder, artifacts, count, left=2):
    """`check` every .tflite file in a folder of `count`; at most `left` nodes stay with TFLite's own kernels."""
    found = sorted(artifacts.glob("*.tflite"))
    assert len(found) == count
    for artifact in found:
        (folder / artifact.stem).mkdir()
        check(unpacked, folder / artifact.stem, artifact, left)


def test_digits(unpacked, digits, tmp_path):
    check_all(unpacked, tmp_path, digits[0] / "artifacts/digits-cnn", 4)


def test_a_network_of_two_inputs(edgekit, unpacked, tmp_path):
    code, _, said = edgekit("convert", "tests/recipes/two-inputs.toml", "--workspace", tmp_path / "work")
    assert code == 0, said
    check_all(unpacked, tmp_path, tmp_path / "work/artifacts/two-inputs", 3)


def test_recurrent_networks(unpacked, recurrent, tmp_path):
    """2.16.1's XNNPACK leaves the int8 layers with a bias: one a gate, outside the recurrence, and the classifier."""
    name, workspace, _ = recurrent
    left = {"vowels-rnn": 4, "digits-speech-rnn": 5}[name]
    check_all(unpacked, tmp_path, workspace / "artifacts" / name, 3, left=left)


@pytest.mark.parametrize(
    ("kind", "form", "precisions"),
    [
        ("lstm", "fused", ("float32", "fp16", "int8-dynamic")),
        ("lstm", "looped", ("float32", "fp16", "int8-dynamic", "int8")),
        ("gru", "looped", ("float32", "fp16", "int8-dynamic", "int8")),
    ],
)
def test_recurrent_forms(unpacked, tmp_path, kind, form, precisions):
    """Both ways, all steps: no state stays from one sample to the next, and each sample ran three times before."""
    torch.manual_seed(0)
    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](12, 32, bidirectional=True, batch_first=True)
    recurrence = recurrence_of(layer, kind)
    ranges = ranges_of(recurrence, np.random.default_rng(1).uniform(-1, 1, (20, 9, 12)).astype(np.float32))
    for precision in precisions:
        path = tmp_path / f"{precision}.tflite"
        path.write_bytes(direct(recurrence, form, precision, (1, 9, 12), outputs=["sequence"], ranges=ranges))
        (tmp_path / precision).mkdir()
        check(unpacked, tmp_path / precision, path, left=40)


def test_snippets(unpacked, snippets, tmp_path):
    """Of 79 nodes 2.16.1's XNNPACK leaves 17 (float32) and 24 (int8); the desktop's leaves 4."""
    check_all(unpacked, tmp_path, snippets[0] / "artifacts/snippets-transformer", 3, left=24)


@pytest.mark.slow
def test_photographs(unpacked, photographs, tmp_path):
    check_all(unpacked, tmp_path, photographs[0] / "artifacts/efficientnet-lite0", 3)


def test_the_classes_are_those_of_the_signed_apk(unpacked):
    with zipfile.ZipFile(f"{unpacked}/classes.jar") as jar:
        assert "dev/edgekit/runner/CaseRunner.class" in jar.namelist()
    assert not (TARGET / "test-classes/dev/edgekit/runner/CaseRunner.class").exists()
