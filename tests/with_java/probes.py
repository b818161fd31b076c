"""What the real TFLite library for Android takes: every operator and version, asked of it in one Java process.

The x86_64 library of the AAR runs on the desktop's Java through the glibc shim (android_runner/shim).
"""

import os
import struct
import subprocess
import tempfile
from pathlib import Path

import flatbuffers

from edgekit.tflite.operators import OPERATORS

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "android_runner" / "target"
NEWEST = 20
"""Highest version asked for: no operator of any TFLite so far has come so far."""
CUSTOM = OPERATORS.index("CUSTOM")


def only_code(number: int, version: int) -> bytes:
    """A model whose one operator code nothing uses: the runtime looks it up all the same."""
    return _model(number, version, "", used=False)


def custom(name: str) -> bytes:
    """A model of one custom operator."""
    return _model(CUSTOM, 1, name, used=True)


def _model(number: int, version: int, name: str, *, used: bool) -> bytes:
    """One operator code; one graph with a tensor in, a tensor out, and the operator between them where it is used."""
    builder = flatbuffers.Builder(1024)

    def table(slots: int, **fields) -> int:
        builder.StartObject(slots)
        for field, (kind, value) in fields.items():
            getattr(builder, f"Prepend{kind}Slot")(int(field[1:]), value, 0)
        return builder.EndObject()

    def offsets(items: list[int]) -> int:
        builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            builder.PrependUOffsetTRelative(item)
        return builder.EndVector()

    def numbers(items: list[int]) -> int:
        builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            builder.PrependInt32(item)
        return builder.EndVector()

    def offset(place: int) -> tuple[str, int]:
        return "UOffsetTRelative", place

    label, shape = builder.CreateString(name or "t"), numbers([1])
    tensors = [table(4, f0=offset(shape), f3=offset(label)) for _ in range(2)]
    first, second = numbers([0]), numbers([1])
    operators = [table(3, f1=offset(first), f2=offset(second))] if used else []
    tensor_list, operator_list = offsets(tensors), offsets(operators)
    graph = table(5, f0=offset(tensor_list), f1=offset(first), f2=offset(second), f3=offset(operator_list))
    code_fields = {"f0": ("Int8", min(number, 127)), "f2": ("Int32", version), "f3": ("Int32", number)}
    code = table(4, **code_fields, **({"f1": offset(label)} if name else {}))
    codes, graphs, buffers = offsets([code]), offsets([graph]), offsets([table(1)])
    root = table(5, f0=("Uint32", 3), f1=offset(codes), f2=offset(graphs), f4=offset(buffers))
    builder.Finish(root, b"TFL3")
    return bytes(builder.Output())


def answers(models: list[bytes], target: Path = TARGET) -> list[str]:
    """For each model "ok", or what the library says."""
    aar = target / "aar"
    native = aar / "tensorflow-lite" / "jni" / "x86_64"
    content = b"".join(struct.pack(">i", len(model)) + model for model in models) + struct.pack(">i", 0)
    classes = f"{aar / 'tensorflow-lite' / 'classes.jar'}:{aar / 'tensorflow-lite-api' / 'classes.jar'}"
    flags = [f"-Djava.library.path={native}", "-cp", classes]
    with tempfile.TemporaryDirectory() as temporary:  # a JVM that crashes writes its account into the current folder
        done = subprocess.run(
            ["java", *flags, str(Path(__file__).with_name("Versions.java"))],
            input=content,
            capture_output=True,
            check=True,
            timeout=300,
            cwd=temporary,
            env={**os.environ, "LD_LIBRARY_PATH": f"{target / 'shim' / 'lib'}:{native}"},
        )
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(models), done.stderr.decode()[-2000:]
    return lines


def builtin_versions(target: Path = TARGET) -> dict[str, list[int]]:
    """Every builtin operator that the library has -> the versions that it takes."""
    asked = [
        (name, number, version)
        for number, name in enumerate(OPERATORS)
        if name not in ("CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES")
        for version in range(1, NEWEST + 1)
    ]
    found: dict[str, list[int]] = {}
    said = answers([only_code(number, version) for _, number, version in asked], target)
    for (name, _, version), answer in zip(asked, said, strict=True):
        if answer == "ok":
            found.setdefault(name, []).append(version)
        else:
            assert "find op for builtin opcode" in answer or "builtin_code out of range" in answer, (
                name,
                version,
                answer,
            )
    return found
