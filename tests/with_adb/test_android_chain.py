"""The whole chain, from a recipe to rows of a phone: real adbd, both ways of adb, the APK's own code and libraries."""

import json
import os
import subprocess
import sys

import pytest
from android_app import built_apk
from with_adb.endings import MODEL, ROOT

EMULATOR = "emulator: functional, how long it took is no latency"


@pytest.fixture
def edgekit(android, android_server):
    """edgekit(*words, adb=True) -> (exit code, {(variant, delegate): row}); adb=False: without the adb program."""
    built_apk()

    def run(*words, adb=True):
        environment = {name: value for name, value in os.environ.items() if name != "ANDROID_SERIAL"}
        environment["PYTHONPATH"] = str(ROOT)
        if adb:
            subprocess.run(["adb", "connect", android.serial], check=True, capture_output=True, timeout=30)
        else:
            environment["PATH"] = ""
        command = [sys.executable, "-m", "edgekit", *map(str, words), "--format", "json", "--quiet"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
        assert done.stdout.startswith("{"), done.stderr
        rows = json.loads(done.stdout)["rows"]
        return done.returncode, {(row["variant"], row["target"].rpartition(":")[2]): row for row in rows}

    return run


def test_a_recipe_reaches_every_delegate(edgekit, android, tmp_path):
    words = ("--target", f"android:{android.serial}:*", "--workspace", tmp_path, "--launches", 1, "--min-seconds", 0.02)
    code, rows = edgekit("run", "digits-cnn", *words)
    assert code == 6  # nnapi fell back
    variants = ("float32", "fp16", "int8", "pruned-qat-int8")
    assert set(rows) == {(name, delegate) for name in variants for delegate in ("cpu", "cpu-default", "gpu", "nnapi")}
    for name in variants:
        for delegate in ("cpu", "cpu-default"):
            row = rows[(name, delegate)]
            assert (row["status"], row["latency_ns"], row["cautions"]) == ("ok", None, [EMULATOR])
            assert (row["accuracy"]["where"], row["accuracy"]["samples"]) == ("target", 500)
            assert row["accuracy"]["value"] >= 0.95
            measurement = row["measurement"]
            assert measurement["target_parity"]["passed"]
            environment = measurement["environment"]
            assert (environment["runner"], environment["context"], environment["runtime_version"]) == (
                "android",
                "app",
                "2.16.1",
            )
            assert environment["device"] == "edgekit Android-like device"
            nodes = measurement["nodes"]
            assert nodes["total"] - nodes["delegated"] <= 2
            assert measurement["memory"]["pss_bytes"] > 10_000_000
        assert rows[(name, "gpu")]["status"] == "unsupported"
        assert "CompatibilityList" in rows[(name, "gpu")]["reason"]
        total = rows[(name, "cpu")]["measurement"]["nodes"]["total"]
        assert rows[(name, "nnapi")]["status"] == "fell back"
        assert rows[(name, "nnapi")]["reason"] == f"fell back: 0 of {total} nodes delegated to nnapi"


def test_without_the_adb_program_adb_shell_does_it(edgekit, android, tmp_path):
    int8 = MODEL.with_name("int8.tflite")
    words = ("--workspace", tmp_path, "--launches", 1, "--min-seconds", 0.02)
    target = f"android:{android.serial}:cpu"
    code, direct = edgekit("bench", MODEL, int8, "--target", target, *words, adb=False)
    assert code == 0
    code, through_adb = edgekit("bench", MODEL, int8, "--target", target, *words)
    assert code == 0
    for name in ("float", "int8"):
        assert direct[(name, "cpu")]["status"] == "ok"
        values = [rows[(name, "cpu")]["measurement"]["first_values"] for rows in (direct, through_adb)]
        assert values[0] == values[1] != []


def test_an_app_of_another_version_is_replaced(edgekit, android, tmp_path):
    words = ("bench", MODEL, "--target", f"android:{android.serial}:cpu", "--workspace", tmp_path, "--launches", 1)
    assert edgekit(*words, "--min-seconds", 0.02)[0] == 0
    installed = android.shell("pm path dev.edgekit.runner").stdout
    assert edgekit(*words, "--min-seconds", 0.02)[0] == 0
    assert android.shell("pm path dev.edgekit.runner").stdout == installed  # the same APK is left alone
    android.install(built_apk().with_name("edgekit-runner-x86_64.apk"))
    other = android.shell("sha256sum $(pm path dev.edgekit.runner | cut -d: -f2)").stdout.split()[0]
    assert edgekit(*words, "--min-seconds", 0.02)[0] == 0
    now = android.shell("sha256sum $(pm path dev.edgekit.runner | cut -d: -f2)").stdout.split()[0]
    assert now != other


def test_settings_of_the_screen_are_put_back(edgekit, android, tmp_path):
    android.shell("settings put global stay_on_while_plugged_in 3")
    words = ("bench", MODEL, "--target", f"android:{android.serial}:cpu", "--workspace", tmp_path, "--launches", 1)
    assert edgekit(*words, "--min-seconds", 0.02)[0] == 0
    assert android.shell("settings get global stay_on_while_plugged_in").stdout.strip() == "3"
    assert android.shell("pidof dev.edgekit.runner").stdout == ""
    android.shell("settings put global stay_on_while_plugged_in 0")
