"""`edgekit doctor --device`: every assumption of edgekit about devices tried on one, and one file of what was seen."""

import contextlib
import datetime
import importlib.metadata
import platform
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgekit import __version__
from edgekit.device import adb_program
from edgekit.device.adb import quoted
from edgekit.device.app_apk import Apk, find_apk, read_apk
from edgekit.device.app_awake import SETTING
from edgekit.device.choose import connect
from edgekit.errors import DeviceError, UsageError
from edgekit.pipeline.self_test_app import AppChecks
from edgekit.pipeline.self_test_facts import Facts
from edgekit.pipeline.self_test_record import Check, DeviceWent, Recorder, Seen, checked
from edgekit.progress import Progress
from edgekit.runner import codec

NOT_MEASURABLE = 4
"""Exit code where an essential check failed."""
BUDGET_SECONDS = 300.0
"""No check begins later: a phone on which everything hangs is told apart without an hour of waiting."""
_STEPS = 27
_MARKS = {"ok": "ok", "differs": "DIFFERS", "failed": "FAILED"}
_SHOWN = 200
"""Characters of what was seen that the text shows; the file has them all."""
Checks = tuple[tuple[str, Callable[[], Check]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReport:
    """The file's content. `probe`: what the app itself found, as it wrote it; `host`: this computer and its adb."""

    edgekit: str
    created_utc: str
    host: Mapping[str, str]
    serial: str
    measurable: bool
    seconds: float
    checks: tuple[Check, ...]
    properties: Mapping[str, str]
    apk: Mapping[str, str]
    probe: Any


def self_test(serial: str, progress: Progress) -> DeviceReport:
    """Try everything on the device. DeviceError kinds where there is none; what fails later is a check."""
    begun = time.monotonic()
    adb = Recorder(connect("*", serial))
    apk = _apk()
    facts = Facts(adb, apk)
    app = None if apk is None else AppChecks(adb, apk)
    done: list[Check] = []
    try:
        with progress.task(f"self-test {adb.serial}", _STEPS) as tick:

            def do(checks: Checks) -> None:
                for name, check in checks:
                    tick(0, name)
                    seconds = time.monotonic() - begun
                    done.append(check() if seconds < BUDGET_SECONDS else _not_tried(name, seconds))
                    tick(1, name)

            try:
                do(facts.checks())
                if app is not None and not _stopped_by(done):
                    do(app.checks())
                _leave(adb, app, facts.scratch)
                done.append(_restored(adb, facts.setting, tried=any(check.commands for check in done)))
                tick(1, "settings restored")
            except DeviceWent as went:
                done.append(went.check)
            finally:
                _leave(adb, app, facts.scratch)
    finally:
        adb.close()
    return DeviceReport(
        edgekit=__version__,
        created_utc=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S"),
        host=_host(),
        serial=adb.serial,
        measurable=any(check.name == "model on cpu" and check.state == "ok" for check in done)
        and not _stopped_by(done),
        seconds=round(time.monotonic() - begun, 1),
        checks=tuple(done),
        properties=facts.properties,
        apk={} if apk is None else {"version": apk.version, "sha256": apk.sha256, "abis": " ".join(apk.abis)},
        probe=app.probe if app is not None else None,
    )


def _apk() -> Apk | None:
    """The APK here; None where there is none that can be read: a check says so."""
    path = find_apk()
    with contextlib.suppress(UsageError):
        return None if path is None else read_apk(path)
    return None


def _stopped_by(done: Sequence[Check]) -> bool:
    return any(check.essential and check.state == "failed" for check in done)


def _not_tried(name: str, seconds: float) -> Check:
    return Check(name=name, state="failed", expected="", seen=f"not tried: the self-test has taken {seconds:.0f} s")


def _leave(adb: Recorder, app: AppChecks | None, scratch: str) -> None:
    """Settings back, the app stopped, scratch files removed; may be called twice."""
    if app is not None:
        app.close()
    with contextlib.suppress(DeviceError):
        adb.shell(quoted("rm", "-rf", scratch))


def _restored(adb: Recorder, before: str | None, tried: bool) -> Check:
    """`before`: None where it was not read; that is as well where nothing was `tried`."""

    def look() -> Seen:
        now = adb.shell(quoted("settings", "get", "global", SETTING)).text.strip()
        if before is None:
            return ("differs" if tried else "ok"), f"{now or 'nothing'}, before it was not read"
        return ("ok" if now == before else "failed"), f"{now or 'nothing'}, before it was {before or 'nothing'}"

    return checked(adb, "settings restored", f"{SETTING} is what it was", look)


def _host() -> dict[str, str]:
    try:
        adb = adb_program.version()
    except DeviceError as error:
        adb = error.message
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": sys.version.split()[0],
        "adb": adb,
        "adb-shell": importlib.metadata.version("adb-shell"),
    }


def file_name(report: DeviceReport) -> str:
    """`edgekit-device-R3CN30-20261125-1405.json`, whatever the serial holds."""
    serial = re.sub(r"[^A-Za-z0-9._-]+", "-", report.serial).strip("-.")[:60] or "device"
    return f"edgekit-device-{serial}-{re.sub('[^0-9]', '', report.created_utc)[:12]}.json"


def exit_code(report: DeviceReport) -> int:
    """0 where the device can be measured on, else 4."""
    return 0 if report.measurable else NOT_MEASURABLE


def as_json(report: DeviceReport) -> str:
    """The file."""
    return codec.dumps(report)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def as_text(report: DeviceReport) -> str:
    """One line a check, what was expected below one that is not ok, and what it comes to."""
    lines = []
    for check in report.checks:
        lines.append(f"{_MARKS[check.state]:<9}{check.name:<26}{_cut(check.seen)}")
        if check.state != "ok":
            lines.append(f"{'':<9}{'':<26}expected: {check.expected}")
    count = {state: sum(check.state == state for check in report.checks) for state in _MARKS}
    numbers = f"{count['ok']} ok, {count['differs']} differ, {count['failed']} failed, {report.seconds:g} s"
    said = "can be measured on" if report.measurable else "cannot be measured on"
    return "\n".join([*lines, "", f"{report.serial} {said}: {numbers}"])
