"""`edgekit runner` and `doctor --device`: exit codes, sentences, and where output goes."""

import hashlib
import json

import pytest
from cli.tools import FLOAT, QUICK, files_in
from fakes import FakeAdb
from unit.targets.phone import BASE, Phone, apk_file, said

from edgekit import __version__
from edgekit.device import app_apk
from edgekit.errors import NoDevice

ATTACH = "attach a phone with USB debugging on, or: adb connect ADDRESS:5555"


@pytest.fixture
def package(tmp_path_factory, monkeypatch):
    """Where edgekit is installed: without an APK, and in no checkout."""
    folder = tmp_path_factory.mktemp("site") / "edgekit"
    folder.mkdir()
    monkeypatch.setattr(app_apk, "_PACKAGE", folder)
    return folder


@pytest.fixture
def apk(package):
    """The APK that the wheel brings."""
    (package / "apk").mkdir()
    return apk_file(package / "apk" / "edgekit-runner.apk")


@pytest.fixture
def phone(monkeypatch):
    from edgekit.pipeline import runner_app, self_test

    phone = Phone()
    for module in (runner_app, self_test):
        monkeypatch.setattr(module, "connect", lambda address, serial: phone)
    return phone


@pytest.fixture
def no_adb(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))


def test_what_runner_does_not_know(refused):
    refused(
        2,
        "runner 'instal' is not known, did you mean 'install'?",
        "one of: build, install, version",
        "runner",
        "instal",
    )
    refused(2, "runner build takes no --apk", "edgekit runner install --apk FILE", "runner", "build", "--apk", "x.apk")
    hint = "edgekit runner version --format json"
    refused(2, "runner install has no JSON form", hint, "runner", "install", "--format", "json")


def test_building_outside_a_checkout(refused, package):
    said = "the app is built in a checkout of edgekit; this installation brings none"
    refused(2, said, "clone the repository", "runner", "build")


@pytest.fixture
def checkout(package):
    """A function: what `make runner` does there."""
    (package.parent / "android_runner" / "build").mkdir(parents=True)
    (package.parent / "android_runner" / "pom.xml").touch()
    return lambda recipe: (package.parent / "Makefile").write_text(f"runner:\n\t@{recipe}\n")


def test_building(edgekit, checkout, package, tmp_path):
    made = apk_file(tmp_path / "made.apk")
    place = package.parent / "android_runner" / "build" / "edgekit-runner.apk"
    checkout(f"echo building; cp {made} {place}")
    done = edgekit("runner", "build")
    size, digest = made.stat().st_size, hashlib.sha256(made.read_bytes()).hexdigest()
    assert done.code == 0
    assert done.out.splitlines()[0] == str(place)
    assert done.out.splitlines()[1].startswith(f"{size} bytes (")
    assert done.out.splitlines()[1].endswith(f"sha256 {digest}")
    assert "building" in done.err


@pytest.mark.parametrize("recipe", ["echo no JDK >&2; exit 3", "true"])
def test_a_build_that_fails(edgekit, checkout, recipe):
    checkout(recipe)
    done = edgekit("runner", "build")
    code = 2 if "exit" in recipe else 0  # make's own code
    assert (done.code, done.out) == (1, "")
    assert f"edgekit: make runner ended with code {code} and no APK\n  the lines above say why\n" in done.err


def test_no_make(refused, checkout, no_adb):
    checkout("true")
    sentence = "make cannot be started: No such file or directory"
    refused(1, sentence, "install make, a JDK and Maven", "runner", "build")


def test_installing(edgekit, phone, apk):
    digest = hashlib.sha256(apk.read_bytes()).hexdigest()
    done = edgekit("runner", "install")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"R3CN30: dev.edgekit.runner {__version__} installed, sha256 {digest}\n"
    assert phone.files[BASE] == apk.read_bytes()
    assert edgekit("runner", "install").out == done.out.replace("installed", "there already")


def test_installing_what_cannot_be(refused, edgekit, package, phone, tmp_path):
    hint = "build it: edgekit runner build, or name one: --apk FILE"
    refused(2, "there is no APK of the app on this computer", hint, "runner", "install")
    bad = tmp_path / "bad.apk"
    bad.write_text("x")
    words = ("runner", "install", "--apk", bad)
    refused(2, f"{bad} is no APK: File is not a zip file", "build it: edgekit runner build", *words)
    apk_file(bad)
    phone.faults["pm install"] = said("Failure [INSTALL_FAILED_INSUFFICIENT_STORAGE]\n", code=1)
    sentence = "the app cannot be installed on R3CN30: INSTALL_FAILED_INSUFFICIENT_STORAGE"
    refused(4, sentence, "free space on the device", *words)


def test_installing_without_a_device(refused, apk, tmp_path_factory, monkeypatch):
    FakeAdb(tmp_path_factory.mktemp("adb"), monkeypatch)
    refused(4, "no device is attached", ATTACH, "runner", "install")
    FakeAdb(tmp_path_factory.mktemp("adb"), monkeypatch, devices={"one": "device", "two": "device"})
    refused(4, "2 devices are attached: one, two", "name one: --serial one", "runner", "install")


