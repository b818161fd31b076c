"""The log buffers, and `logcat`. Apps write their lines into named pipes that this process reads."""

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phone.call import Call

PRIORITIES = "VDIWEF"
_NUMBERS = {"2": "V", "3": "D", "4": "I", "5": "W", "6": "E", "7": "F"}
LINES_KEPT = 20_000
_USAGE_CODE = 1


@dataclass(frozen=True)
class Line:
    when: float
    pid: int
    uid: int
    priority: str
    tag: str
    text: str
    buffer: str

    def brief(self) -> str:
        return f"{self.priority}/{self.tag:<8}({self.pid:5d}): {self.text}"

    def threadtime(self) -> str:
        stamp = time.strftime("%m-%d %H:%M:%S", time.gmtime(self.when))
        thousandths = int(self.when * 1000) % 1000
        return f"{stamp}.{thousandths:03d} {self.pid:5d} {self.pid:5d} {self.priority} {self.tag:<8}: {self.text}"

    def time(self) -> str:
        stamp = time.strftime("%m-%d %H:%M:%S", time.gmtime(self.when))
        return f"{stamp}.{int(self.when * 1000) % 1000:03d} {self.priority}/{self.tag:<8}({self.pid:5d}): {self.text}"


_FORMATS: dict[str, Callable[[Line], str]] = {
    "brief": Line.brief,
    "threadtime": Line.threadtime,
    "time": Line.time,
    "raw": lambda line: line.text,
    "tag": lambda line: f"{line.priority}/{line.tag:<8}: {line.text}",
    "process": lambda line: f"{line.priority}({line.pid:5d}) {line.text}  ({line.tag})",
}


class Logs:
    """All lines of all apps since the start or since `logcat -c`."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "dev/log"
        self._folder.chmod(0o711)
        self._lock = threading.RLock()
        self._lines: list[Line] = []
        self._pipes: dict[int, tuple[int, int, bytearray]] = {}
        self._last: dict[int, tuple[int, str, str]] = {}

    def open(self, number: int, uid: int) -> str:
        """A pipe for one app process; its path in the root."""
        path = self._folder / str(number)
        os.mkfifo(path, 0o600)
        os.chown(path, uid, uid)
        with self._lock:
            self._pipes[number] = (os.open(path, os.O_RDWR | os.O_NONBLOCK), uid, bytearray())
        return f"/dev/log/{number}"

    def close(self, number: int) -> None:
        """After the process's end: read the rest, remove the pipe."""
        with self._lock:
            self._read(number)
            os.close(self._pipes.pop(number)[0])
            (self._folder / str(number)).unlink()

    def files(self) -> list[int]:
        with self._lock:
            return [file for file, _, _ in self._pipes.values()]

    def read(self) -> None:
        """Take what lies in the pipes: a line that was written before a call of logcat is seen by that call."""
        with self._lock:
            for number in list(self._pipes):
                self._read(number)

    def _read(self, number: int) -> None:
        file, uid, rest = self._pipes[number]
        with contextlib.suppress(BlockingIOError):
            while more := os.read(file, 65536):
                rest += more
        while (end := rest.find(b"\n")) >= 0:
            line = rest[:end].decode(errors="replace")
            del rest[: end + 1]
            found = re.fullmatch(r"(\d+) (.*?) ([VDIWEF2-7]) (.*)", line)
            if found:
                self._last[number] = (int(found[1]), _NUMBERS.get(found[3], found[3]), found[2])
            if number in self._last:  # a line without a head belongs to the message before
                pid, priority, tag = self._last[number]
                self.add(pid, uid, priority, tag, found[4] if found else line)

    def add(self, pid: int, uid: int, priority: str, tag: str, text: str, buffer: str = "main") -> None:
        with self._lock:
            for part in text.split("\n"):
                self._lines.append(Line(time.time(), pid, uid, priority, tag, part, buffer))
            del self._lines[:-LINES_KEPT]

    def abort_message(self, pid: int) -> str:
        """What native code said before it gave up."""
        said = (line.text for line in self.lines() if (line.pid, line.tag, line.priority) == (pid, "libc", "F"))
        return next(said, "")

    def lines(self) -> list[Line]:
        self.read()
        with self._lock:
            return list(self._lines)

    def clear(self, buffers: set[str]) -> None:
        self.read()
        with self._lock:
            self._lines = [line for line in self._lines if line.buffer not in buffers]


def logcat(logs: Logs, call: Call) -> int:
    """`logcat [-d] [-c] [-s] [-v FORMAT] [-b BUFFERS] [-t N] [--pid=N] [TAG:PRIORITY]...`"""
    buffers, shape, pid, last = {"main", "system", "crash"}, "threadtime", 0, 0
    clear, follow, silent = False, True, False
    filters: list[tuple[str, str]] = []
    words = iter(call.words[1:])
    for word in words:
        option, _, value = word.partition("=")
        if word in ("-d", "-c", "-s"):
            follow, clear, silent = follow and word != "-d", clear or word == "-c", silent or word == "-s"
        elif option in ("-v", "-b", "-t", "-T", "--pid") or re.fullmatch(r"-[vbtT].+", word):
            if not value:
                joined = option[:2] != "--" and len(word) > 2
                option, value = (word[:2], word[2:]) if joined else (word, next(words, ""))
            if option == "-v":
                shape = value
            elif option == "-b":
                buffers = {"main", "system", "crash"} if value in ("all", "default") else set(value.split(","))
            elif option == "--pid":
                pid = int(value) if value.isdigit() else -1
            else:
                last, follow = int(value) if value.isdigit() else 0, follow and option != "-t"
        elif word.startswith("-"):
            call.err(f"logcat: Unknown option '{word}'.\n")
            return _USAGE_CODE
        else:
            tag, _, priority = word.partition(":")
            filters.append((tag, (priority or "V").upper()))
    if shape not in _FORMATS:
        call.err(f'logcat: Invalid parameter "{shape}" to -v\n')
        return _USAGE_CODE
    if clear:
        logs.clear(buffers)
        return 0

    def wanted(line: Line) -> bool:
        # as on a phone, an app sees what its own user wrote; shell and root see all
        mine = call.uid < 10000 or line.uid == call.uid
        return mine and line.buffer in buffers and pid in (0, line.pid) and _passes(line, filters, silent)

    shown = 0
    begun: set[str] = set()
    while True:
        lines = [line for line in logs.lines() if wanted(line)]
        for line in lines[max(shown, len(lines) - last if last and not shown else 0) :]:
            if line.buffer not in begun:
                begun.add(line.buffer)
                call.out(f"--------- beginning of {line.buffer}\n")
            call.out(_FORMATS[shape](line) + "\n")
        shown = len(lines)
        if not follow:
            return 0
        time.sleep(0.1)
        call.out("")


def _passes(line: Line, filters: list[tuple[str, str]], silent: bool) -> bool:
    default = "S" if silent else "V"
    for tag, priority in filters:
        if tag == "*":
            default = priority
    least = next((priority for tag, priority in filters if tag == line.tag), default)
    return least in PRIORITIES and PRIORITIES.index(line.priority) >= PRIORITIES.index(least)
