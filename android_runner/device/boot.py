"""Start the device inside namespaces of its own: mounts, adbd, the phone's process. Called by device.py, not by hand.

`boot.py JSON`: what parts.py's `prepare` gives, and what device.py adds to it. Standard input is the parent's life: at
its end everything ends.
Process 1 of the namespace only waits; when it goes, the kernel ends every process of the device and drops its mounts.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from phone import accounts
from phone.server import serve

CHROOT = "/usr/sbin/chroot"
ADBD = "/usr/lib/android-sdk/platform-tools/adbd"
PATH = "/system/bin:/usr/bin:/bin:/usr/sbin:/sbin"
NODES = ("null", "zero", "full", "random", "urandom")
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2); OSError says what could not be mounted where."""
    words = [str(word).encode() for word in (source, target, kind, options)]
    if _libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"mount {source} on {target}: {os.strerror(code)}")


def bind(source: Path, target: Path, flags: int = MS_RDONLY | MS_NOSUID | MS_NODEV) -> None:
    """Show a folder or file at another place, read-only unless other flags are given."""
    mount(str(source), target, flags=MS_BIND | MS_REC)
    mount("none", target, flags=MS_BIND | MS_REMOUNT | flags)


def mount_all(plan: dict[str, str], root: Path) -> None:
    """The phone's file tree: a read-only system as on a phone, and /data in memory."""
    mount("none", Path("/"), flags=MS_PRIVATE | MS_REC)  # nothing of what follows is seen outside
    root.mkdir(exist_ok=True)
    bind(Path(plan["root"]), root)
    bind(Path(plan["bin"]), root / "system/bin")
    bind(Path(plan["framework"]), root / "system/framework")
    bind(Path(plan["android_all"]), root / "system/framework/android-all.jar")
    if plan["shim"]:
        bind(Path(plan["shim"]), root / "system/lib64")
    # as on a phone, a process sees its own user's processes only; the shell is in the group that sees all
    mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, f"hidepid=2,gid={accounts.READPROC}")
    mount("sysfs", root / "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _mount_dev(root / "dev")
    mount("data", root / "data", "tmpfs", MS_NOSUID | MS_NODEV, f"mode=771,uid=1000,gid=1000,size={plan['data_mb']}m")
    accounts.make_data(root)
    mount(str(root / "data/media/0"), root / "storage/emulated/0", flags=MS_BIND)


def _mount_dev(dev: Path) -> None:
    mount("dev", dev, "tmpfs", MS_NOSUID, "mode=755,size=16m")
    for name in NODES:
        (dev / name).touch()
        mount(f"/dev/{name}", dev / name, flags=MS_BIND)
    for name in ("pts", "shm", "socket", "log", "__properties__"):
        (dev / name).mkdir(mode=0o755)
    mount("devpts", dev / "pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5")
    (dev / "shm").chmod(0o1777)
    (dev / "ptmx").symlink_to("pts/ptmx")
    (dev / "fd").symlink_to("/proc/self/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (dev / name).symlink_to(f"/proc/self/fd/{number}")


def start_adbd(root: Path, port: int) -> "subprocess.Popen[bytes]":
    """Debian's adbd as the user `shell`. The port is of this network namespace, which nothing outside can reach."""
    environment = {"PATH": PATH, "ADBD_PORT": str(port), "ADB_EXTERNAL_STORAGE": "/sdcard", "TMPDIR": "/data/local/tmp"}
    environment |= {"EXTERNAL_STORAGE": "/sdcard", "ANDROID_DATA": "/data", "ANDROID_ROOT": "/system"}
    groups = ",".join(str(group) for group in accounts.SHELL_GROUPS)
    command = [CHROOT, f"--userspec={accounts.SHELL}:{accounts.SHELL}", f"--groups={groups}", str(root), ADBD]
    log = (root.parent / "adbd.log").open("wb")
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")


def main() -> None:
    plan = json.loads(sys.argv[1])
    root = Path(plan["folder"]) / "root"
    socket.sethostname("android")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    mount_all(plan, root)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which then closes our standard input
        adbd = start_adbd(root, plan["port"])
        serve(plan, root, adbd)
        os._exit(0)
    # Process 1: waits for orphans, and ends with the parent or with the phone's process.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        with contextlib.suppress(InterruptedError):
            if os.wait()[0] == child:
                os._exit(1)


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