def test_versions(edgekit, phone, apk):
    done = edgekit("runner", "version", "--serial", "R3CN30")
    here = f"here: dev.edgekit.runner {__version__}, TFLite 2.16.1, arm64-v8a, armeabi-v7a, x86_64"
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == here
    assert done.out.splitlines()[-1] == "R3CN30: the app is not installed: edgekit runner install"
    edgekit("runner", "install")
    text = edgekit("runner", "version", "--serial", "R3CN30").out
    assert f"R3CN30: dev.edgekit.runner {__version__}, the one here, sha256 " in text
    phone.files[BASE], phone.version = b"other", "0.0.9"
    text = edgekit("runner", "version", "--serial", "R3CN30").out
    assert "R3CN30: dev.edgekit.runner 0.0.9, another than the one here, sha256 " in text
    data = json.loads(edgekit("runner", "version", "--serial", "R3CN30", "--format", "json").out)
    assert (data["app"], data["tflite"], data["devices"][0]["same"]) == ("dev.edgekit.runner", "2.16.1", False)
    assert data["apk"]["page_bytes"] == {"arm64-v8a": 4096, "armeabi-v7a": 4096, "x86_64": 4096}


def test_versions_of_every_device(edgekit, apk, tmp_path_factory, monkeypatch):
    FakeAdb(tmp_path_factory.mktemp("adb"), monkeypatch, devices={"one": "device", "two": "unauthorized"})
    lines = edgekit("runner", "version").out.splitlines()
    assert lines[-2:] == ["one: the app is not installed: edgekit runner install", "two: unauthorized"]


def test_versions_of_nothing(edgekit, package, no_adb):
    done = edgekit("runner", "version")
    assert done.code == 0
    assert done.out == (
        "here: there is no APK of the app on this computer: edgekit runner build\nno device is attached\n"
    )


def test_a_self_test_without_a_device(refused, monkeypatch, package, tmp_path_factory):
    FakeAdb(tmp_path_factory.mktemp("adb"), monkeypatch)
    refused(4, "no device is attached", ATTACH, "doctor", "--device")


def test_a_self_test_of_a_device_that_does_not_fit_writes_its_file(edgekit, phone, package, tmp_path):
    done = edgekit("doctor", "--device")
    assert done.code == 4
    assert "FAILED   device" in done.out
    assert done.out.splitlines()[-1].startswith("R3CN30 cannot be measured on: ")
    (name,) = files_in(tmp_path)
    assert done.err == f"wrote {name}\n"
    assert name.startswith("edgekit-device-R3CN30-20")
    assert json.loads((tmp_path / name).read_text())["serial"] == "R3CN30"


def test_a_self_test_into_a_named_file(edgekit, phone, package, tmp_path):
    done = edgekit("doctor", "--device", "--out", "phone.json", "--format", "json")
    assert done.err == "wrote phone.json\n"
    assert json.loads(done.out) == json.loads((tmp_path / "phone.json").read_text())


def test_a_self_test_that_finds_all_well(edgekit, phone, apk, monkeypatch):
    from unit.pipeline.test_self_test import model_answer

    model_answer(phone)
    done = edgekit("doctor", "--device", "--out", "phone.json")
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("R3CN30 can be measured on: ")


def test_bench_without_an_apk_says_how_to_get_one(edgekit, package, tmp_path_factory, monkeypatch):
    properties = "[ro.build.version.sdk]: [35]\n[ro.product.cpu.abilist]: [arm64-v8a]\n"
    adb = FakeAdb(
        tmp_path_factory.mktemp("adb"), monkeypatch, devices={"one": "device"}, shell={"getprop": [properties, "", 0]}
    )
    done = edgekit("bench", FLOAT, "--target", "android:*:*", "--format", "json", *QUICK)
    rows = json.loads(done.out)["rows"]
    reason = "there is no APK of the app on this computer: edgekit runner build"
    assert [(row["status"], row["reason"]) for row in rows] == [("unsupported", reason)] * 4
    assert done.code == 0
    assert not any("push" in call for call in adb.calls)


def test_the_device_goes_between_two_looks(edgekit, apk, monkeypatch):
    from edgekit.pipeline import runner_app

    def gone(address, serial):
        raise NoDevice("no device is called 'x'", "attached: one")

    monkeypatch.setattr(runner_app, "connect", gone)
    done = edgekit("runner", "version", "--serial", "x")
    assert (done.code, done.err) == (4, "edgekit: no device is called 'x'\n  attached: one\n")


@pytest.mark.parametrize(
    ("changes", "state", "text"),
    [
        (None, "note", "no APK on this computer; stops measuring on phones"),
        ({}, "ok", f"{__version__} with TFLite 2.16.1, for arm64-v8a, armeabi-v7a, x86_64"),
        ({"version": "0.0.9"}, "note", "the APK is of edgekit 0.0.9; stops measuring on phones"),
        ({"app": "other"}, "note", "is the APK of other, not of dev.edgekit.runner"),
    ],
)
def test_doctor_knows_the_app(edgekit, package, no_adb, changes, state, text):
    if changes is not None:
        (package / "apk").mkdir()
        apk_file(package / "apk" / "edgekit-runner.apk", **changes)
    (finding,) = [
        item for item in json.loads(edgekit("doctor", "--format", "json").out) if item["subject"] == "android app"
    ]
    assert finding["state"] == state
    assert text in finding["text"]
