"""The runner app on a device: which one is installed, and installing another."""

import contextlib
import re
from dataclasses import dataclass

from edgekit.device import FOLDER
from edgekit.device.adb import Adb, Moved, push_verified, quoted, remote_sha256
from edgekit.device.app_apk import APP, Apk
from edgekit.device.parse import printable, text_lines
from edgekit.errors import DeviceError

REMOTE_APK = f"{FOLDER}/runner.apk"
INSTALL_SECONDS = 300.0
"""A phone may ask its user first, and checks the file."""
MENDS: dict[str, str] = {
    "INSTALL_FAILED_UPDATE_INCOMPATIBLE": f"another key signed the one that is there: adb uninstall {APP}",
    "INSTALL_FAILED_VERSION_DOWNGRADE": f"a newer one is there: adb uninstall {APP}",
    "INSTALL_FAILED_NO_MATCHING_ABIS": "another processor: `edgekit runner version` lists the APK's ABIs",
    "INSTALL_FAILED_INSUFFICIENT_STORAGE": "free space on the device",
    "INSTALL_FAILED_USER_RESTRICTED": 'allow "Install via USB" in the developer options, and accept it on the screen',
    "INSTALL_FAILED_OLDER_SDK": "Android 8 or later is needed",
    "INSTALL_FAILED_VERIFICATION_FAILURE": 'switch off "Verify apps over USB" in the developer options',
    "INSTALL_PARSE_FAILED_NOT_APK": "the file was damaged on its way: run it again",
}
"""What Android says -> what to do."""
_OTHERWISE = "edgekit doctor --device writes down what the device says"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledApp:
    """The app on the device; None: the device does not say."""

    path: str
    version: str | None
    sha256: str | None


def installed_app(adb: Adb) -> InstalledApp | None:
    """The app that is installed, or None."""
    path = package_path(adb.shell(quoted("pm", "path", APP)).text)
    if path is None:
        return None
    version = version_name(adb.shell(quoted("dumpsys", "package", APP)).text)
    return InstalledApp(path=path, version=version, sha256=remote_sha256(adb, path))


def package_path(text: str) -> str | None:
    """`package:/data/app/.../base.apk` of pm path."""
    found = re.search(r"^package:(/\S.*)$", "\n".join(line.rstrip() for line in text_lines(text)), re.MULTILINE)
    return printable(found.group(1)) if found else None


def version_name(text: str) -> str | None:
    """`versionName=0.1.0` of dumpsys package."""
    found = re.search(r"^[ \t]*versionName=(\S{1,200})", text, re.MULTILINE)
    return printable(found.group(1))[:80] if found else None


def is_same(installed: InstalledApp | None, apk: Apk) -> bool:
    """Whether `apk` is what is installed: the same file; by version only where the device does not show the file."""
    if installed is None:
        return False
    return installed.sha256 == apk.sha256 if installed.sha256 is not None else installed.version == apk.version


def ensure_installed(adb: Adb, apk: Apk, moved: Moved | None = None) -> bool:
    """Install `apk` unless it is there; whether it was installed. DeviceError with Android's own word."""
    if is_same(installed_app(adb), apk):
        return False
    try:
        push_verified(adb, apk.path, REMOTE_APK, moved)
        done = adb.shell(quoted("pm", "install", "-r", "-t", "-d", REMOTE_APK), seconds=INSTALL_SECONDS)
        said = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
        if done.exit_code != 0 or not re.search(r"^Success\b", said, re.MULTILINE):
            raise install_problem(adb.serial, said)
    finally:
        with contextlib.suppress(DeviceError):
            adb.shell(quoted("rm", "-f", REMOTE_APK))
    return True


def install_problem(serial: str, said: str) -> DeviceError:
    """One sentence out of what pm said."""
    found = re.search(r"\[?((?:INSTALL|DELETE)_[A-Z_]+)(?::\s*([^\]\n]*))?", said)
    if found is None:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        word = printable(lines[-1])[:300] if lines else "pm install said nothing"
        return DeviceError(f"the app cannot be installed on {serial}: {word}", _OTHERWISE, serial=serial)
    word, rest = found.group(1), printable(found.group(2) or "").strip()[:200]
    text = f"{word} ({rest})" if rest else word
    return DeviceError(f"the app cannot be installed on {serial}: {text}", MENDS.get(word, _OTHERWISE), serial=serial)
