"""What `edgekit devices` shows: every device that adb lists, and what each says of itself."""

from dataclasses import dataclass

from edgekit.device import adb_program
from edgekit.device.adb import Adb, quoted
from edgekit.device.choose import ATTACH_HINT, state_problem
from edgekit.device.parse import (
    DeviceLine,
    battery,
    getprop_output,
    is_emulator,
    page_bytes,
    thermal_status,
    whole_number,
)
from edgekit.errors import DeviceError
from edgekit.runner import codec


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One attached device; None: it does not say. `hint`: what to do where state is not `device`."""

    serial: str
    state: str
    hint: str = ""
    maker: str | None = None
    model: str | None = None
    android: str | None = None
    sdk: int | None = None
    soc: str | None = None
    abis: tuple[str, ...] = ()
    page_bytes: int | None = None
    emulator: bool = False
    thermal_status: int | None = None
    battery_percent: int | None = None
    battery_decicelsius: int | None = None


def list_devices(serial: str = "") -> tuple[Device, ...]:
    """Every device of the adb program (only `serial` where one is named). AdbMissing without the program."""
    lines = adb_program.devices()
    return tuple(_device(line) for line in lines if serial in ("", line.serial))


def _device(line: DeviceLine) -> Device:
    problem = state_problem(line)
    if problem is not None:
        return Device(serial=line.serial, state=line.state, hint=problem.hint)
    try:
        return describe(adb_program.AdbProgram(line.serial))
    except DeviceError as error:
        return Device(serial=line.serial, state="gone", hint=f"{error.message}: {error.hint}")


def describe(adb: Adb) -> Device:
    """Ask a device what it is."""
    properties = getprop_output(adb.shell("getprop").text)

    def first(*names: str) -> str | None:
        return next((properties[name] for name in names if properties.get(name)), None)

    percent, temperature = battery(_text(adb, "dumpsys", "battery"))
    return Device(
        serial=adb.serial,
        state="device",
        maker=first("ro.product.manufacturer"),
        model=first("ro.product.model"),
        android=first("ro.build.version.release"),
        sdk=whole_number(first("ro.build.version.sdk") or ""),
        soc=first("ro.soc.model", "ro.board.platform", "ro.hardware"),
        abis=tuple((first("ro.product.cpu.abilist") or "").split(",")) if first("ro.product.cpu.abilist") else (),
        page_bytes=page_bytes(_text(adb, "getconf", "PAGE_SIZE")),
        emulator=is_emulator(properties),
        thermal_status=thermal_status(_text(adb, "dumpsys", "thermalservice")),
        battery_percent=percent,
        battery_decicelsius=temperature,
    )


def _text(adb: Adb, *words: str) -> str:
    result = adb.shell(quoted(*words))
    return result.text if result.exit_code == 0 else ""


def one_line(device: Device) -> str:
    """`Google Pixel 8, Android 15 (SDK 35), Tensor G3, arm64-v8a`."""
    if device.state != "device":
        return device.state
    parts = [
        " ".join(part for part in (device.maker, device.model) if part),
        f"Android {device.android} (SDK {device.sdk})" if device.android else "",
        device.soc or "",
        device.abis[0] if device.abis else "",
        "emulator: functional only" if device.emulator else "",
        f"{device.page_bytes // 1024} KB pages" if device.page_bytes and device.page_bytes != 4096 else "",
        f"battery {device.battery_percent} %" if device.battery_percent is not None else "",
        f"thermal status {device.thermal_status}" if device.thermal_status is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def devices_text(found: tuple[Device, ...]) -> str:
    """One line a device; the loopback device last."""
    lines = []
    for device in found:
        lines.append(f"{device.serial:<24}{one_line(device)}")
        if device.hint:
            lines.append(f"{'':<24}{device.hint}")
    if not found:
        lines.append(f"no device is attached: {ATTACH_HINT}")
    lines.append(f"{'loopback:0':<24}the device that edgekit brings along (this computer's CPU)")
    return "\n".join(lines)


def devices_json(found: tuple[Device, ...]) -> str:
    """The devices as JSON text."""
    return codec.dumps(found)
