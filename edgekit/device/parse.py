"""Text that devices print -> data. Pure functions: what is missing or refused becomes None.

Their time grows with the text's length and no faster, whatever it holds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_LINE_CHARACTERS = 500
MAX_DEVICES = 100
"""Each is asked what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """One line of `adb devices -l`. `state` is device, unauthorized, offline, recovery, no permissions, ..."""

    serial: str
    state: str
    properties: Mapping[str, str] = field(default_factory=dict)


def devices_output(text: str) -> tuple[DeviceLine, ...]:
    """The devices of `adb devices -l`, whatever the daemon says before, with LF or CRLF."""
    found: list[DeviceLine] = []
    listed = False
    for line in text_lines(text):
        if len(found) == MAX_DEVICES:
            break
        if line.startswith("List of devices"):
            listed = True
            continue
        if not listed or not line.strip() or line.startswith("* daemon"):
            continue
        match = re.match(r"(\S+)\s+(no permissions|\S+)(.*)", line)
        if match:
            words = (word.partition(":") for word in printable(match.group(3)).split())
            properties = {name: value for name, _, value in words if value and re.fullmatch(r"\w+", name)}
            serial, state = printable(match.group(1)), printable(match.group(2))
            found.append(DeviceLine(serial=serial, state=state, properties=properties))
    return tuple(found)


def text_lines(text: str) -> list[str]:
    """Lines with LF or CRLF, none longer than anybody reads: a device may print anything, and patterns take time."""
    return [line[:_LINE_CHARACTERS] for line in text.replace("\r", "").split("\n")]


def getprop_output(text: str) -> dict[str, str]:
    """`[ro.product.model]: [Pixel 8]` lines; what a terminal would obey is left out."""
    pairs = re.findall(r"^\[([^\]\n]{1,200})\]: \[([^\]]{0,500})\]\r?$", text, re.MULTILINE)
    return {name: printable(value) for name, value in pairs}


def is_emulator(properties: Mapping[str, str]) -> bool:
    """Whether a device's properties are those of an emulator, old or new."""
    if any(properties.get(name) == "1" for name in ("ro.kernel.qemu", "ro.boot.qemu")):
        return True
    return properties.get("ro.hardware") in ("goldfish", "ranchu")


def printable(text: str) -> str:
    """Without the characters that a terminal would obey."""
    return "".join(character for character in text if character.isprintable())


def thermal_status(text: str) -> int | None:
    """`Thermal Status: 2` of dumpsys thermalservice; None where it is not there or the HAL is not ready."""
    if re.search(r"HAL Ready:\s*false", text):
        return None
    found = re.search(r"Thermal Status:\s*([0-9]{1,9})\b", text)
    return int(found.group(1)) if found else None


def battery(text: str) -> tuple[int | None, int | None]:
    """(percent, temperature in tenths of a degree Celsius) of dumpsys battery."""
    level = re.search(r"^[ \t]*level:[ \t]*([0-9]{1,9})\b", text, re.MULTILINE)
    temperature = re.search(r"^[ \t]*temperature:[ \t]*(-?[0-9]{1,9})\b", text, re.MULTILINE)
    return (int(level.group(1)) if level else None, int(temperature.group(1)) if temperature else None)


def page_bytes(text: str) -> int | None:
    """`getconf PAGE_SIZE`."""
    return whole_number(text)


def cpu_count(text: str) -> int | None:
    """`0-7` or `0,2-3` of /sys/devices/system/cpu/present."""
    if not re.fullmatch(r"\s*[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*\s*", text):
        return None
    ends = [part.split("-") for part in text.strip().split(",")]
    return sum(max(0, int(part[-1]) - int(part[0]) + 1) for part in ends)


def whole_number(text: str) -> int | None:
    """Digits and nothing else, at most nine of them."""
    found = re.fullmatch(r"\s*([0-9]{1,9})\s*", text)
    return int(found.group(1)) if found else None
