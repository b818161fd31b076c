"""The self-test of a device: what is right on a phone as assumed, and what is written down where one is not."""

import hashlib
import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from unit.targets.phone import Phone, apk_file, instrumented, run_of, said

from edgekit.device import app_apk
from edgekit.errors import AdbTimeout, DeviceGone, NoDevice
from edgekit.pipeline import self_test
from edgekit.pipeline.self_test_app import SAMPLE
from edgekit.pipeline.self_test_record import MAX_TEXT, shown
from edgekit.progress import Silent
from edgekit.runner import protocol
from edgekit.runner.protocol import FileRef, Threads

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "runner"
EXPECTED = (SAMPLE / "outputs.bin").read_bytes()


def test_the_sample_is_the_golden_model():
    """Made anew, it is copied: cp float.tflite images.bin outputs/float-0.bin."""
    for name, golden in (("model.tflite", "float.tflite"), ("inputs.bin", "images.bin")):
        assert (SAMPLE / name).read_bytes() == (GOLDEN / golden).read_bytes()
    assert (GOLDEN / "outputs" / "float-0.bin").read_bytes() == EXPECTED


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.setattr(app_apk, "_PACKAGE", tmp_path)
    (tmp_path / "apk").mkdir()
    apk_file(tmp_path / "apk" / "edgekit-runner.apk")


def model_answer(phone, outputs=EXPECTED, status=None):
    """The app runs the sample: `outputs` on every delegate, or `status` on those that it names."""

    def app(job, folder):
        import io
        import zipfile

        run, _ = run_of(job)
        (case,) = run.cases
        asked = job.cases[0]
        name = "outputs/c0-0.bin"
        data = FileRef(file=name, sha256=hashlib.sha256(outputs).hexdigest(), size_bytes=len(outputs))
        threads = Threads(asked=asked.threads, seen_before=20, seen_after=20 + asked.threads - 1)
        case = replace(case, outputs=(replace(case.outputs[0], data=data),), threads=threads)
        if status and asked.delegate in status:
            case = replace(case, status=status[asked.delegate], reason=f"no {asked.delegate} here", outputs=())
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("run.json", protocol.dump_run(replace(run, cases=(case,))))
            archive.writestr(name, outputs)
        return said(instrumented(job.id, buffer.getvalue()))

    phone.app = app


@pytest.fixture
def phone(monkeypatch):
    phone = Phone()
    model_answer(phone)
    thermal = "Thermal Status: 0\nHAL Ready: true\n"
    phone.faults["dumpsys thermalservice"] = said(thermal)
    phone.faults["dumpsys battery"] = said("  level: 80\n  temperature: 250\n")
    phone.faults["cat /sys"] = said("1\n")
    monkeypatch.setattr(self_test, "connect", lambda address, serial: phone)
    monkeypatch.setattr(self_test.adb_program, "version", lambda: "Android Debug Bridge version 1.0.41")
    return phone


def tried():
    report = self_test.self_test("", Silent())
    return report, {check.name: check for check in report.checks}


def test_a_phone_as_assumed(phone):
    report, checks = tried()
    assert {name: check.seen for name, check in checks.items() if check.state != "ok"} == {}
    assert list(checks) == [
        *("device", "exit codes", "quoting", "tools", "verified push", "binary output", "thermal status", "battery"),
        *("frequencies", "screen settings", "install", "am instrument", "result bundle", "run-as"),
        *("shared storage out", "files in", "shared storage in", "am start", "log", "end of a process"),
        *("model on cpu", "model on cpu, 2 threads", "model on cpu-default", "model on gpu", "model on nnapi"),
        *("threads", "settings restored"),
    ]
    assert len(checks) == self_test._STEPS
    assert (report.measurable, self_test.exit_code(report)) == (True, 0)
    assert report.probe["schema"] == "edgekit.probe"
    assert checks["threads"].seen == "1 asked: 20 before, 20 after, 2 asked: 20 before, 21 after"
    assert self_test.as_text(report).splitlines()[-1].startswith("R3CN30 can be measured on: 27 ok, 0 differ, 0 failed")
    data = json.loads(self_test.as_json(report))
    assert data["properties"]["ro.product.model"] == "Pixel 8"
    commands = [command["command"] for check in data["checks"] for command in check["commands"]]
    assert "dumpsys activity exit-info dev.edgekit.runner" in commands
    assert any(command.startswith("am instrument -w -r -e job") for command in commands)


