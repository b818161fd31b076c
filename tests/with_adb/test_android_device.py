"""The Android-like device behaves as documented of a phone: texts, exit codes, permissions; by both ways to it."""

import re
import subprocess

import pytest
from with_adb.android_device import TINY

from edgekit.device import listing
from edgekit.device.adb_program import AdbProgram
from edgekit.device.adb_wire import AdbWire, make_key
from edgekit.errors import PushFailed

STARTING = b"Starting: Intent { cmp=a/.B }\n"
NO_CLASS = b"Error type 3\nError: Activity class {a/a.B} does not exist.\n"
SHELL = [
    ("true", b"", b"", 0),
    ("exit 7", b"", b"", 7),
    ("echo größe; echo wrong >&2", "größe\n".encode(), b"wrong\n", 0),
    ("nothing", b"", b"E: /bin/sh: nothing: inaccessible or not found\n", 127),
    ("cat /gone", b"", b"cat: /gone: No such file or directory\n", 1),
    ("id -un; id -u", b"shell\n2000\n", b"", 0),
    ("getprop ro.product.model", b"Android-like device\n", b"", 0),
    ("getprop nothing.here", b"\n", b"", 0),
    ("setprop ro.x y", b"", b"Failed to set property 'ro.x' to 'y'.\nSee dmesg for error reason.\n", 1),
    ("setprop debug.edgekit 5 && getprop debug.edgekit", b"5\n", b"", 0),
    ("getconf PAGE_SIZE", b"4096\n", b"", 0),
    ("settings get global low_power", b"0\n", b"", 0),
    ("settings get global nothing", b"null\n", b"", 0),
    ("settings put system x 'a b' && settings get system x", b"a b\n", b"", 0),
    ("settings delete system x && settings get system x", b"Deleted 1 rows\nnull\n", b"", 0),
    ("settings get nowhere x", b"", b"Invalid namespace 'nowhere'\n", 255),
    ("svc power stayon usb && settings get global stay_on_while_plugged_in", b"2\n", b"", 0),
    ("input keyevent KEYCODE_WAKEUP && wm dismiss-keyguard", b"", b"", 0),
    ("cmd nothing", b"", b"cmd: Can't find service: nothing\n", 20),
    ("dumpsys nothing", b"", b"Can't find service: nothing\n", 0),
    ("pm path nothing", b"", b"", 1),
    ("pidof nothing", b"", b"", 1),
    ("run-as nothing id", b"", b"run-as: unknown package: nothing\n", 1),
    ("am instrument -w nothing", b"", b"usage: am [instrument]\n\nError: No instrumentation found for: nothing\n", 1),
    ("am start -W -n a/.B", STARTING + NO_CLASS, b"", 0),
    ("am start -n a/.B", STARTING, NO_CLASS, 0),
]  # fmt: skip


@pytest.fixture(scope="module", params=["adb", "adb-shell"])
def way(request, android_session, android_server, tmp_path_factory):
    """Both ways to the device."""
    if request.param == "adb-shell":
        connection = AdbWire(android_session.serial, make_key(tmp_path_factory.mktemp("key") / "adbkey"))
        yield connection
        connection.close()
    else:
        android_session.shell("true")  # connects
        yield AdbProgram(android_session.serial)


def install(device, apk, *words):
    return subprocess.run(
        ["adb", "-s", device.serial, "install", *words, apk], capture_output=True, text=True, timeout=60
    )


# ---- the shell, files, what the device says of itself


@pytest.mark.parametrize(("command", "stdout", "stderr", "code"), SHELL)
def test_the_shell_gives_both_outputs_and_the_exit_code(way, command, stdout, stderr, code):
    result = way.shell(command)
    assert (result.stdout, result.stderr, result.exit_code) == (stdout, stderr, code)


def test_it_describes_itself_as_an_emulator(way):
    found = listing.describe(way)
    assert (found.maker, found.model, found.android, found.sdk) == ("edgekit", "Android-like device", "14", 34)
    assert (found.abis, found.page_bytes, found.emulator) == (("x86_64",), 4096, True)
    assert (found.thermal_status, found.battery_percent, found.battery_decicelsius) == (0, 87, 284)


def test_adb_lists_its_names(android, android_server):
    android.shell("true")
    listed = subprocess.run(["adb", "devices", "-l"], capture_output=True, text=True).stdout
    assert f"{android.serial}" in listed
    assert "product:android_like model:Android_like_device device:android_like" in listed


