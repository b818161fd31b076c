"""Contents of bundles for tests: the golden models, and files that no golden model is like."""

import dataclasses
import hashlib
from pathlib import Path

from edgekit.artifact import Artifact, Parity, TensorInfo, compressed_size
from edgekit.bundle.contents import Contents, Measured, Running, ports
from edgekit.datasets import Normalization
from edgekit.tflite import read

GOLDEN = Path(__file__).resolve().parent / "golden" / "runner"
HALF = Normalization(mean=(0.25,), std=(0.5,), raw="grey value 0..1")
CPU = Running(delegate="cpu", threads=1, why="nothing was measured", on_a_phone=False)
PLAN = {"min_samples": 64.0, "threads": 1.0}
GOOD = Parity(rule="float32", passed=True, measure="max error", value=0.0, limit=1e-4, samples=5)


def golden_artifact(name: str) -> tuple[Artifact, bytes]:
    """`float` or `int8` of tests/golden/runner: one image 1x4x4x1 in, three values out."""
    content = (GOLDEN / f"{name}.tflite").read_bytes()
    main = read(content, name).main

    def infos(indices):
        for tensor in (main.tensors[index] for index in indices):
            found = tensor.quantization
            yield TensorInfo(
                name=tensor.name,
                shape=tensor.shape,
                dtype=tensor.dtype,
                scale=found.scales[0] if found else None,
                zero_point=found.zero_points[0] if found else None,
            )

    artifact = Artifact(
        file=f"{name}.tflite",
        format="tflite",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        compressed_bytes=compressed_size(content),
        recipe="golden",
        variant=name,
        precision={"float": "float32"}.get(name, name),
        parameters=1,
        macs=1,
        inputs=tuple(infos(main.inputs)),
        outputs=tuple(infos(main.outputs)),
        source_sha256="",
        parity=GOOD,
    )
    return artifact, content


def golden(name: str, running: Running = CPU, normalization=HALF, labels=("a", "b", "c")) -> Contents:
    """A bundle's contents for a golden model."""
    artifact, content = golden_artifact(name)
    return contents(artifact, content, running, ("image",), (normalization,), labels, channels_last=(0,))


def contents(artifact, content, running, input_names, normalization, labels, *, channels_last=()) -> Contents:
    """What pipeline/bundle.py would make of these."""
    inputs, outputs = ports(
        artifact,
        input_names=input_names,
        normalization=normalization,
        channels_last=channels_last,
        labelled=bool(labels),
    )
    return Contents(
        edgekit="0.1.0",
        recipe="golden",
        why="asked for",
        artifact=artifact,
        model=content,
        inputs=inputs,
        outputs=outputs,
        labels=tuple(labels),
        running=running,
        plan=PLAN,
    )


def many_ports(running: Running = CPU) -> Contents:
    """Every dtype that code is written for, names that no code takes, several outputs: described, never run."""
    artifact, content = golden_artifact("float")
    inputs = (
        TensorInfo(name="a:0", shape=(1, 2, 2, 3), dtype="uint8", scale=0.5, zero_point=3),
        TensorInfo(name="b,0", shape=(1, 5), dtype="int32"),
        TensorInfo(name="c|0", shape=(1, 7), dtype="int64"),
        TensorInfo(name="d", shape=(1, 2), dtype="int16", scale=1e-05, zero_point=0),
        TensorInfo(name="e", shape=(1, 2, 3), dtype="float32"),
    )
    outputs = (
        TensorInfo(name="x", shape=(1, 4), dtype="uint8", scale=0.25, zero_point=128),
        TensorInfo(name="y", shape=(1, 2), dtype="int64"),
        TensorInfo(name="z", shape=(1, 2), dtype="int16", scale=0.125, zero_point=0),
        TensorInfo(name="w", shape=(1, 2), dtype="float32"),
        TensorInfo(name="v", shape=(1, 2), dtype="int32"),
    )
    artifact = dataclasses.replace(artifact, inputs=inputs, outputs=outputs)
    per_channel = Normalization(mean=(-1.5, 0.0, 2.0), std=(1.0, 2.0, 1e-07), raw="a /* b */ c")
    names = ("fun", "token ids", "token.ids", "1st", "interpreter")
    normalization = (per_channel, None, None, None, Normalization(mean=(-0.5,), std=(2.0,)))
    return contents(artifact, content, running, names, normalization, (), channels_last=(0,))


def run_by(delegate: str, threads: int = 1) -> Running:
    """As a phone measured it."""
    rows = (Measured(target=f"android:X:{delegate}", status="ok", latency_ns=1_200_000.0),)
    return Running(delegate=delegate, threads=threads, why="the fastest", on_a_phone=True, rows=rows)