def test_nothing_is_left_on_the_phone(phone):
    before = dict(phone.settings)
    tried()
    assert phone.settings == before
    left = [name for name in phone.files if "probe" in name or "self-test" in name or "/answers/" in name]
    assert left == []
    assert phone.closed == 1


def test_accelerators_may_say_no(phone):
    model_answer(phone, status={"gpu": "unsupported", "nnapi": "fell back"})
    report, checks = tried()
    assert checks["model on gpu"].seen == "unsupported: no gpu here"
    assert (checks["model on nnapi"].state, report.measurable) == ("ok", True)


def test_the_cpu_may_not(phone):
    model_answer(phone, status={"cpu": "unsupported"})
    report, checks = tried()
    assert (checks["model on cpu"].state, checks["model on cpu"].seen) == ("failed", "unsupported: no cpu here")
    assert (report.measurable, self_test.exit_code(report)) == (False, 4)


def test_wrong_outputs_are_seen(phone):
    wrong = struct.pack("<f", 9.0) + EXPECTED[4:]
    model_answer(phone, outputs=wrong)
    report, checks = tried()
    assert checks["model on cpu"].state == "failed"
    assert checks["model on cpu"].seen.startswith("largest difference ")
    assert not report.measurable


@pytest.mark.parametrize(
    ("fault", "answer", "name", "seen"),
    [
        ("run-as", said(err="run-as: not debuggable", code=1), "run-as", "not debuggable"),
        ("dumpsys thermalservice", said("HAL Ready: false"), "thermal status", "none is told"),
        ("ls /sys", said(err="Permission denied", code=1), "frequencies", "not readable"),
        ("cat /sys/devices/system/cpu/cpufreq/policy4/stats", said(code=1), "frequencies", "2 policies; not readable"),
        ("command -v pidof", said(code=1), "tools", "missing: pidof"),
        ("logcat", said(err="logcat: no", code=1), "log", "0 lines of process 77"),
        ("dumpsys activity exit-info", said("Bad activity command"), "end of a process", "nothing is remembered"),
        ("settings get", said(code=255), "screen settings", "not readable"),
    ],
)
def test_what_differs_and_does_not_matter(phone, fault, answer, name, seen):
    phone.faults = {fault: answer} | {key: value for key, value in phone.faults.items() if key != fault}
    report, checks = tried()
    assert checks[name].state == "differs"
    assert checks[name].seen.startswith(seen)
    assert checks[name].commands, "the evidence is in the file"
    assert report.measurable
    text = self_test.as_text(report)
    assert f"DIFFERS  {name}" in text
    assert f"expected: {checks[name].expected}" in text


def test_the_second_road_is_found(phone):
    probe = phone.probe

    def blind(job_id, folder):
        if folder.startswith("/data/local"):
            phone.files.pop(f"{folder}/probe.bin", None)
        return probe(job_id, folder)

    phone.probe = blind
    _, checks = tried()
    assert (checks["files in"].state, checks["files in"].seen) == ("differs", "it does not: Permission denied")
    assert checks["shared storage in"].state == "ok"


def test_an_app_that_cannot_be_installed_ends_it(phone):
    phone.faults["pm install"] = said("Failure [INSTALL_FAILED_USER_RESTRICTED: Install canceled by user]\n", code=1)
    report, checks = tried()
    assert "INSTALL_FAILED_USER_RESTRICTED" in checks["install"].seen
    assert not report.measurable
    assert checks["settings restored"].state == "ok"


@pytest.mark.parametrize(
    ("properties", "seen"),
    [
        ({"ro.build.version.sdk": "25"}, "too old for the app"),
        ({"ro.product.cpu.abilist": "x86"}, "this device runs x86"),
    ],
)
def test_a_device_that_does_not_fit_gets_no_app(phone, properties, seen):
    phone.properties |= properties
    report, checks = tried()
    assert seen in checks["device"].seen
    assert "install" not in checks
    assert (report.measurable, len(checks)) == (False, 11)


