"""Why a launch of the app ended without an answer: one sentence each, from the marker, Android's memory and the log."""

import time

from edgekit.device.adb import Adb, quoted
from edgekit.device.app_apk import APP
from edgekit.device.app_ends import (
    CRASH,
    CRASH_NATIVE,
    LOW_MEMORY,
    REASONS,
    SIGNALED,
    Crash,
    ExitInfo,
    Marker,
    crash,
    ended_within,
    exit_info,
    signal_name,
)
from edgekit.errors import DeviceError, RunnerError
from edgekit.runner.protocol import Job
from edgekit.targets.android_answer import mismatch

_SETTLE_SECONDS = 1.0
"""Android writes down a process's end a moment after it."""
_TRIES = 3
BREAKS = "the model breaks the runtime"
DOCTOR = "edgekit doctor --device writes down what works there"


def refused(serial: str, kind: str, sentence: str) -> DeviceError:
    """The app read the job and did not take it, or could not read it. `kind`: see docs/android.md."""
    said = f"the app on {serial} refused the job: {sentence or kind}"
    if kind in ("version", "job"):
        return mismatch(serial, said)
    if kind == "answer":
        return DeviceError(said, "free space on the device, or ask for fewer samples", serial=serial)
    return DeviceError(said, DOCTOR, serial=serial)


def place(marker: Marker | None, job: Job) -> str:
    """` at model_build of case c0 on gpu`, as far as the marker says."""
    if marker is None or not marker.phase:
        return ""
    cases = {case.id: case for case in job.cases}
    on = f" of case {marker.case} on {cases[marker.case].delegate}" if marker.case in cases else ""
    return f" at {marker.phase}{on}"


def hang(serial: str, limit_s: float, marker: Marker | None, job: Job) -> RunnerError:
    """It was given its time and is ended now."""
    return RunnerError(
        f"the app on {serial} did not answer within {limit_s:g} s: it was stopped{place(marker, job)}",
        "a smaller plan, or a model that fits the device",
        serial=serial,
    )


def lost(adb: Adb, job: Job, marker: Marker | None, said: str, begun: float) -> RunnerError:
    """The process is gone. `said`: am's own word of it, where it had one; `begun`: time.monotonic() at the launch."""
    log, ended = Crash(), None
    for _ in range(_TRIES):
        log, ended = _evidence(adb, marker, time.monotonic() - begun)
        if log.signal or log.exception or ended is not None:
            break
        time.sleep(_SETTLE_SECONDS)
    message, hint = _sentence(f"the app on {adb.serial}", place(marker, job), log, ended, said)
    return RunnerError(message, hint, serial=adb.serial)


def _evidence(adb: Adb, marker: Marker | None, seconds: float) -> tuple[Crash, ExitInfo | None]:
    """What the log and exit-info say of the process of the marker, or else of one that ended in the last `seconds`."""
    text = adb.shell(quoted("dumpsys", "activity", "exit-info", APP)).text
    if marker is not None:
        pid: int | None = marker.pid
    else:
        pid = ended_within(text, adb.shell(quoted("date", "+%F %T.%N")).text, seconds)
    if pid is None:
        return Crash(), None
    log = adb.shell(quoted("logcat", "-d", "-b", "crash,main", "-t", "400", f"--pid={pid}"))
    return (crash(log.text) if log.exit_code == 0 else Crash()), exit_info(text, pid)


def _sentence(app: str, where: str, log: Crash, ended: ExitInfo | None, said: str) -> tuple[str, str]:
    """(what happened, what to do)."""
    last = ": " + " | ".join(log.lines) if log.lines else ""
    breaks = BREAKS if where else DOCTOR  # without a marker the model was not reached, as far as is known
    reason = ended.reason if ended is not None else 0
    status = ended.status if ended is not None else 0
    if log.signal or reason == CRASH_NATIVE:
        name = log.signal or (signal_name(status) if status else "a crash in native code")
        return f"{app} died of {name}{where}{last}", breaks
    if log.exception or reason == CRASH:
        return f"{app} crashed{where}: {log.exception or ' | '.join(log.lines) or 'a Java exception'}", breaks
    if reason == LOW_MEMORY:
        return f"{app} was killed for low memory{where}", "close other apps, or a smaller model"
    if reason == SIGNALED:
        return f"{app} was ended by {signal_name(status)}{where}", "close other apps, or a smaller model"
    if ended is not None:
        described = f" ({ended.description})" if ended.description else ""
        return f"{app} ended{where}: {REASONS.get(reason, f'reason {reason}')}{described}", "run it again"
    what = f"ended{where} and left no answer" if where else "ended and left neither marker nor answer"
    return f"{app} {what}{f': am says {said}' if said else last}", DOCTOR
