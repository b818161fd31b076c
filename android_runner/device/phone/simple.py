"""The small stand-ins: getprop, setprop, settings, svc, input, wm, getconf, pidof, run-as."""

import os
import subprocess

from phone import accounts
from phone.call import Call
from phone.phone import CHROOT, PATH, Phone

_RUN_AS = """cd "$0" || exit 1
command -v "$1" > /dev/null || { echo "run-as: exec failed for $1: No such file or directory" >&2; exit 1; }
exec "$@"
"""
_SPACES = ("system", "secure", "global")


def getprop(phone: Phone, call: Call) -> int:
    """`getprop [NAME [DEFAULT]]`"""
    properties = phone.state.properties
    if len(call.words) == 1:
        call.out("".join(f"[{name}]: [{properties[name]}]\n" for name in sorted(properties)))
    else:
        default = call.words[2] if len(call.words) > 2 else ""
        call.out((properties.get(call.words[1]) or default) + "\n")
    return 0


def setprop(phone: Phone, call: Call) -> int:
    """`setprop NAME VALUE`; the shell may set debug., log. and service.adb. names."""
    if len(call.words) != 3:
        call.err("usage: setprop NAME VALUE\n")
        return 1
    name, value = call.words[1:]
    if name.startswith("ro.") or not name.startswith(("debug.", "log.", "persist.log.", "service.adb.")):
        call.err(f"Failed to set property '{name}' to '{value}'.\nSee dmesg for error reason.\n")
        return 1
    with phone.state.lock:
        phone.state.properties[name] = value
        phone.state.publish()
    return 0


def settings(phone: Phone, call: Call) -> int:
    """`settings get|put|delete|list global|system|secure NAME [VALUE]`"""
    words = [word for word in call.words[1:] if word != "default"]
    if "--user" in words:
        at = words.index("--user")
        del words[at : at + 2]
    if len(words) < 2 or words[0] not in ("get", "put", "delete", "list"):
        call.err("Invalid command: " + (words[0] if words else "") + "\n")
        return 255
    verb, space, *rest = words
    if space not in _SPACES:
        call.err(f"Invalid namespace '{space}'\n")
        return 255
    table = phone.state.settings[space]
    if verb == "list":
        call.out("".join(f"{name}={table[name]}\n" for name in sorted(table)))
        return 0
    if len(rest) != (2 if verb == "put" else 1):
        call.err("Bad arguments\n")
        return 255
    if verb == "get":
        call.out(table.get(rest[0], "null") + "\n")
    elif verb == "put":
        table[rest[0]] = rest[1]
    else:
        call.out(f"Deleted {int(table.pop(rest[0], None) is not None)} rows\n")
    return 0


def svc(phone: Phone, call: Call) -> int:
    """`svc power stayon true|false|usb|ac|wireless`"""
    bits = {"false": "0", "ac": "1", "usb": "2", "wireless": "4", "true": "15"}
    if call.words[1:3] == ["power", "stayon"] and len(call.words) == 4 and call.words[3] in bits:
        phone.state.settings["global"]["stay_on_while_plugged_in"] = bits[call.words[3]]
        return 0
    call.err("Control the power manager\n\nusage: svc power stayon [true|false|usb|ac|wireless]\n")
    return 1


def input_(phone: Phone, call: Call) -> int:
    """`input keyevent KEYCODE_WAKEUP|KEYCODE_SLEEP|...`"""
    if len(call.words) < 3 or call.words[1] not in ("keyevent", "tap", "swipe", "text"):
        call.err("Error: Invalid arguments for command: " + " ".join(call.words[1:2]) + "\n")
        return 255
    if call.words[1] == "keyevent":
        key = call.words[-1]
        if key in ("KEYCODE_WAKEUP", "224"):
            phone.state.awake = True
        elif key in ("KEYCODE_SLEEP", "223"):
            phone.state.awake = False
    return 0


def wm(phone: Phone, call: Call) -> int:
    """`wm dismiss-keyguard`, `wm size`"""
    if call.words[1:] == ["dismiss-keyguard"]:
        return 0
    if call.words[1:] == ["size"]:
        call.out("Physical size: 1080x2400\n")
        return 0
    call.err("Unknown command: " + " ".join(call.words[1:2]) + "\n")
    return 255


def getconf(phone: Phone, call: Call) -> int:
    """`getconf PAGE_SIZE`, `getconf _NPROCESSORS_ONLN`"""
    name = call.words[1] if len(call.words) == 2 else ""
    if name in ("PAGE_SIZE", "PAGESIZE"):
        call.out(f"{phone.state.faults.page_bytes}\n")
    elif name == "_NPROCESSORS_ONLN":
        call.out(f"{os.cpu_count()}\n")
    else:
        call.err(f"getconf: bad '{name}'\n")
        return 1
    return 0


def pidof(phone: Phone, call: Call) -> int:
    """`pidof [-s] NAME...`: processes of apps by package name; exit code 1 for none."""
    names = [word for word in call.words[1:] if not word.startswith("-")]
    found = [str(process.pid) for process in phone.processes.alive() if process.name in names]
    if not found:
        return 1
    call.out(" ".join(found[:1] if "-s" in call.words else found) + "\n")
    return 0


def run_as(phone: Phone, call: Call) -> int:
    """`run-as PACKAGE COMMAND...`: as the app's user in its data folder, where the package is debuggable."""
    words = call.words[1:]
    if len(words) < 1:
        call.err("run-as: usage: run-as <package-name> [--user <uid>] <command> [<args>]\n")
        return 1
    if call.uid not in (0, accounts.SHELL):
        call.err("run-as: only 'shell' or 'root' users can run this program\n")
        return 1
    name, command = words[0], words[1:] or ["sh"]
    if phone.state.faults.run_as:
        call.err(f"run-as: {phone.state.faults.run_as}\n")
        return 1
    package = phone.packages.get(name)
    if package is None:
        call.err(f"run-as: unknown package: {name}\n")
        return 1
    if not package.apk.debuggable:
        call.err(f"run-as: package not debuggable: {name}\n")
        return 1
    user = f"--userspec={package.uid}:{package.uid}"
    words = [CHROOT, user, f"--groups={package.uid}", str(phone.root), "/bin/sh", "-c", _RUN_AS, package.data, *command]
    environment = {"PATH": PATH, "HOME": package.data, "ANDROID_DATA": "/data", "TMPDIR": f"{package.data}/cache"}
    given, out, err = call.files
    done = subprocess.run(words, stdin=given, stdout=out, stderr=err, env=environment, umask=0o077)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode
