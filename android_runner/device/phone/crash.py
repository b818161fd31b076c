"""How a process ended: Android's reasons for it, and what a native crash leaves in the log."""

from __future__ import annotations

import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phone.processes import AppProcess

EXIT_SELF, SIGNALED, CRASH, CRASH_NATIVE, USER_REQUESTED, OTHER = 1, 2, 4, 5, 10, 13
REASONS = {
    EXIT_SELF: "EXIT_SELF",
    SIGNALED: "SIGNALED",
    CRASH: "APP CRASH(EXCEPTION)",
    CRASH_NATIVE: "APP CRASH(NATIVE)",
    USER_REQUESTED: "USER REQUESTED",
    OTHER: "OTHER KILLS BY SYSTEM",
}
_FATAL = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP, signal.SIGSYS}
_FATAL_LINE = re.compile(r"^#  SIG\w+ \(0x([0-9a-f]+)\) at pc=0x[0-9a-f]+(?: \([^)]*\))?, pid=\d+, tid=(\d+)", re.M)
_LINE = "*** *** *** *** *** *** *** *** *** *** *** *** *** *** *** ***"


@dataclass(frozen=True)
class Exit:
    """As ApplicationExitInfo has it. `status` is an exit code or a signal's number."""

    when: float
    pid: int
    uid: int
    name: str
    reason: int
    status: int
    description: str
    thread: int = 0
    where: tuple[str, ...] = ()
    abort_message: str = ""

    def shown(self, number: int) -> str:
        """The lines of `dumpsys activity exit-info`."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.when)) + f".{int(self.when * 1000) % 1000:03d}"
        sub = "21 (FORCE STOP)" if self.reason == USER_REQUESTED else "0 (UNKNOWN)"
        return (
            f"        ApplicationExitInfo #{number}:\n"
            f"          timestamp={stamp} pid={self.pid} realUid={self.uid} packageUid={self.uid} "
            f"definingUid={self.uid} user=0\n"
            f"          process={self.name} reason={self.reason} ({REASONS[self.reason]}) subreason={sub} "
            f"status={self.status}\n"
            f"          importance=100 pss=0.00 rss=0.00 description={self.description} state=empty trace=null\n"
        )


def exit_of(process: AppProcess, code: int, fatal: Path, abort_message: str) -> Exit:
    """From the exit code as Popen gives it, and from the JVM's own account of a fatal signal."""
    common: dict[str, Any] = {"when": time.time(), "pid": process.pid, "uid": process.uid, "name": process.name}
    if process.why:
        reason = OTHER if process.why.startswith("kill") else USER_REQUESTED
        return Exit(**common, reason=reason, status=0, description=process.why)
    if process.java_crash:
        return Exit(**common, reason=CRASH, status=0, description="crash")
    common["description"] = "crash"
    if code in (1, -signal.SIGABRT):  # the JVM catches a signal, says so on its output, writes a file and ends itself
        said = _FATAL_LINE.search(process.output.read_text(errors="replace"))
        if said:
            account = fatal.read_text(errors="replace") if fatal.exists() else ""
            frames = re.findall(r"^C  \[(\S+\.so\S*\+0x[0-9a-f]+)\]", account, re.MULTILINE)
            status, thread = int(said.group(1), 16), int(said.group(2))
            return Exit(**common, reason=CRASH_NATIVE, status=status, thread=thread, where=tuple(frames[:16]))
    if -code in _FATAL:
        return Exit(**common, reason=CRASH_NATIVE, status=-code, thread=process.pid, abort_message=abort_message)
    common["description"] = "null"
    return Exit(**common, reason=SIGNALED if code < 0 else EXIT_SELF, status=abs(code))


def lines(process: AppProcess, ended: Exit, fingerprint: str) -> list[tuple[str, int, str]]:
    """(text, pid, tag) for the crash buffer. Only the first has the app's own pid: the rest is another process's."""
    if ended.reason != CRASH_NATIVE:
        return []
    name = signal.Signals(ended.status).name
    code = "code -1 (SI_QUEUE)" if ended.status == signal.SIGABRT else "code 1 (SEGV_MAPERR), fault addr 0x0"
    dump = [
        _LINE,
        f"Build fingerprint: '{fingerprint}'",
        "Revision: '0'",
        "ABI: 'x86_64'",
        f"Timestamp: {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(ended.when))}.000000000+0000",
        f"Process uptime: {int(ended.when - process.started)}s",
        f"Cmdline: {ended.name}",
        f"pid: {ended.pid}, tid: {ended.thread}, name: {ended.name[-15:]}  >>> {ended.name} <<<",
        f"uid: {ended.uid}",
        f"signal {ended.status} ({name}), {code}",
    ]
    dump += [f"Abort message: '{ended.abort_message}'"] if ended.abort_message else []
    dump += ["backtrace:"] if ended.where else []
    dump += [
        f"      #{number:02d} pc {offset[2:]:0>16}  {library}"
        for number, (library, _, offset) in enumerate(place.rpartition("+") for place in ended.where)
    ]
    short = ended.name[-15:]
    first = f"Fatal signal {ended.status} ({name}), {code} in tid {ended.thread} ({short}), pid {ended.pid} ({short})"
    return [(first, ended.pid, "libc"), *((text, ended.pid + 1, "DEBUG") for text in dump)]
