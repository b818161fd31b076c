"""`edgekit runner`: build the Android app, install it, say which one is where."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgekit import units
from edgekit.device import adb_program
from edgekit.device.adb import Adb
from edgekit.device.app_apk import APP, Apk, checkout_folder, find_apk, read_apk
from edgekit.device.app_install import InstalledApp, ensure_installed, installed_app, is_same
from edgekit.device.choose import connect
from edgekit.device.listing import describe
from edgekit.errors import AdbMissing, DeviceError, EdgekitError, UsageError
from edgekit.progress import Progress
from edgekit.runner import codec
from edgekit.targets.android import NO_APK
from edgekit.targets.android_operators import RUNTIME_VERSION

_STANDARD_ERROR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDevice:
    """The app on one attached device. `problem`: why the device does not say."""

    serial: str
    installed: InstalledApp | None = None
    same: bool | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The app here (None: there is no APK) and on the attached devices."""

    app: str
    tflite: str
    apk: Apk | None
    devices: tuple[OnDevice, ...]


def build() -> Apk:
    """`make runner` in the checkout, what it prints on standard error."""
    folder = checkout_folder()
    if folder is None:
        here = find_apk()
        brought = f"this installation brings {here}" if here else "this installation brings none"
        raise UsageError(f"the app is built in a checkout of edgekit; {brought}", "clone the repository")
    command = ["make", "-C", str(folder.parent), "runner"]
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=_STANDARD_ERROR, stderr=_STANDARD_ERROR, start_new_session=True
        )
    except OSError as error:
        raise EdgekitError(f"make cannot be started: {error.strerror}", "install make, a JDK and Maven") from error
    try:
        code = child.wait()
    finally:
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            child.wait()
    path = find_apk()
    if code != 0 or path is None:
        raise EdgekitError(f"make runner ended with code {code} and no APK", "the lines above say why")
    return read_apk(path)


def install(serial: str, path: Path | None, progress: Progress) -> str:
    """Install the APK (the one that is found where `path` is None) on the device; says what was done."""
    found = path or find_apk()
    if found is None:
        raise UsageError(NO_APK, "build it: edgekit runner build, or name one: --apk FILE")
    apk = read_apk(found)
    with _connected(serial) as adb, progress.task(f"install on {adb.serial}", apk.size_bytes, "bytes") as tick:
        done = ensure_installed(adb, apk, lambda moved: tick(moved, ""))
        return f"{adb.serial}: {APP} {apk.version} {'installed' if done else 'there already'}, sha256 {apk.sha256}"


@contextlib.contextmanager
def _connected(serial: str) -> Iterator[Adb]:
    adb = connect("*", serial)
    try:
        yield adb
    finally:
        adb.close()


def versions(serial: str) -> Versions:
    """What is here and on every attached device; with `serial` on that one, which must then be usable."""
    path = find_apk()
    apk = read_apk(path) if path else None
    if serial:
        with _connected(serial) as adb:
            found = [_on_device(adb, apk)]
    else:
        found = []
        with contextlib.suppress(AdbMissing):
            found = [_listed(line.serial, line.state, apk) for line in adb_program.devices()]
    return Versions(app=APP, tflite=RUNTIME_VERSION, apk=apk, devices=tuple(found))


def _listed(serial: str, state: str, apk: Apk | None) -> OnDevice:
    if state != "device":
        return OnDevice(serial=serial, problem=state)
    try:
        return _on_device(adb_program.AdbProgram(serial), apk)
    except DeviceError as error:
        return OnDevice(serial=serial, problem=error.message)


def _on_device(adb: Adb, apk: Apk | None) -> OnDevice:
    installed = installed_app(adb)
    same = None if apk is None or installed is None else is_same(installed, apk)
    fits = "" if apk is None else _misfit(adb, apk)
    return OnDevice(serial=adb.serial, installed=installed, same=same, problem=fits)


def _misfit(adb: Adb, apk: Apk) -> str:
    abis = describe(adb).abis
    return "" if not abis or set(abis) & set(apk.abis) else f"it runs {', '.join(abis)}: the APK here has none of them"


def apk_text(apk: Apk) -> str:
    """Path, bytes, sha256."""
    return f"{apk.path}\n{apk.size_bytes} bytes ({units.size(apk.size_bytes)}), sha256 {apk.sha256}"


def as_text(found: Versions) -> str:
    """The app here, then one line a device."""
    if found.apk is None:
        lines = [f"here: {NO_APK}: edgekit runner build"]
    else:
        abis = ", ".join(found.apk.abis)
        lines = [f"here: {found.app} {found.apk.version}, TFLite {found.tflite}, {abis}", apk_text(found.apk)]
    for device in found.devices:
        lines.append(f"{device.serial}: {_device_text(device)}")
    return "\n".join(lines if found.devices else [*lines, "no device is attached"])


def _device_text(device: OnDevice) -> str:
    if device.installed is None:
        return device.problem or "the app is not installed: edgekit runner install"
    parts = [f"{APP} {device.installed.version or 'of an unknown version'}"]
    parts += [{True: "the one here", False: "another than the one here", None: ""}[device.same]]
    parts += [f"sha256 {device.installed.sha256}" if device.installed.sha256 else "", device.problem]
    return ", ".join(part for part in parts if part)


def as_json(found: Versions) -> str:
    """The same as JSON text; paths as text."""
    data = codec.encode(found.devices)
    apk = None
    if found.apk is not None:
        apk = {
            "path": str(found.apk.path),
            "version": found.apk.version,
            "sha256": found.apk.sha256,
            "size_bytes": found.apk.size_bytes,
            "page_bytes": dict(found.apk.page_bytes),
        }
    return codec.dumps({"app": found.app, "tflite": found.tflite, "apk": apk, "devices": data})
