"""App processes: a JVM as the app's user with the APK's classes, what it says, and how it ended."""

import contextlib
import itertools
import json
import queue
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phone import accounts, crash
from phone.crash import Exit
from phone.logs import Logs
from phone.packages import Package
from phone.state import State

CHROOT = "/usr/sbin/chroot"
JAVA = (
    "/usr/bin/java",
    "-Xshare:auto",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-XX:-CreateCoredumpOnCrash",
    "-XX:ErrorFile=/data/tombstones/hs_err_%p.log",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-BytecodeVerificationRemote",
)
"""Without verification: enjarify writes no stack maps, which code in interfaces would need."""
CLASSES = "/system/framework/standins.jar:/system/framework/android-all.jar"
MAIN = "dev.edgekit.device.AppProcess"
EXITS_KEPT = 16
Message = dict[str, Any]


@dataclass
class AppProcess:
    """One running app. `events` holds what an instrumentation says, for the `am` that waits for it."""

    number: int
    package: Package
    popen: "subprocess.Popen[bytes]"
    started: float
    events: "queue.Queue[tuple[str, int, dict[str, str]]]" = field(default_factory=queue.Queue)
    instrumented: bool = False
    finished: bool = False
    attached: threading.Event = field(default_factory=threading.Event)
    resumed: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    activity: str = ""
    screen_on: bool = False
    channel: socket.socket | None = None
    why: str = ""
    """Why this device ended it; empty: it ended by itself."""
    java_crash: str = ""
    output: Path = Path()

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def name(self) -> str:
        return self.package.name

    @property
    def uid(self) -> int:
        return self.package.uid

    def send(self, message: Message) -> None:
        if self.channel is not None:
            with contextlib.suppress(OSError):
                self.channel.sendall(json.dumps(message).encode() + b"\n")


class Processes:
    """All app processes of the device, and the exits of those that were."""

    def __init__(self, root: Path, state: State, logs: Logs) -> None:
        self._root, self._state, self._logs = root, state, logs
        self._alive: dict[int, AppProcess] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self.exits: dict[str, list[Exit]] = {}
        self.asked: Callable[[AppProcess, Message], Any] = lambda process, message: None
        """Answers an app's questions; set by the activities."""
        self._socket = socket.socket(socket.AF_UNIX)
        path = root / "dev/socket/app"
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def alive(self) -> list[AppProcess]:
        with self._lock:
            return list(self._alive.values())

    def of(self, package: str) -> AppProcess | None:
        return next((process for process in self.alive() if process.name == package and not process.why), None)

    def start(self, package: Package, *, instrumented: bool) -> AppProcess:
        """A fresh process with the package's classes; it then asks what to do."""
        number = next(self._numbers)
        libraries = f"{package.code}/lib/x86_64"
        words = [CHROOT, f"--userspec={package.uid}:{package.uid}", f"--groups={package.uid}", str(self._root), *JAVA]
        words += ["-cp", f"{CLASSES}:{package.code}/classes.jar", f"-Djava.library.path={libraries}"]
        words += [f"-Djava.io.tmpdir={package.data}/cache", f"-Duser.home={package.data}", MAIN]
        environment = {
            "PATH": "/system/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": f"/system/lib64:{libraries}",
            "SHIM_LOG": self._logs.open(number, package.uid),
            "SHIM_SDK": self._state.properties["ro.build.version.sdk"],
            "ANDROID_DATA": "/data",
            "ANDROID_ROOT": "/system",
            "EXTERNAL_STORAGE": "/sdcard",
            "MALLOC_ARENA_MAX": "4",
        }
        self._hide_tmp()
        with (self._root.parent / f"app-{number}.txt").open("wb") as output, self._lock:
            popen = subprocess.Popen(
                words, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, umask=0o077, cwd="/"
            )
            process = AppProcess(number, package, popen, time.time(), instrumented=instrumented)
            process.output = Path(output.name)
            self._alive[popen.pid] = process
        self._note(f"Start proc {process.pid}:{process.name}/u0a{package.uid - 10000}")
        threading.Thread(target=self._wait, args=(process,), daemon=True).start()
        return process

    def _note(self, text: str) -> None:
        self._logs.add(1, accounts.SYSTEM, "I", "ActivityManager", text, "system")

    def _hide_tmp(self) -> None:
        """On a phone a policy decides whether apps may look into /data/local/tmp; here the folder's mode."""
        mode = 0o770 if self._state.faults.tmp_hidden else 0o771
        (self._root / "data/local/tmp").chmod(mode)

    def stop(self, package: str, why: str, *, background_only: bool = False) -> None:
        """Kill the package's processes and wait until they are gone."""
        for process in self.alive():
            if process.name == package and not (background_only and process.activity):
                process.why = process.why or why
                process.popen.kill()
                process.ended.wait(10)

    def _accept(self) -> None:
        while True:
            line, _ = self._socket.accept()
            pid, _, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            with self._lock:
                process = self._alive.get(pid)
            if process is None or process.channel is not None:
                line.close()
                continue
            process.channel = line
            process.attached.set()
            threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def _listen(self, process: AppProcess) -> None:
        assert process.channel is not None
        with contextlib.suppress(OSError, ValueError), process.channel.makefile("rb") as lines:
            for line in lines:
                self._heard(process, json.loads(line))

    def _heard(self, process: AppProcess, message: Message) -> None:
        said = message["say"]
        if said in ("status", "finish"):
            if not process.finished:
                process.finished = said == "finish"
                process.events.put((said, message["code"], message["bundle"]))
            if said == "finish":
                process.why = process.why or "finished inst"
                process.popen.kill()
        elif said == "resumed":
            process.activity = message["activity"]
            process.resumed.set()
        elif said == "paused":
            process.activity = ""
        elif said == "screen":
            process.screen_on = message["on"]
        elif said == "crash":
            process.java_crash = message["trace"]
            text = f"FATAL EXCEPTION: {message['thread']}\nProcess: {process.name}, PID: {process.pid}\n"
            text += message["trace"]
            self._logs.add(process.pid, process.uid, "E", "AndroidRuntime", text, "crash")
        else:
            process.send({"do": "answer", "id": message["id"], "value": self.asked(process, message)})

    def _wait(self, process: AppProcess) -> None:
        code = process.popen.wait()
        self._logs.close(process.number)
        fatal = self._root / f"data/tombstones/hs_err_{process.pid}.log"
        ended = crash.exit_of(process, code, fatal, self._logs.abort_message(process.pid))
        for text, pid, tag in crash.lines(process, ended, self._state.properties["ro.build.fingerprint"]):
            self._logs.add(pid, process.uid, "F", tag, text, "crash")
        with contextlib.suppress(FileNotFoundError):
            fatal.unlink()
        with self._lock:
            del self._alive[process.pid]
            exits = self.exits.setdefault(process.name, [])
            exits.insert(0, ended)
            del exits[EXITS_KEPT:]
        self._note(f"Process {process.name} (pid {process.pid}) has died: fg  TOP")
        if process.instrumented and not process.finished:
            process.finished = True
            process.events.put(("finish", 0, {"shortMsg": "Process crashed."}))
        process.ended.set()
        process.attached.set()  # nobody waits for it any more
