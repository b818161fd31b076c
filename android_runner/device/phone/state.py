"""What the phone is and what a test may break: properties, settings, faults."""

import dataclasses
import threading
from dataclasses import dataclass, field
from pathlib import Path

PROPERTIES = {
    "ro.product.manufacturer": "edgekit",
    "ro.product.brand": "edgekit",
    "ro.product.model": "Android-like device",
    "ro.product.name": "android_like",
    "ro.product.device": "android_like",
    "ro.product.board": "android_like",
    "ro.hardware": "android_like",
    "ro.build.version.release": "14",
    "ro.build.version.sdk": "34",
    "ro.build.version.release_or_codename": "14",
    "ro.build.version.codename": "REL",
    "ro.build.version.all_codenames": "REL",
    "ro.build.version.known_codenames": "S,Sv2,Tiramisu,UpsideDownCake",
    "ro.build.version.preview_sdk": "0",
    "ro.build.version.incremental": "1",
    "ro.build.version.security_patch": "2024-01-05",
    "ro.build.fingerprint": "edgekit/android_like/android_like:14/DEVICE/1:userdebug/test-keys",
    "ro.build.id": "DEVICE",
    "ro.build.type": "userdebug",
    "ro.build.tags": "test-keys",
    "ro.debuggable": "1",
    "ro.product.cpu.abi": "x86_64",
    "ro.product.cpu.abilist": "x86_64",
    "ro.product.cpu.abilist64": "x86_64",
    "ro.product.cpu.abilist32": "",
    "ro.boot.qemu": "1",
    "ro.kernel.qemu": "1",
    "sys.boot_completed": "1",
    "persist.sys.timezone": "UTC",
}
"""It calls itself an emulator, so that nobody takes its timings for a phone's."""


@dataclass
class Faults:
    """What is wrong with the device; a test sets fields, the defaults are a healthy phone."""

    page_bytes: int = 4096
    thermal_status: int = 0
    thermal_ready: bool = True
    battery_percent: int = 87
    battery_decicelsius: int = 284
    tmp_hidden: bool = False
    """Apps may not look into /data/local/tmp."""
    external: bool = True
    """False: apps have no external folder, and /sdcard/Android/data has none for them."""
    disk_full: bool = False
    """/data takes no byte more."""
    run_as: str = ""
    """What run-as says instead of working."""
    instrument: str = ""
    """What `am instrument` says instead of working, with exit code 1."""
    install: str = ""
    """INSTALL_FAILED_...: what every installation ends with."""
    version_name: str = ""
    """What installed packages say their version is."""
    instrument_lines: int = -1
    """`am instrument` prints so many lines and ends, as where the connection was cut; -1: all."""


def changed(faults: Faults, values: dict[str, object]) -> Faults:
    """The faults with other values; ValueError for an unknown name or a wrong type."""
    kinds = {item.name: type(item.default) for item in dataclasses.fields(Faults)}
    for name, value in values.items():
        if name not in kinds or type(value) is not kinds[name]:
            raise ValueError(f"{name}={value!r} is no fault; known are: {', '.join(kinds)}")
    return dataclasses.replace(faults, **values)  # type: ignore[arg-type]


@dataclass
class State:
    """Shared by all calls; hold `lock` to change something."""

    root: Path
    faults: Faults = field(default_factory=Faults)
    properties: dict[str, str] = field(default_factory=lambda: dict(PROPERTIES))
    settings: dict[str, dict[str, str]] = field(
        default_factory=lambda: {
            "global": {"low_power": "0", "airplane_mode_on": "0", "stay_on_while_plugged_in": "0", "adb_enabled": "1"},
            "system": {"screen_brightness": "102", "screen_off_timeout": "60000"},
            "secure": {"android_id": "0123456789abcdef"},
        }
    )
    awake: bool = True
    fixed_performance: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def publish(self) -> None:
        """Write the properties where apps read them."""
        target = self.root / "dev/__properties__/all"
        part = target.with_name("part")
        part.write_text("".join(f"{name}={value}\n" for name, value in self.properties.items()))
        part.chmod(0o644)
        part.replace(target)
