"""`pm` and `cmd package`: install, uninstall, path, list, clear."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from phone import accounts
from phone.apk import Refused
from phone.call import Call, JavaError
from phone.phone import CHROOT, PATH, Phone


def pm(phone: Phone, call: Call) -> int:
    """`pm install|uninstall|path|list|clear|grant|dump`; `cmd package` is the same."""
    verb = call.words[1] if len(call.words) > 1 else ""
    commands = {"install": _install, "uninstall": _uninstall, "path": _path, "list": _list, "clear": _clear}
    if verb in commands:
        return commands[verb](phone, call)
    call.err(f"Unknown command: {verb}\n" if verb else "Package manager (package) commands:\n")
    return 255


def _words(call: Call, with_value: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """Options and the words that are none."""
    options: dict[str, str] = {}
    rest: list[str] = []
    words = iter(call.words[2:])
    for word in words:
        if word.startswith("-") and word != "-":
            options[word] = next(words, "") if word in with_value else ""
        else:
            rest.append(word)
    return options, rest


def _install(phone: Phone, call: Call) -> int:
    options, rest = _words(call, ("-S", "--user", "-i", "--abi", "--install-location", "-p", "--install-reason"))
    if not rest and "-S" not in options:
        call.err("Error: must either specify a package size or an APK file\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "base.apk"
        if rest and rest[0] != "-":
            _copy_as_caller(phone, call, rest[0], taken)
        else:
            _from_stdin(call, int(options.get("-S") or 0), taken)
        fault = phone.state.faults
        try:
            if fault.install:
                raise Refused(fault.install)
            with phone.state.lock:
                package = phone.packages.install(taken, downgrade="-d" in options, external=fault.external)
            phone.processes.stop(package.name, "PACKAGE UPDATED")
        except Refused as refused:
            call.out(f"Failure [{refused}]\n")
            return 1
    call.out("Success\n")
    return 0


def _copy_as_caller(phone: Phone, call: Call, path: str, taken: Path) -> None:
    """The file is opened with the caller's rights, as on a phone."""
    user = f"--userspec={call.uid}:{call.uid}"
    groups = ",".join(str(group) for group in accounts.SHELL_GROUPS) if call.uid == accounts.SHELL else str(call.uid)
    words = [CHROOT, user, f"--groups={groups}", str(phone.root), "/bin/cat", "--", str(Path(call.folder) / path)]
    with taken.open("wb") as file:
        done = subprocess.run(words, stdout=file, stderr=subprocess.DEVNULL, env={"PATH": PATH})
    if done.returncode != 0:
        call.err(f"Error: Unable to open file: {path}\n")
        if not path.startswith("/data/local/tmp/"):
            call.err("Consider using a file under /data/local/tmp/\n")
        call.err(f"Error: Can't open file: {path}\n")
        raise JavaError("java.lang.IllegalArgumentException", f"Error: Can't open file: {path}")


def _from_stdin(call: Call, size: int, taken: Path) -> None:
    with taken.open("wb") as file:
        left = size
        while left > 0 and (block := os.read(call.files[0], min(left, 1 << 20))):
            file.write(block)
            left -= len(block)


def _uninstall(phone: Phone, call: Call) -> int:
    options, rest = _words(call, ("--user", "--versionCode"))
    package = phone.packages.get(rest[0]) if rest else None
    if package is None:
        call.out("Failure [DELETE_FAILED_INTERNAL_ERROR]\n")
        return 1
    phone.processes.stop(package.name, "PACKAGE REMOVED")
    with phone.state.lock:
        phone.packages.remove(package, "-k" in options)
    call.out("Success\n")
    return 0


def _path(phone: Phone, call: Call) -> int:
    _, rest = _words(call, ("--user",))
    package = phone.packages.get(rest[0]) if rest else None
    if package is None:
        return 1
    call.out(f"package:{package.code}/base.apk\n")
    return 0


def _list(phone: Phone, call: Call) -> int:
    options, rest = _words(call, ("--user", "--uid"))
    what, *names = rest or [""]
    if what == "packages":
        for package in phone.packages.all():
            if "-s" in options or not re.search(re.escape(names[0]) if names else "", package.name):
                continue
            line = f"package:{package.code}/base.apk={package.name}" if "-f" in options else f"package:{package.name}"
            line += f" versionCode:{package.apk.version_code}" if "--show-versioncode" in options else ""
            line += f" uid:{package.uid}" if "-U" in options else ""
            call.out(line + "\n")
    elif what == "instrumentation":
        for package in phone.packages.all():
            for name, target in package.apk.instrumentations.items():
                call.out(f"instrumentation:{package.name}/{_short(package.name, name)} (target={target})\n")
    elif what != "features":
        call.err(f"Error: unknown list type '{what}'\n")
        return 255
    return 0


def _short(package: str, name: str) -> str:
    return name[len(package) :] if name.startswith(package + ".") else name


def _clear(phone: Phone, call: Call) -> int:
    _, rest = _words(call, ("--user",))
    package = phone.packages.get(rest[0]) if rest else None
    if package is None:
        call.out("Failed\n")
        return 1
    phone.processes.stop(package.name, "CLEAR DATA")
    phone.packages.clear(package)
    call.out("Success\n")
    return 0
