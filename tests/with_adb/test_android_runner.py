"""The app that ships, on the Android-like device: its own dex and native libraries give the golden answers."""

import base64
import io
import json
import re
import zipfile

import pytest
from android_app import built_apk
from with_adb.android_device import results
from with_adb.processes import endless_job, until
from with_litert.golden_job import FILES, GOLDEN, compare_output, nulls

from edgekit.device.adb import push_verified, quoted
from edgekit.runner import protocol

APP = "dev.edgekit.runner"
NODES = {
    "float": {"total": 3, "delegated": 3, "partitions": 1, "plan_length": 1},
    "int8": {"total": 3, "delegated": 2, "partitions": 1, "plan_length": 2},
}
"""TFLite 2.16.1 leaves one node of the int8 model to the CPU, which the desktop's newer runtime delegates."""
FIRST, SECOND = "/data/local/tmp/edgekit/job", f"/sdcard/Android/data/{APP}/files/job"


@pytest.fixture
def runner(android, phone):
    """By the adb program, with the app installed and the golden job pushed to both places."""
    android.install(built_apk())
    for folder in (FIRST, SECOND):
        for name, path in {**FILES, "job.json": GOLDEN / "job.json"}.items():
            push_verified(phone, path, f"{folder}/{name}")
    yield phone
    phone.shell(f"am force-stop {APP}; rm -rf {FIRST} {SECOND}; logcat -c")


def launched(runner, folder, **words):
    pairs = {"job": folder, "id": "golden", **words}
    line = [word for name, value in pairs.items() for word in ("-e", name, value)]
    done = runner.shell(quoted("am", "instrument", "-w", "-r", *line, f"{APP}/.RunInstrumentation"))
    assert done.exit_code == 0
    return done.text


def unpacked(content, folder):
    with zipfile.ZipFile(io.BytesIO(content)) as answer:
        answer.extractall(folder)
    return json.loads((folder / "run.json").read_bytes())


@pytest.mark.parametrize("folder", [FIRST, SECOND])
def test_the_golden_job_by_status_bundles(runner, tmp_path, folder):
    text = launched(runner, folder)
    told, code = results(text)
    assert (told["id"], told["state"], told["parts"], code) == ("golden", "done", "1", -1)
    part = re.search(r"^INSTRUMENTATION_STATUS: data=(.*)$", text, re.MULTILINE)
    compare(unpacked(base64.b64decode(part.group(1)), tmp_path), tmp_path)


def test_the_golden_job_by_run_as_and_by_the_external_folder(runner, tmp_path):
    launched(runner, FIRST)
    runner.pull(f"/sdcard/Android/data/{APP}/files/answers/golden.zip", tmp_path / "external.zip")
    external = (tmp_path / "external.zip").read_bytes()
    assert runner.shell(f"run-as {APP} cat files/answers/golden.zip").stdout == external
    compare(unpacked(external, tmp_path), tmp_path)


def test_the_golden_job_by_its_activity(runner, tmp_path):
    start = f"am start -W -n {APP}/.RunActivity --es job {FIRST} --es id golden"
    assert "Status: ok\n" in runner.shell(start).text
    marker = {}
    for _ in range(200):
        said = runner.shell(f"run-as {APP} cat files/marker.json")
        marker = json.loads(said.stdout) if said.exit_code == 0 else {}
        if marker.get("state") == "done":
            break
    assert (marker["id"], marker["state"], marker["phase"]) == ("golden", "done", "done")
    answer = runner.shell(f"run-as {APP} cat files/answers/golden.zip").stdout
    compare(unpacked(answer, tmp_path), tmp_path)


def test_its_native_libraries_are_those_of_the_apk(runner, tmp_path):
    (tmp_path / "job.json").write_text(protocol.dump_job(endless_job()))
    push_verified(runner, tmp_path / "job.json", f"{FIRST}/job.json")
    runner.shell(f"am start -W -n {APP}/.RunActivity --es job {FIRST} --es id golden")
    maps = f"run-as {APP} cat /proc/$(pidof {APP})/maps"
    wanted = {"libjnidispatch.so", "libtensorflowlite_jni.so"}

    def loaded():
        paths = {line.split()[-1] for line in runner.shell(maps).text.splitlines()}
        return {path for path in paths if path.rpartition("/")[2] in wanted}

    assert until(lambda: len(loaded()) == 2)
    assert all(path.startswith("/data/app/~~") and "/lib/x86_64/lib" in path for path in loaded())
    assert b"libjnidispatch" not in runner.shell(f"run-as {APP} find . -name '*.so*'").stdout


def compare(run, folder):
    wanted = json.loads((GOLDEN / "run.json").read_bytes())
    environment = run["environment"]
    assert (environment["runner"], environment["context"], environment["machine"]) == ("android", "app", "x86_64")
    assert (environment["device"], environment["emulator"]) == ("edgekit Android-like device", True)
    assert environment["system"] == "Android 14 (SDK 34)"
    for mine, golden in zip(run["cases"], wanted["cases"], strict=True):
        assert (mine["id"], mine["status"], mine["reason"]) == (golden["id"], "ok", "")
        assert mine["nodes"] == NODES[mine["id"]]
        assert nulls(mine["after"]) <= {"steal_ticks"}
        assert (mine["after"]["foreground"], mine["after"]["battery_percent"]) == (True, 87)
        for output, theirs in zip(mine["outputs"], golden["outputs"], strict=True):
            compare_output(output, theirs, folder)


def test_the_probe_sees_the_device(runner, tmp_path):
    told, code = results(launched(runner, FIRST, task="probe"))
    assert (told["state"], code) == ("done", -1)
    answer = runner.shell(f"run-as {APP} cat files/answers/golden.zip").stdout
    with zipfile.ZipFile(io.BytesIO(answer)) as file:
        probe = json.loads(file.read("probe.json"))
    assert (probe["log_readable"], probe["emulator"], probe["foreground"]) == (True, True, True)
    assert {name: probe["delegates"][name]["made"] for name in ("cpu", "cpu-default", "gpu")} == {
        "cpu": True,
        "cpu-default": True,
        "gpu": False,
    }


def test_refusals_come_as_the_result_bundle(android, runner):
    other, code = results(launched(runner, FIRST, id="other"))
    assert (other["state"], other["kind"], code) == ("refused", "job", 0)
    android.faults(tmp_hidden=True)
    hidden, code = results(launched(runner, FIRST))
    assert (hidden["state"], hidden["kind"], code) == ("refused", "files", 0)
    assert results(launched(runner, SECOND))[0]["state"] == "done"
