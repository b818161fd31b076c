"""`am start`, and what apps ask their device: activities, the battery, settings."""

import shlex
import time
from dataclasses import dataclass, field
from typing import Any

from phone import accounts
from phone.apk import Activity
from phone.call import Call, JavaError
from phone.components import component, short
from phone.packages import Package
from phone.phone import Phone
from phone.processes import AppProcess, Message

LAUNCH_SECONDS = 10.0


def bind(phone: Phone, process: AppProcess, instrumentation: dict[str, Any] | None) -> None:
    """Tell a fresh process what it is."""
    if not process.attached.wait(LAUNCH_SECONDS):
        return
    package = process.package
    external = phone.state.faults.external
    process.send(
        {
            "do": "bind",
            "package": package.name,
            "uid": package.uid,
            "version_name": phone.state.faults.version_name or package.apk.version_name,
            "version_code": package.apk.version_code,
            "target_sdk": package.apk.target_sdk,
            "debuggable": package.apk.debuggable,
            "code": package.code,
            "data": package.data,
            "external": package.external if external else None,
            "page_bytes": phone.state.faults.page_bytes,
            "instrumentation": instrumentation,
        }
    )


@dataclass
class Intent:
    """What the words after `am start` say."""

    action: str = ""
    target: str = ""
    flags: int = 0
    extras: dict[str, Any] = field(default_factory=dict)

    def shown(self, flags: int = 0) -> str:
        parts = [f"act={self.action}"] if self.action else []
        parts += [f"flg=0x{self.flags | flags:x}"] if self.flags | flags else []
        parts += [f"cmp={short(*component(self.target))}"] if self.target else []
        parts += ["(has extras)"] if self.extras else []
        return f"Intent {{ {' '.join(parts)} }}"


_EXTRAS: dict[str, Any] = {
    "--es": str,
    "-e": str,
    "--ei": int,
    "--el": int,
    "--ef": float,
    "--ez": lambda text: text.lower() in ("true", "1", "t"),
}


def _intent(call: Call) -> tuple[Intent, bool, bool]:
    intent, wait, stop = Intent(), False, False
    words = iter(call.words[2:])
    for word in words:
        if word == "-W":
            wait = True
        elif word == "-S":
            stop = True
        elif word == "-n":
            intent.target = next(words, "")
        elif word == "-a":
            intent.action = next(words, "")
        elif word == "-f":
            intent.flags = int(next(words, "0"), 0)
        elif word in _EXTRAS:
            key, value = next(words, ""), next(words, "")
            intent.extras[key] = {"type": "es" if word == "-e" else word.lstrip("-"), "value": _EXTRAS[word](value)}
        elif word == "--esn":
            intent.extras[next(words, "")] = {"type": "es", "value": None}
        elif word in ("-c", "-d", "-t", "--user", "--activity-brought-to-front"):
            next(words, "")
        elif word.startswith("-"):
            raise JavaError("java.lang.IllegalArgumentException", f"Unknown option: {word}")
        else:
            intent.target = word
    if intent.target:
        component(intent.target)
    return intent, wait, stop


def start(phone: Phone, call: Call) -> int:
    """`am start [-W] [-S] -n COMPONENT [--es KEY VALUE]...`"""
    intent, wait, stop = _intent(call)
    call.out(f"Starting: {intent.shown()}\n")
    say = call.out if wait else call.err
    if not intent.target:
        say(f"Error: Activity not started, unable to resolve {intent.shown(0x10000000)}\n")
        return 0  # as on a phone: only the text says so
    package_name, name = component(intent.target)
    package = phone.packages.get(package_name)
    activity = next((item for item in package.apk.activities if item.name == name), None) if package else None
    if package is None or activity is None:
        say(f"Error type 3\nError: Activity class {{{package_name}/{name}}} does not exist.\n")
        return 0
    allowed(call.uid, call.pid, package, activity, intent.shown(0x10000000))
    if stop:
        phone.processes.stop(package.name, "from shell")
    began = time.monotonic()
    running = phone.processes.of(package.name)
    if running is not None and running.activity == name:
        say("Warning: Activity not started, intent has been delivered to currently running top-most instance.\n")
        if wait:
            call.out(
                f"Status: ok\nLaunchState: UNKNOWN (0)\nActivity: {short(package.name, name)}\nTotalTime: 0\n"
                "WaitTime: 1\nComplete\n"
            )
        return 0
    cold = running is None
    process = launched(phone, package, name, intent.extras)
    if not wait:
        return 0
    while not process.resumed.wait(0.02) and not process.ended.is_set() and time.monotonic() - began < LAUNCH_SECONDS:
        pass
    took = int((time.monotonic() - began) * 1000)
    fine = process.resumed.is_set()
    call.out(
        f"Status: {'ok' if fine else 'timeout'}\n"
        f"LaunchState: {('COLD' if cold else 'HOT') if fine else 'UNKNOWN (0)'}\n"
        f"Activity: {short(package.name, name)}\n" + (f"TotalTime: {took}\n" if fine else "")
    )
    call.out(f"WaitTime: {took + 1}\nComplete\n")
    return 0


def allowed(uid: int, pid: int, package: Package, activity: Activity, intent: str) -> None:
    """The shell holds the permissions that entry points for the shell ask for; other apps do not. Raises JavaError."""
    if uid in (0, accounts.SYSTEM, package.uid):
        return
    denied = f"Permission Denial: starting {intent} from null (pid={pid}, uid={uid})"
    if not activity.exported:
        raise JavaError("java.lang.SecurityException", f"{denied} not exported from uid {package.uid}")
    if activity.permission and uid != accounts.SHELL:
        raise JavaError("java.lang.SecurityException", f"{denied} requires {activity.permission}")


def launched(phone: Phone, package: Package, name: str, extras: dict[str, Any]) -> AppProcess:
    """Start the activity in the package's process, which is started where there is none."""
    process = phone.processes.of(package.name)
    if process is None:
        process = phone.processes.start(package, instrumented=False)
        bind(phone, process, None)
    process.resumed.clear()
    process.send({"do": "start_activity", "class": name, "extras": extras})
    return process


def asked(phone: Phone, process: AppProcess, message: Message) -> Any:
    """An app's question to its device."""
    what = message["say"]
    faults = phone.state.faults
    if what == "battery":
        return {"level": faults.battery_percent, "temperature": faults.battery_decicelsius}
    if what == "thermal_status":
        return faults.thermal_status
    if what == "power_save":
        return phone.state.settings["global"].get("low_power") == "1"
    if what == "interactive":
        return phone.state.awake
    if what == "setting":
        return phone.state.settings[message["space"]].get(message["name"])
    if what == "start_activity":
        activity = next((item for item in process.package.apk.activities if item.name == message["class"]), None)
        if activity is None:
            return (
                f"Unable to find explicit activity class {{{process.name}/{message['class']}}}; have you declared "
                "this activity in your AndroidManifest.xml?"
            )
        process.send({"do": "start_activity", "class": activity.name, "extras": message["extras"]})
        return None
    raise ValueError(f"an app asked {shlex.quote(what)}")
