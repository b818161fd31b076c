"""The stand-in programs by name. `cmd SERVICE ...` leads to the same functions."""

from collections.abc import Callable

from phone import simple
from phone.am import am
from phone.call import Call
from phone.dumpsys import dumpsys
from phone.logs import logcat
from phone.phone import Phone
from phone.pm import pm

Command = Callable[[Phone, Call], int]


def cmd(phone: Phone, call: Call) -> int:
    """`cmd package|activity|settings|window|thermalservice|power|connectivity ...`"""
    service = call.words[1] if len(call.words) > 1 else ""
    target = {"package": pm, "activity": am, "settings": simple.settings, "window": simple.wm}.get(service)
    if service in ("-l", ""):
        names = sorted([*_SERVICES, "activity", "package", "settings", "window"])
        call.out("Currently running services:\n" + "".join(f"  {name}\n" for name in names))
        return 0
    if service in _SERVICES:
        return _SERVICES[service](phone, call)
    if target is None:
        call.err(f"cmd: Can't find service: {service}\n")
        return 20
    call.words = call.words[1:]
    return target(phone, call)


def _thermal(phone: Phone, call: Call) -> int:
    words = call.words[2:]
    if words[:1] == ["override-status"] and len(words) == 2 and words[1] in "0123456":
        phone.state.faults.thermal_status = int(words[1])
    elif words == ["reset"]:
        phone.state.faults.thermal_status = 0
    else:
        call.err("Unknown command: " + " ".join(words[:1]) + "\n")
        return 255
    return 0


def _power(phone: Phone, call: Call) -> int:
    words = call.words[2:]
    if words[:1] == ["set-fixed-performance-mode-enabled"] and words[1:] in (["true"], ["false"]):
        phone.state.fixed_performance = words[1] == "true"
    elif words[:1] == ["set-mode"] and words[1:] in (["0"], ["1"]):
        phone.state.settings["global"]["low_power"] = words[1]
    else:
        call.err("Unknown command: " + " ".join(words[:1]) + "\n")
        return 255
    return 0


def _connectivity(phone: Phone, call: Call) -> int:
    words = call.words[2:]
    table = phone.state.settings["global"]
    if words == ["airplane-mode"]:
        call.out("enabled\n" if table.get("airplane_mode_on") == "1" else "disabled\n")
    elif words in (["airplane-mode", "enable"], ["airplane-mode", "disable"]):
        table["airplane_mode_on"] = str(int(words[1] == "enable"))
    else:
        call.err("Unknown command: " + " ".join(words[:1]) + "\n")
        return 255
    return 0


_SERVICES: dict[str, Command] = {"thermalservice": _thermal, "power": _power, "connectivity": _connectivity}
COMMANDS: dict[str, Command] = {
    "am": am,
    "cmd": cmd,
    "dumpsys": dumpsys,
    "getconf": simple.getconf,
    "getprop": simple.getprop,
    "input": simple.input_,
    "logcat": lambda phone, call: logcat(phone.logs, call),
    "pidof": simple.pidof,
    "pm": pm,
    "run-as": simple.run_as,
    "setprop": simple.setprop,
    "settings": simple.settings,
    "svc": simple.svc,
    "wm": simple.wm,
}