def test_the_system_is_read_only_and_data_is_not_the_shells(way, tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    for folder in ("/system", "/data", "/data/app"):
        with pytest.raises(PushFailed):
            way.push(tmp_path / "x", f"{folder}/x")


def test_a_terminal_can_be_had(android, android_server):
    android.shell("true")
    done = subprocess.run(["adb", "-s", android.serial, "shell", "-tt", "tty"], capture_output=True, timeout=60)
    assert done.stdout.startswith(b"/dev/pts/")


# ---- packages


@pytest.mark.parametrize("how", [[], ["--no-streaming"]])
def test_adb_installs(android, phone, tiny, how):
    apk = tiny.make("first")
    done = install(android, apk, *how)
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (0, "Success", "")
    assert phone.shell(f"pm list packages {TINY}").text == f"package:{TINY}\n"
    path = phone.shell(f"pm path {TINY}").text.strip().removeprefix("package:")
    assert path.startswith("/data/app/~~") and path.endswith("==/base.apk")
    assert phone.shell(f"sha256sum {path}").exit_code == 0
    facts = phone.shell(f"dumpsys package {TINY}").text
    assert "\n    versionCode=2 minSdk=26 targetSdk=34\n    versionName=0.2\n" in facts
    assert f"instrumentation:{TINY}/.Say (target={TINY})\n" in phone.shell("pm list instrumentation").text
    gone = subprocess.run(["adb", "-s", android.serial, "uninstall", TINY], capture_output=True, text=True)
    assert (gone.returncode, gone.stdout) == (0, "Success\n")
    assert phone.shell(f"pm path {TINY}").exit_code == 1
    assert phone.shell(f"pm uninstall {TINY}").stdout == b"Failure [DELETE_FAILED_INTERNAL_ERROR]\n"


REFUSED = [
    ({"version": 1}, "VERSION_DOWNGRADE: Downgrade detected: Update version code 1 is older than current 2"),
    ({"key": "second"}, f"UPDATE_INCOMPATIBLE: Existing package {TINY} signatures do not match newer version"),
    ({"key": ""}, "NO_CERTIFICATES: Failed to collect certificates from /data/app/vmdl"),
    ({"library": "arm64-v8a"}, "NO_MATCHING_ABIS: Failed to extract native libraries, res=-113"),
    ({"min_sdk": 35}, "OLDER_SDK: "),
]  # fmt: skip


@pytest.mark.parametrize(("difference", "words"), REFUSED)
def test_installation_is_refused_in_androids_words(android, phone, app, tiny, difference, words):
    apk = tiny.make("refused", code=False, **difference)
    done = install(android, apk, "-r")
    assert done.returncode == 1
    assert re.search(rf"Failure \[INSTALL_(PARSE_)?FAILED_{re.escape(words)}", done.stderr), done.stderr
    assert "versionName=0.2\n" in phone.shell(f"dumpsys package {TINY}").text


def test_a_downgrade_of_a_debuggable_app_can_be_forced(android, phone, app, tiny):
    assert install(android, tiny.make("older", version=1), "-r", "-d").returncode == 0
    assert "versionName=0.1\n" in phone.shell(f"dumpsys package {TINY}").text


def test_installation_of_what_is_no_apk_or_cannot_be_opened(android, phone, tmp_path):
    (tmp_path / "x.apk").write_bytes(b"no zip")
    assert "Failure [INSTALL_PARSE_FAILED_NOT_APK: " in install(android, tmp_path / "x.apk").stderr
    done = phone.shell("pm install /data/local/tmp/gone.apk")
    assert done.exit_code == 255
    assert b"java.lang.IllegalArgumentException: Error: Can't open file: /data/local/tmp/gone.apk\n" in done.stderr
    android.faults(install="INSTALL_FAILED_USER_RESTRICTED: Install canceled by user")
    assert "INSTALL_FAILED_USER_RESTRICTED" in install(android, tmp_path / "x.apk").stderr


def test_an_update_keeps_data_and_ends_what_runs(android, phone, app, tiny):
    phone.shell(f"run-as {app} sh -c 'echo kept > files/x'")
    assert phone.shell(f"am start -W -n {app}/.Front").exit_code == 0
    assert install(android, tiny.make("newer", version=3), "-r").returncode == 0
    assert phone.shell(f"pidof {app}").exit_code == 1
    assert phone.shell(f"run-as {app} cat files/x").stdout == b"kept\n"
