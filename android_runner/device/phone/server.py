"""The phone's own process: it answers the stand-in programs, forwards adb's port, and takes orders from the host."""

import dataclasses
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from phone import call, disk
from phone.activities import asked
from phone.apk import Refused
from phone.call import Call, Gone, JavaError
from phone.commands import COMMANDS
from phone.forward import forward
from phone.logs import Logs
from phone.packages import Packages
from phone.phone import Phone
from phone.processes import Processes
from phone.state import Faults, State, changed


def serve(plan: dict[str, Any], root: Path, adbd: "subprocess.Popen[bytes]") -> None:
    """Until adbd ends; the parent's end ends everything from outside."""
    state = State(root)
    state.publish()
    logs = Logs(root)
    processes = Processes(root, state, logs)
    phone = Phone(root, state, logs, Packages(root, Path(plan["cache"])), processes)
    processes.asked = lambda process, message: asked(phone, process, message)
    threading.Thread(target=_read_logs, args=(logs,), daemon=True).start()
    line = socket.socket(fileno=plan["listener"])
    threading.Thread(target=forward, args=(line, plan["port"], state.properties), daemon=True).start()
    _listening(root / "dev/socket/phone", 0o666, lambda line: _programs(phone, line))
    _listening(Path(plan["folder"]) / "control", 0o600, lambda line: _orders(phone, line))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    adbd.wait()


def _listening(path: Path, mode: int, served: Any) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    path.chmod(mode)
    server.listen(64)

    def accept() -> None:
        while True:
            line, _ = server.accept()
            threading.Thread(target=served, args=(line,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _programs(phone: Phone, line: socket.socket) -> None:
    made = call.receive(line)
    if made is None:
        line.close()
        return
    code = 1
    try:
        code = run(phone, made)
    except Gone:
        pass
    except Exception:
        traceback.print_exc()
        made.err(f"{made.words[0]}: this device's own fault, see its log\n{traceback.format_exc()}")
    finally:
        made.end(code)


def run(phone: Phone, made: Call) -> int:
    """One stand-in program; what Android would throw is printed as Android prints it, exit code 255."""
    command = COMMANDS.get(made.words[0])
    if command is None:
        made.err(f"{made.words[0]}: not found\n")
        return 127
    verb = next((word for word in made.words[1:] if word not in ("package", "activity")), "")
    try:
        return command(phone, made)
    except JavaError as error:
        made.err(f"\nException occurred while executing '{verb}':\n" + error.trace("com.android.server.Binder.exec"))
        return 255


def _read_logs(logs: Logs) -> None:
    while True:
        select.select(logs.files(), [], [], 0.05)
        logs.read()


# ---- orders from the host's root


def _orders(phone: Phone, line: socket.socket) -> None:
    with line, line.makefile("rw") as text:
        for order in text:
            try:
                answer = _done(phone, json.loads(order))
            except (Refused, ValueError, KeyError, OSError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            text.write(json.dumps(answer) + "\n")
            text.flush()


def _done(phone: Phone, order: dict[str, Any]) -> dict[str, Any]:
    what = order["do"]
    if what == "faults":
        return _broken(phone, changed(phone.state.faults, order["values"]))
    if what == "mend":
        return _broken(phone, Faults())
    if what == "log":
        return {"lines": [item.threadtime() for item in phone.logs.lines()]}
    if what == "install":
        with phone.state.lock:
            package = phone.packages.install(Path(order["path"]), downgrade=True, external=phone.state.faults.external)
        phone.processes.stop(package.name, "PACKAGE UPDATED")
        return {"package": package.name, "uid": package.uid}
    if what == "kill":
        process = phone.processes.of(order["package"])
        if process is None:
            return {"pid": None}
        os.kill(process.pid, signal.Signals(order["signal"]))
        return {"pid": process.pid}
    raise ValueError(f"unknown order {what!r}")


def _broken(phone: Phone, faults: Faults) -> dict[str, Any]:
    """These faults from now on; some are made of more than a value."""
    before, phone.state.faults = phone.state.faults, faults
    if before.disk_full != faults.disk_full:
        disk.full(phone.root / "data", faults.disk_full)
    if before.external != faults.external:
        for package in phone.packages.all():
            phone.packages.set_external(package, faults.external)
    return dataclasses.asdict(faults)
