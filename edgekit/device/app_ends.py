"""How a process of the app ended: its marker file, Android's exit info, its log. Pure, content with any text."""

import datetime
import re
from dataclasses import dataclass
from typing import Literal

from edgekit.device.parse import printable, text_lines
from edgekit.runner import codec

_MOST_LINES = 4
_LINE_CHARACTERS = 160
_LOG_LINES = 1000
_BEFORE = r"(?:[\d:. -]{0,60}\s)?"
"""Date, time, process and thread, which only some formats of the log have."""
REASONS: dict[int, str] = {
    1: "it ended itself",
    2: "a signal",
    3: "low memory",
    4: "a Java crash",
    5: "a crash in native code",
    6: "it stopped answering (ANR)",
    7: "its start failed",
    8: "a permission was taken from it",
    9: "it used too much",
    10: "the user, or another adb command, stopped it",
    11: "its user was stopped",
    12: "something that it depends on ended",
    13: "the system",
    14: "the freezer",
    15: "its package changed",
    16: "its package was updated",
}
"""ApplicationExitInfo's reasons."""
CRASH, CRASH_NATIVE, SIGNALED, LOW_MEMORY = 4, 5, 2, 3
SIGNALS = {
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    15: "SIGTERM",
}
"""Linux's numbers, whatever this computer's are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The app's marker.json. `phase` of a refused job holds the kind of refusal."""

    id: str
    pid: int
    state: Literal["running", "done", "refused"]
    case: str
    phase: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitInfo:
    """One line of Android's memory of ended processes (Android 11 and later)."""

    pid: int
    reason: int
    status: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """What the log says of a process's end. `signal` and `exception` are empty where it says none."""

    signal: str = ""
    exception: str = ""
    lines: tuple[str, ...] = ()


def marker(text: str | bytes) -> Marker | None:
    """The marker, or None for anything that is not a whole one."""
    try:
        return codec.loads(Marker, text)
    except codec.CodecError:
        return None


def signal_name(number: int) -> str:
    """`SIGSEGV`, or `signal 50`."""
    return SIGNALS.get(number, f"signal {number}")


def exit_info(text: str, pid: int) -> ExitInfo | None:
    """The newest entry of `pid` in `dumpsys activity exit-info`; None where there is none."""
    for block in re.split(r"ApplicationExitInfo\s*#\d+:", text.replace("\r", ""))[1:]:
        found = re.search(r"\bpid=([0-9]{1,9})\b", block)
        reason = re.search(r"\breason=([0-9]{1,4})\b", block)
        if found is None or reason is None or int(found.group(1)) != pid:
            continue
        status = re.search(r"\bstatus=(-?[0-9]{1,9})\b", block)
        described = re.search(r"\bdescription=(.*?)(?: state=| trace=|\n|$)", block)
        return ExitInfo(
            pid=pid,
            reason=int(reason.group(1)),
            status=int(status.group(1)) if status else 0,
            description=_line(described.group(1)) if described and described.group(1) != "null" else "",
        )
    return None


def ended_within(text: str, now: str, seconds: float) -> int | None:
    """The process whose end exit-info tells first, the newest, where that is less than `seconds` before `now`.

    `now`: as the device's `date "+%F %T.%N"` prints it, in the time zone that exit-info is in.
    """
    found = re.search(r"\btimestamp=([0-9]{4}-[0-9-]{5} [0-9:]{8}\.[0-9]{3})\s+pid=([0-9]{1,9})\b", text)
    try:
        age = _time(now.strip()[:23]) - _time(found.group(1)) if found is not None else None
    except ValueError:
        return None
    if found is None or age is None or not 0 <= age.total_seconds() < seconds:
        return None
    return int(found.group(2))


def _time(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f")


def crash(text: str) -> Crash:
    """The end of a process in its log lines (`logcat -d -b crash,main --pid=PID`, any -v)."""
    lines = [line for line in text_lines(text) if line.strip() and not line.startswith("-----")][-_LOG_LINES:]
    signal = exception = ""
    telling: list[str] = []
    for number, line in enumerate(lines):
        if found := re.search(r"Fatal signal ([0-9]{1,3}) \((SIG[A-Z0-9]+)\)", line):
            signal = found.group(2)
        if "FATAL EXCEPTION" in line:
            follows = [_message(item) for item in lines[number + 1 : number + 4]]
            exception = next((item for item in follows if re.match(r"[\w.$]+(Exception|Error|Throwable)\b", item)), "")
        if _is_telling(line):
            telling.append(_line(_message(line)))
    shown = telling or [_line(_message(line)) for line in lines]
    different = list(dict.fromkeys(line for line in shown if line))
    return Crash(signal=signal, exception=_line(exception), lines=tuple(different[-_MOST_LINES:]))


def process_ids(text: str) -> tuple[int, ...]:
    """The numbers that pidof prints."""
    return tuple(int(word) for word in text.split() if re.fullmatch(r"[0-9]{1,9}", word))


def _is_telling(line: str) -> bool:
    """Errors and fatal lines, in the formats threadtime, time and brief."""
    return re.match(_BEFORE + r"[EF][ /][\w.\- ]{0,60}(?:\(\s{0,8}\d{1,9}\))?\s{0,8}:", line) is not None


def _message(line: str) -> str:
    """The line without date, process, priority and tag."""
    found = re.match(_BEFORE + r"[VDIWEF][ /](\S[^:]{0,60}?)\s{0,8}(?:\(\s{0,8}\d{1,9}\))?\s{0,8}: (.*)$", line)
    return found.group(2).strip() if found else line.strip()


def _line(text: str) -> str:
    return printable(" ".join(text.split()))[:_LINE_CHARACTERS]
