"""The target: what is told apart before a run, what is refused before a push, what is set back after one."""

import dataclasses
import hashlib

import pytest
from unit.targets.phone import BASE, EXTERNAL, Phone, apk_file, said
from unit.tflite import built

from edgekit.device import app_apk
from edgekit.device.app_awake import BEFORE
from edgekit.errors import DeviceError, DeviceGone, NoDevice
from edgekit.runner.protocol import Case, FileRef, Job
from edgekit.target import parse_target
from edgekit.targets import android, android_launch

BUILD = "edgekit runner build"


def model(*codes, version=1, custom=None):
    """A file of one operator for each code."""
    tensors = [built.tensor(shape=(1, 4)) for _ in range(2)]
    operators = [built.operator(index, (0,), (1,)) for index in range(len(codes))]
    root = built.model(built.graph(tensors=tensors, operators=operators, inputs=(0,), outputs=(1,)), codes=codes)
    for code in root[1]:
        code[2] = ("i", version)
        code |= {1: custom.encode()} if custom else {}
    return built.file(root)


def job_of(tmp_path, *contents):
    cases, files = [], {}
    for index, content in enumerate(contents):
        name = f"models/m{index}.tflite"
        files[name] = tmp_path / f"m{index}"
        files[name].write_bytes(content)
        reference = FileRef(file=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
        cases.append(Case(id=f"c{index}", artifact=reference, delegate="cpu"))
    return Job(id="job1", edgekit="0.1.0", cases=tuple(cases)), files


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The checkout's APK; a function that replaces it."""
    package = tmp_path / "package"
    monkeypatch.setattr(app_apk, "_PACKAGE", package)
    (package / "apk").mkdir(parents=True)
    path = package / "apk" / "edgekit-runner.apk"
    apk_file(path)
    return lambda **changes: apk_file(path, **changes)


@pytest.fixture
def target(monkeypatch, here):
    """A function: phone, delegate -> target on it."""

    def on(phone, name="android:R3CN30:cpu"):
        monkeypatch.setattr(android, "connect", lambda address, serial: phone)
        return android.open_target(parse_target(name))

    return on


def test_a_phone_that_fits(target):
    assert target(Phone()).probe() is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("android:*:coreml", "the Android app has no delegate coreml"),
        ("android:*:cuda", "the Android app has no delegate cuda"),
        ("android:*:cpu@torch", "the Android app has no runtime torch: it brings TFLite, which is called litert"),
    ],
)
def test_what_the_app_does_not_have_needs_no_device(name, reason):
    assert android.open_target(parse_target(name)).probe() == reason


PAGES = "this device has 16 KB memory pages; the app's TFLite 2.16.1 is built for 4 KB: its libraries do not load"


@pytest.mark.parametrize(
    ("properties", "pages", "apk", "reason"),
    [
        ({"ro.build.version.sdk": "25", "ro.build.version.release": "7.1"}, "4096", {}, None),
        ({"ro.build.version.sdk": ""}, "4096", {}, "this device does not say which Android it runs"),
        (
            {"ro.product.cpu.abilist": "x86"},
            "4096",
            {},
            "this device runs x86; the app is built for arm64-v8a, armeabi",
        ),
        ({"ro.product.cpu.abilist": ""}, "4096", {}, "this device runs an ABI that it does not name; the app is built"),
        ({}, "16384", {}, PAGES),
        ({}, "16384", {"alignment": 16384}, ""),
        ({}, "getconf: not found", {}, ""),
        ({}, "4096", {"version": "0.0.9"}, f"the app's APK here is of edgekit 0.0.9, this is 0.1.0: {BUILD}"),
        ({}, "4096", {"app": "other"}, "is the APK of other, not of dev.edgekit.runner"),
    ],
)
def test_what_is_told_apart_before_a_run(target, here, properties, pages, apk, reason):
    phone = Phone(**properties)
    phone.page_bytes = pages
    here(**apk)
    expected = "Android 7.1 (SDK 25) is too old for the app: Android 8 (SDK 26) or later" if reason is None else reason
    found = target(phone).probe()
    assert expected in found if expected else found is None


def test_no_apk_on_this_computer(target, monkeypatch, tmp_path):
    monkeypatch.setattr(app_apk, "_PACKAGE", tmp_path / "elsewhere")
    on = target(Phone())
    assert on.probe() == f"there is no APK of the app on this computer: {BUILD}"
    with pytest.raises(DeviceError, match="there is no APK of the app on this computer"):
        on.run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")


def test_no_device_is_an_error(monkeypatch, here):
    def gone(address, serial):
        raise NoDevice("no device is attached")

    monkeypatch.setattr(android, "connect", gone)
    with pytest.raises(NoDevice):
        android.open_target(parse_target("android:*:cpu")).probe()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            model("FULLY_CONNECTED", version=14),
            "FULLY_CONNECTED version 14 is newer than TFLite 2.16.1 takes (11)",
        ),
        (
            model("CUSTOM", custom="FlexAdd"),
            "TFLite 2.16.1 has no TensorFlow operators: FlexAdd needs them",
        ),
        (model("CUSTOM", custom="MyOp"), "TFLite 2.16.1 has no custom operator MyOp"),
    ],
)
def test_operators_that_are_too_new_are_refused_before_any_push(target, tmp_path, content, reason):
    phone = Phone(**{"ro.hardware": "ranchu"})
    job, files = job_of(tmp_path, content)
    run = target(phone).run(job, files, tmp_path / "answer")
    assert [(case.status, case.reason) for case in run.cases] == [("unsupported", reason)]
    where = run.environment
    assert (where.runner, where.context, where.runtime_version, where.machine) == (
        "android",
        "app",
        "2.16.1",
        "arm64-v8a",
    )
    assert (where.device, where.system, where.emulator) == ("Google Pixel 8", "Android 15 (SDK 35)", True)
    assert phone.files == {}
    assert not phone.ran("pm")


