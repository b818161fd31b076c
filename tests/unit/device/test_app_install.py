"""Whether the app is installed, and Android's own words when it cannot be; the screen kept on and set back."""

import pytest
from unit.targets.phone import BASE, Phone, apk_file, said

from edgekit.device.app_apk import read_apk
from edgekit.device.app_awake import BEFORE, KeptAwake
from edgekit.device.app_install import REMOTE_APK, ensure_installed, installed_app, package_path, version_name
from edgekit.device.parse import cpu_count, is_emulator
from edgekit.errors import DeviceError, DeviceGone


@pytest.fixture
def apk(tmp_path):
    return read_apk(apk_file(tmp_path / "runner.apk"))


def test_what_is_installed(apk):
    assert installed_app(Phone()) is None
    found = installed_app(Phone(apk.path))
    assert (found.path, found.version, found.sha256) == (BASE, apk.version, apk.sha256)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("package:/data/app/x/base.apk\r\n", "/data/app/x/base.apk"),
        ("WARNING: linker\npackage:/data/app/a b/base.apk\npackage:/data/app/x/split.apk\n", "/data/app/a b/base.apk"),
        ("", None),
        ("package:\n", None),
        ("Error: package\n", None),
    ],
)
def test_the_path_of_a_package(text, path):
    assert package_path(text) == path


def test_the_version_of_a_package():
    assert version_name("    versionCode=1\r\n    versionName=0.1.0\r\n") == "0.1.0"
    assert version_name("Unable to find package: x") is None


def test_where_the_file_cannot_be_read_the_version_decides(apk):
    phone = Phone(apk.path)
    phone.faults["sha256sum '/data/app"] = said(err="Permission denied", code=1)
    assert ensure_installed(phone, apk) is False
    phone.version = "0.0.9"
    assert ensure_installed(phone, apk) is True


@pytest.mark.parametrize(
    ("said_by_pm", "sentence", "hint"),
    [
        (
            "Failure [INSTALL_FAILED_UPDATE_INCOMPATIBLE: Package dev.edgekit.runner signatures do not match]",
            "INSTALL_FAILED_UPDATE_INCOMPATIBLE (Package dev.edgekit.runner signatures do not match)",
            "another key signed the one that is there: adb uninstall dev.edgekit.runner",
        ),
        (
            "Failure [INSTALL_FAILED_NO_MATCHING_ABIS: Failed to extract native libraries, res=-113]",
            "INSTALL_FAILED_NO_MATCHING_ABIS (Failed to extract native libraries, res=-113)",
            "another processor: `edgekit runner version` lists the APK's ABIs",
        ),
        (
            "Failure [INSTALL_FAILED_INSUFFICIENT_STORAGE]",
            "INSTALL_FAILED_INSUFFICIENT_STORAGE",
            "free space on the device",
        ),
        (
            "Failure [INSTALL_FAILED_USER_RESTRICTED: Install canceled by user]",
            "INSTALL_FAILED_USER_RESTRICTED (Install canceled by user)",
            'allow "Install via USB" in the developer options, and accept it on the screen',
        ),
        ("Error: java.lang.SecurityException: no", "Error: java.lang.SecurityException: no", None),
        ("Failure [INSTALL_FAILED_NEW_WORD]", "INSTALL_FAILED_NEW_WORD", None),
        ("", "pm install said nothing", None),
    ],
)
@pytest.mark.parametrize("code", [0, 1])
def test_androids_own_word(apk, said_by_pm, sentence, hint, code):
    phone = Phone()
    phone.faults["pm install"] = said(said_by_pm + "\n", code=code)
    with pytest.raises(DeviceError) as caught:
        ensure_installed(phone, apk)
    assert caught.value.message == f"the app cannot be installed on R3CN30: {sentence}"
    assert caught.value.hint == (hint or "edgekit doctor --device writes down what the device says")
    assert REMOTE_APK not in phone.files


def test_a_setting_that_nobody_made_is_removed_again():
    phone = Phone()
    phone.settings = {}
    awake = KeptAwake(phone)
    awake.start()
    awake.start()
    assert phone.settings == {"stay_on_while_plugged_in": "7"}
    assert phone.files == {BEFORE: b"null\n"}
    awake.restore()
    awake.restore()
    assert (phone.settings, phone.files) == ({}, {})


def test_the_value_of_before_outlives_an_edgekit_that_was_killed():
    phone = Phone()
    KeptAwake(phone).start()  # and never restored
    second = KeptAwake(phone)
    second.start()
    second.restore()
    assert phone.settings == {"stay_on_while_plugged_in": "0"}


def test_without_svc_the_setting_itself_is_made():
    phone = Phone()
    phone.faults["svc"] = said(err="svc: not found", code=127)
    KeptAwake(phone).start()
    assert phone.settings == {"stay_on_while_plugged_in": "7"}


def test_a_device_that_does_not_say_is_left_as_it_is():
    phone = Phone()
    phone.faults["settings get"] = said("Permission denial\n", code=255)
    awake = KeptAwake(phone)
    awake.start()
    awake.restore()
    assert not phone.ran("svc")
    assert phone.ran("input")


def test_a_device_that_went_keeps_what_is_to_be_restored():
    phone = Phone()
    awake = KeptAwake(phone)
    awake.start()
    phone.faults["settings put"] = DeviceGone("went", serial="x")
    with pytest.raises(DeviceGone):
        awake.restore()
    assert phone.files == {BEFORE: b"0\n"}


def test_more_parsers():
    assert is_emulator({"ro.boot.qemu": "1"})
    assert is_emulator({"ro.hardware": "goldfish"})
    assert not is_emulator({"ro.hardware": "husky", "ro.kernel.qemu": "0"})
    assert [cpu_count(text) for text in ("0-7\n", "0", "0,2-3", "7-0", "", "x", "0-99999")] == [
        8,
        1,
        3,
        0,
        None,
        None,
        None,
    ]
