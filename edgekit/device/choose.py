"""Which device is meant: decided once, here. From then on every call carries its serial."""

import os
from collections.abc import Sequence

from edgekit.device import adb_program
from edgekit.device.adb import Adb
from edgekit.device.parse import DeviceLine
from edgekit.errors import AdbMissing, DeviceError, NoDevice, Offline, SeveralDevices, Unauthorized
from edgekit.runner.codec import closest

ATTACH_HINT = "attach a phone with USB debugging on, or: adb connect ADDRESS:5555"


def choose(serial: str, devices: Sequence[DeviceLine]) -> DeviceLine:
    """The device called `serial`, or the only usable one where it is empty. Raises DeviceError kinds."""
    if serial:
        named = [device for device in devices if device.serial == serial]
        if not named:
            known = [device.serial for device in devices]
            listed = f"attached: {', '.join(known)}" if known else ATTACH_HINT
            listed = f"adb connect {serial}" if ":" in serial else listed
            raise NoDevice(f"no device is called {serial!r}{closest(serial, known)}", listed, serial=serial)
        return _usable(named[0])
    if not devices:
        raise NoDevice("no device is attached", ATTACH_HINT)
    ready = [device for device in devices if device.state == "device"]
    if len(ready) > 1:
        raise SeveralDevices(
            f"{len(ready)} devices are attached: {', '.join(device.serial for device in ready)}",
            f"name one: --serial {ready[0].serial}",
        )
    return _usable(ready[0] if ready else devices[0])


def _usable(device: DeviceLine) -> DeviceLine:
    problem = state_problem(device)
    if problem is not None:
        raise problem
    return device


def state_problem(device: DeviceLine) -> DeviceError | None:
    """Why a listed device cannot be used, or None."""
    if device.state == "device":
        return None
    if device.state == "unauthorized":
        return Unauthorized(
            f"{device.serial} does not accept this computer's key",
            "unlock the device and allow USB debugging, then run it again",
            serial=device.serial,
        )
    if device.state == "no permissions":
        return Unauthorized(
            f"this user may not open {device.serial} over USB",
            "add a udev rule (Debian: apt install android-sdk-platform-tools-common) and plug it in again",
            serial=device.serial,
        )
    return Offline(
        f"{device.serial} is {device.state}",
        "unplug it and plug it in again, or: adb reconnect",
        serial=device.serial,
    )


def connect(address: str, serial: str) -> Adb:
    """The device of a target's address (`*`: `serial`, else ANDROID_SERIAL, else the only one).

    Through the user's adb program where there is one; without it an address HOST:PORT is spoken to directly.
    """
    wanted = address if address != "*" else serial or os.environ.get("ANDROID_SERIAL", "")
    if adb_program.find_adb() is not None:
        return adb_program.AdbProgram(choose(wanted, adb_program.devices()).serial)
    if ":" in wanted:
        from edgekit.device.adb_wire import AdbWire

        return AdbWire(wanted)
    raise AdbMissing("there is no adb program on PATH, and no HOST:PORT was named", adb_program.INSTALL_HINT)