def test_cases_that_fit_run_beside_one_that_does_not(target, tmp_path):
    phone = Phone()
    job, files = job_of(
        tmp_path, model("FULLY_CONNECTED", version=12), model("FULLY_CONNECTED", version=11), b"no file"
    )
    run = target(phone).run(job, files, tmp_path / "answer")
    assert [(case.id, case.status) for case in run.cases] == [("c0", "unsupported"), ("c1", "ok"), ("c2", "ok")]
    pushed = {name.rpartition("/")[2] for name in phone.files if "/job/models/" in name}
    assert pushed == {"m1.tflite", "m2.tflite"}


@pytest.mark.parametrize(
    ("hardware", "told", "expected"), [("", False, False), ("ranchu", False, True), ("", True, True)]
)
def test_an_emulator_is_one_if_either_side_says_so(target, tmp_path, hardware, told, expected):
    from unit.targets.phone import instrumented, zipped

    phone = Phone(**{"ro.hardware": hardware})
    phone.app = lambda job, folder: said(instrumented(job.id, zipped(job, emulator=told)))
    run = target(phone).run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")
    assert run.environment.emulator is expected


def test_the_app_is_installed_once_and_only_where_it_differs(target, tmp_path):
    phone = Phone()
    on = target(phone)
    for _ in range(2):
        on.run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")
    assert phone.ran("pm install") == ["pm install -r -t -d /data/local/tmp/edgekit/runner.apk"]
    assert "/data/local/tmp/edgekit/runner.apk" not in phone.files
    again = target(phone)
    again.run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")
    assert len(phone.ran("pm install")) == 1
    phone.files[BASE] = b"another"
    target(phone).run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")
    assert len(phone.ran("pm install")) == 2


def test_settings_are_restored_however_a_run_ends(target, tmp_path, monkeypatch):
    monkeypatch.setattr(android_launch, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(android_launch, "POLL_SECONDS", 0.0)
    for end in (None, DeviceGone("went", serial="x"), KeyboardInterrupt(), said("", code=0)):
        phone = Phone()
        phone.settings = {"stay_on_while_plugged_in": "3"}
        seen = []

        def app(job, folder, end=end, phone=phone, seen=seen):
            seen.append(dict(phone.settings))
            return phone.answer(job, folder) if end is None else end

        phone.app = app
        on = target(phone)
        try:
            on.run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")
        except (DeviceError, KeyboardInterrupt):
            assert end is not None
        finally:
            on.close()
            on.close()
        assert seen == [{"stay_on_while_plugged_in": "7"}]
        assert phone.settings == {"stay_on_while_plugged_in": "3"}
        assert BEFORE not in phone.files
        assert phone.ran("am force-stop") == ["am force-stop dev.edgekit.runner"]
        assert phone.closed == 1
        assert phone.ran("input") == ["input keyevent KEYCODE_WAKEUP"]
        assert phone.ran("wm") == ["wm dismiss-keyguard"]


def test_a_close_on_a_device_that_went_raises_nothing(target, tmp_path):
    phone = Phone()
    on = target(phone)
    on.run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")
    phone.faults["settings"] = DeviceGone("went", serial="x")
    on.close()
    assert phone.closed == 1


def test_nothing_is_left_behind_but_job_files(target, tmp_path):
    phone = Phone()
    on = target(phone)
    on.run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")
    on.close()
    names = {name for name in phone.files if not name.startswith("/data/local/tmp/edgekit/job/")}
    markers = {f"{EXTERNAL}/marker.json", "/data/data/dev.edgekit.runner/files/marker.json"}
    assert names == {BASE} | markers


def test_a_job_folder_that_grew_too_large_begins_anew(target, tmp_path):
    phone = Phone()
    old = "/data/local/tmp/edgekit/job/models/old.tflite"
    phone.files[old] = b"old"
    target(phone).run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")
    assert old in phone.files
    phone.faults["du"] = said(f"{2 << 20}\t/data/local/tmp/edgekit/job\n")
    target(phone).run(*job_of(tmp_path, model("ADD")), tmp_path / "answer")
    assert old not in phone.files


def test_the_order_of_cases_is_the_jobs(target, tmp_path):
    job, files = job_of(tmp_path, model("ADD"), model("FULLY_CONNECTED", version=99), model("CONV_2D", version=8))
    job = dataclasses.replace(job, cases=tuple(reversed(job.cases)))
    run = target(Phone()).run(job, files, tmp_path / "answer")
    assert [case.id for case in run.cases] == ["c2", "c1", "c0"]
