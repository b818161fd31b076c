"""The Android-like device for tests, an adb server of its own, and small APKs to install."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from android_app import built_apk, unavailable
from with_adb.adb_server import adb_server

from edgekit.device import adb_program
from edgekit.device.adb import quoted
from edgekit.device.adb_program import AdbProgram

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "android_runner/device"))

from device import AndroidDevice, DeviceMissing, missing
from parts import ANDROID_ALL, HERE

ANDROID_RUNNER = HERE.parent
TINY = "dev.edgekit.tiny"
PASSWORD = "android"


def started(folder, **options):
    """A running device, or the test is skipped with the reason."""
    reason = missing() or ("" if adb_program.find_adb() else "no adb program on PATH: apt install adb")
    if reason:
        unavailable(reason)
    built_apk()  # and with it what the device is put together from: the shim, android-all
    try:
        return AndroidDevice(folder, **options)
    except DeviceMissing as error:
        unavailable(str(error))


@pytest.fixture(scope="session")
def android_session(tmp_path_factory):
    with started(tmp_path_factory.mktemp("android")) as device:
        yield device


@pytest.fixture
def android(android_session):
    """The device of the session, whole again after each test."""
    yield android_session
    android_session.mend()


@pytest.fixture(scope="module")
def android_server(tmp_path_factory):
    """An adb server; only itself has another home."""
    with adb_server(tmp_path_factory.mktemp("home")):
        yield


class TinyApks:
    """APKs of one small app, each different in one thing."""

    def __init__(self, folder):
        self.folder = folder
        self.dex = self._compiled()

    def _compiled(self):
        jars = [ANDROID_RUNNER / "target/lib" / name for name in ("android-all.jar", "r8.jar")]
        repository = Path.home() / ".m2/repository"
        android_all = next((jar for jar in (jars[0], repository / ANDROID_ALL) if jar.exists()), None)
        r8 = next((jar for jar in (jars[1], *repository.glob("com/android/tools/r8/*/r8-*.jar")) if jar.exists()), None)
        if android_all is None or r8 is None:
            unavailable("android-all.jar and r8.jar are not there: `make runner` fetches them")
        sources = sorted((ANDROID_RUNNER / "device/tiny").glob("*.java"))
        options = ["--release", "8", "-nowarn", "-Xlint:none", "-cp", android_all, "-d", self.folder / "classes"]
        run("javac", *options, *sources)
        classes = sorted((self.folder / "classes").rglob("*.class"))
        run(
            "java",
            "-cp",
            r8,
            "com.android.tools.r8.D8",
            "--min-api",
            26,
            "--lib",
            android_all,
            "--output",
            self.folder,
            *classes,
        )
        return self.folder / "classes.dex"

    def _key(self, name):
        path = self.folder / f"{name}.p12"
        if not path.exists():
            options = ["-storetype", "PKCS12", "-storepass", PASSWORD, "-alias", name, "-dname", f"CN={name}"]
            run("keytool", "-genkeypair", "-keystore", path, *options, "-keyalg", "EC")
        return path

    def make(self, name, *, version=2, min_sdk=26, key="first", debuggable=True, library="", code=True, package=TINY):
        """An APK called `name`. key "": unsigned; library: an ABI for which it has native code."""
        linked, aligned, apk = (self.folder / f"{name}.{end}" for end in ("linked", "aligned", "apk"))
        manifest = self.folder / f"{name}.xml"
        text = (ANDROID_RUNNER / "device/tiny/AndroidManifest.xml").read_text()
        text = text.replace('minSdkVersion="26"', f'minSdkVersion="{min_sdk}"')
        text = text.replace(f'package="{TINY}"', f'package="{package}"')
        manifest.write_text(text if debuggable else text.replace(' android:debuggable="true"', ""))
        frame = "/usr/share/android-framework-res/framework-res.apk"
        options = ["--version-code", version, "--version-name", f"0.{version}", "--manifest", manifest]
        run("aapt2", "link", "-I", frame, *options, "-o", linked)
        with zipfile.ZipFile(linked, "a") as file:
            if code:
                file.write(self.dex, "classes.dex")
            if library:
                file.writestr(f"lib/{library}/libnothing.so", b"nothing")
        run("zipalign", "-f", 4, linked, aligned)
        if key:
            options = ["--ks", self._key(key), "--ks-pass", f"pass:{PASSWORD}", "--min-sdk-version", 26]
            run("apksigner", "sign", *options, "--v4-signing-enabled", "false", "--out", apk, aligned)
        else:
            shutil.copy(aligned, apk)
        return apk


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, android_session):
    return TinyApks(tmp_path_factory.mktemp("tiny"))


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def results(text):
    """The result bundle and the code of `am instrument -r`."""
    pairs = dict(re.findall(r"^INSTRUMENTATION_RESULT: (\w+)=(.*)$", text, re.MULTILINE))
    code = re.search(r"^INSTRUMENTATION_CODE: (-?\d+)$", text, re.MULTILINE)
    return pairs, int(code.group(1)) if code else None


@pytest.fixture
def phone(android, android_server):
    """By the adb program, with the small app."""
    android.shell("true")
    return AdbProgram(android.serial)


@pytest.fixture
def app(android, tiny):
    """The small app, freshly installed; nothing of it runs afterwards."""
    android.install(tiny.make("first") if not (tiny.folder / "first.apk").exists() else tiny.folder / "first.apk")
    yield TINY
    android.shell(f"am force-stop {TINY}; logcat -c; rm -rf /data/local/tmp/*")


def say(phone, what, **words):
    """One run of the small app's instrumentation."""
    pairs = [item for name, value in {"what": what, **words}.items() for item in ("-e", name, str(value))]
    return phone.shell(quoted("am", "instrument", "-w", "-r", *pairs, f"{TINY}/.Say"))
