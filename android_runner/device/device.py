"""A whole Android-like device for tests: `with AndroidDevice(folder) as device: ... device.serial ...`.

Debian's real adbd in a root folder of its own, stand-ins for Android's programs, and the APK's own code on a JVM.
Needs root; missing() says what is missing. Nothing of it outlives the `with`, or this process where it is killed.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from parts import HERE, PartMissing, prepare

TOOLS = {
    "aapt": "aapt",
    "apksigner": "apksigner",
    "enjarify": "enjarify",
    "gcc": "gcc",
    "ip": "iproute2",
    "javac": "default-jdk-headless",
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "/usr/include/stdio.h": "libc6-dev",
}
"""Programs, and a file, that making and running a device takes, and the Debian packages that have them."""
START_SECONDS = 60
STOP_SECONDS = 10
DATA_MB = 4096


class DeviceMissing(Exception):
    """The device cannot be made on this computer; the text says why, in one sentence."""


def missing() -> str:
    """Why there can be no device here; empty where there can."""
    if sys.platform != "linux":
        return "the Android-like device needs Linux"
    if os.geteuid() != 0:
        return "the Android-like device needs root (namespaces, mounts and users of its own)"
    found = {tool for tool in TOOLS if shutil.which(tool) is not None or Path(tool).is_file()}
    packages = sorted({package for tool, package in TOOLS.items() if tool not in found})
    if packages:
        return f"the Android-like device needs more programs (Debian: apt install {' '.join(packages)})"
    done = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"no namespaces can be made here: {done.stderr.strip()}"


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgekit"


class AndroidDevice:
    """A running device. `folder` holds its logs and, while it runs, the root that only the device itself sees."""

    def __init__(self, folder: Path, apk: Path | None = None, port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        try:
            plan: dict[str, Any] = prepare(cache_folder())
        except PartMissing as error:
            raise DeviceMissing(str(error)) from error
        with socket.create_server(("127.0.0.1", port)) as listener:
            self.port: int = listener.getsockname()[1]
            self.serial = f"127.0.0.1:{self.port}"
            plan |= {"folder": str(self.folder), "port": self.port, "listener": listener.fileno(), "data_mb": DATA_MB}
            command = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
            command += [sys.executable, "-I", str(HERE / "boot.py"), json.dumps(plan)]
            with (self.folder / "device.log").open("wb") as log:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, pass_fds=[listener.fileno()],
                    start_new_session=True,
                )  # fmt: skip
        try:
            self._wait_until_ready()
            if apk is not None:
                self.install(apk)
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self) -> None:
        timer = threading.Timer(START_SECONDS, self.process.kill)
        timer.start()
        line = self.process.stdout.readline() if self.process.stdout else b""
        timer.cancel()
        if line != b"ready\n":
            said = (self.folder / "device.log").read_text(errors="replace").strip()
            raise DeviceMissing(f"the Android-like device did not start: {said[-600:] or 'it said nothing'}")

    # ---- from outside, past adb

    def order(self, **order: Any) -> dict[str, Any]:
        """Tell the device something that no phone would let itself be told; ValueError where it makes no sense."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.folder / "control"))
            line.sendall(json.dumps(order).encode() + b"\n")
            with line.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def faults(self, **values: Any) -> dict[str, Any]:
        """Break or mend something; the names are those of phone/state.py's Faults. Gives all faults as they are now."""
        return self.order(do="faults", values=values)

    def mend(self) -> None:
        """No fault any more."""
        self.order(do="mend")

    def log(self) -> list[str]:
        """All lines of the log, as `logcat -v threadtime` prints them."""
        lines: list[str] = self.order(do="log")["lines"]
        return lines

    def kill(self, package: str, signal: int) -> int | None:
        """Send a signal to the package's process; its process id in the device, None where none runs."""
        pid: int | None = self.order(do="kill", package=package, signal=signal)["pid"]
        return pid

    def inside(self, path: str) -> Path:
        """A path of the device as root of this computer can open it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return Path(f"/proc/{children[0]}/root{self.folder}/root{path}")

    # ---- as a host does

    def shell(self, command: str, seconds: float = 60.0) -> "subprocess.CompletedProcess[str]":
        """By the `adb` program, connecting first where that is needed."""
        subprocess.run(["adb", "connect", self.serial], capture_output=True, timeout=seconds)
        words = ["adb", "-s", self.serial, "shell", "-T", command]
        return subprocess.run(words, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)

    def install(self, apk: Path) -> None:
        """Put an APK on the device without adb; ValueError with Android's words where it is refused."""
        self.order(do="install", path=str(apk.resolve()))

    def stop(self) -> None:
        """End it with everything it started; may be called twice."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for name in ("control", "root"):
            path = self.folder / name
            if path.is_socket():
                path.unlink()
            elif path.is_dir():
                path.rmdir()  # an empty mount point: what was mounted there was never seen out here

    def __enter__(self) -> "AndroidDevice":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