def test_without_an_apk_the_device_is_described_all_the_same(phone, tmp_path):
    (tmp_path / "apk" / "edgekit-runner.apk").unlink()
    report, checks = tried()
    assert checks["device"].seen.endswith("there is no APK of the app on this computer")
    assert checks["battery"].state == "ok"
    assert report.apk == {}


def test_a_device_that_goes_ends_it_with_a_file(phone):
    calls = []
    phone.faults["dumpsys battery"] = lambda words: (
        calls.append(1) or (DeviceGone("R3CN30 vanished", serial="R3CN30") if len(calls) > 1 else said())
    )
    report, checks = tried()
    assert (report.checks[-1].name, report.checks[-1].seen) == ("battery", "R3CN30 vanished")
    assert report.checks[-1].commands[-1].error == "R3CN30 vanished"
    assert not report.measurable
    assert "settings restored" not in checks


def test_a_time_out_of_the_first_look_at_the_settings_is_a_check(phone):
    """The device answers again: the rest is tried, and what the setting was is left open."""
    calls = []

    def once(words):
        calls.append(1)
        return AdbTimeout("R3CN30 did not answer within 60 s", serial="R3CN30") if len(calls) == 1 else said("0\n")

    phone.faults["settings get"] = once
    report, checks = tried()
    screen, restored = checks["screen settings"], checks["settings restored"]
    assert (screen.state, screen.seen) == ("failed", "R3CN30 did not answer within 60 s")
    assert (restored.state, restored.seen) == ("differs", "0, before it was not read")
    assert (len(checks), report.measurable) == (self_test._STEPS, True)
    assert json.loads(self_test.as_json(report))["serial"] == "R3CN30"


def test_settings_that_never_answer_still_leave_a_file(phone):
    phone.faults["settings get"] = AdbTimeout("R3CN30 did not answer within 60 s", serial="R3CN30")
    report, checks = tried()
    assert checks["settings restored"].seen == checks["screen settings"].seen == "R3CN30 did not answer within 60 s"
    assert (len(checks), report.measurable, self_test.exit_code(report)) == (self_test._STEPS, False, 4)
    assert phone.closed == 1


def test_a_mistake_of_edgekits_own_is_a_check_too(phone, monkeypatch):
    """What was seen until then must not be lost."""
    monkeypatch.setattr(self_test.Facts, "_battery", lambda self: {}["level"])
    _, checks = tried()
    assert (checks["battery"].state, checks["battery"].seen) == ("failed", "edgekit failed on KeyError: 'level'")
    assert checks["model on cpu"].state == "ok"


def test_no_check_begins_when_the_time_is_over(phone, monkeypatch):
    monkeypatch.setattr(self_test, "BUDGET_SECONDS", 0.0)
    report, checks = tried()
    assert checks["model on cpu"].seen == "not tried: the self-test has taken 0 s"
    assert checks["settings restored"].state == "ok"
    assert not report.measurable
    assert phone.ran("am") == []


def test_no_device_is_an_error_and_no_file(monkeypatch):
    def gone(address, serial):
        raise NoDevice("no device is attached")

    monkeypatch.setattr(self_test, "connect", gone)
    with pytest.raises(NoDevice):
        tried()


def test_an_interruption_restores_too(phone):
    phone.app = lambda job, folder: KeyboardInterrupt()
    before = dict(phone.settings)
    with pytest.raises(KeyboardInterrupt):
        tried()
    assert phone.settings == before
    assert phone.closed == 1


def test_the_files_name(phone):
    report, _ = tried()
    for serial, name in (("R3CN30", "R3CN30"), ("10.0.0.7:5555", "10.0.0.7-5555"), ("../../x", "x"), ("::", "device")):
        found = self_test.file_name(replace(report, serial=serial, created_utc="2026-11-25 14:05:06"))
        assert found == f"edgekit-device-{name}-202611251405.json"


def test_what_is_kept_of_outputs_is_bounded():
    assert shown(b"PK\3\4") == f"(4 bytes, sha256 {hashlib.sha256(b'PK' + bytes([3, 4])).hexdigest()})"
    assert shown(b"a\nb") == "a\nb"
    assert shown(b"x" * 5000) == "x" * 200 + "... (5000 characters)"
    assert len(shown(b"line\n" * 1_000_000)) < MAX_TEXT + 20
