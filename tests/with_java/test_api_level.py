"""Calls that Android 8 (API 26) does not have end the build: javac and D8 say nothing of them."""

import shutil
import subprocess

import pytest
from android_app import RUNNER

NEWER = {
    "android.app.Application.getProcessName()": "android.app.Application.getProcessName()",  # API 28
    "android.os.VibrationEffect.startComposition().toString()": "VibrationEffect.startComposition()",  # API 30
}
"""An expression of type String -> what the sentence names."""


@pytest.fixture(scope="module")
def copy(apk, tmp_path_factory):
    """The app's sources and what its build fetched."""
    folder = tmp_path_factory.mktemp("app")
    for name in ("src/main", "target/aar", "target/lib"):
        shutil.copytree(RUNNER / name, folder / name)
    shutil.copy(RUNNER / "pom.xml", folder)
    return folder


def compiled(folder, release="8"):
    """(exit code, errors) of Maven's compilation and check."""
    text = (RUNNER / "pom.xml").read_text().replace("<release>8</release>", f"<release>{release}</release>")
    (folder / "pom.xml").write_text(text)
    shutil.rmtree(folder / "target/classes", ignore_errors=True)
    done = subprocess.run(["mvn", "-B", "-o", "process-classes"], cwd=folder, capture_output=True, text=True)
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("[ERROR]")]


def test_newer_calls_of_android(copy):
    place = copy / "src/main/java/dev/edgekit/runner/Newer.java"
    methods = [f"static String call{n}() {{ return {call}; }}" for n, call in enumerate(NEWER)]
    place.write_text("package dev.edgekit.runner;\nfinal class Newer {\n" + "\n".join(methods) + "\n}\n")
    try:
        code, errors = compiled(copy)
    finally:
        place.unlink()
    assert code != 0
    for name in NEWER.values():
        assert any("Undefined reference" in line and name in line for line in errors), (name, errors)


def test_the_sources_compiled_for_java_11_would_miss_methods_on_a_phone(copy):
    """ByteBuffer.rewind() of Java 9 and later returns a ByteBuffer, Android 8's a Buffer."""
    code, errors = compiled(copy, "11")
    assert code != 0
    assert any("java.nio.ByteBuffer java.nio.ByteBuffer.rewind()" in line for line in errors)


def test_as_they_are_they_pass(copy):
    assert compiled(copy) == (0, [])
