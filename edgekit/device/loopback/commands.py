"""The device's commands: a fixed table, no shell behind it. Words are split as a shell does; operators mean nothing."""

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edgekit import __version__
from edgekit.device.loopback.files import Files, OutsideRoot
from edgekit.runner.deploy import runner_environment

Output = tuple[bytes, bytes, int]
"""(stdout, stderr, exit code)."""
RUNNER_SECONDS = 3600
NOT_FOUND = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What commands work on. `pythons`: runtime -> an interpreter that has it."""

    files: Files
    pythons: Mapping[str, str] = field(default_factory=dict)

    def properties(self) -> dict[str, str]:
        """getprop."""
        return {
            "ro.product.manufacturer": "edgekit",
            "ro.product.model": "loopback",
            "ro.product.name": "loopback",
            "ro.product.device": "loopback",
            "ro.edgekit.version": __version__,
            "ro.product.cpu.abilist": platform.machine(),
        }


def run(line: str, machine: Machine) -> Output:
    """Run one command line."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        return b"", f"syntax: {error}\n".encode(), 2
    if not words:
        return b"", b"", 0
    command = COMMANDS.get(words[0])
    if command is None:
        return b"", f"{words[0][:80]}: inaccessible or not found\n".encode(), NOT_FOUND
    try:
        return command(words[1:], machine)
    except OutsideRoot as error:
        return b"", f"{words[0]}: {error}\n".encode(), 1
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return b"", f"{words[0]}: {' '.join(words[1:])[:200]}: {reason}\n".encode(errors="replace"), 1


def _getprop(words: list[str], machine: Machine) -> Output:
    properties = machine.properties()
    if words:
        return (properties.get(words[0], "") + "\n").encode(), b"", 0
    return "".join(f"[{key}]: [{value}]\n" for key, value in properties.items()).encode(), b"", 0


def _sha256sum(words: list[str], machine: Machine) -> Output:
    lines = []
    for word in words:
        digest = hashlib.sha256()
        with machine.files.local(word).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        lines.append(f"{digest.hexdigest()}  {word}\n")
    return "".join(lines).encode(errors="replace"), b"", 0


def _mkdir(words: list[str], machine: Machine) -> Output:
    for word in (word for word in words if word != "-p"):
        machine.files.local(word).mkdir(parents="-p" in words, exist_ok="-p" in words)
    return b"", b"", 0


def _rm(words: list[str], machine: Machine) -> Output:
    flags = "".join(word for word in words if word.startswith("-"))
    for word in (word for word in words if not word.startswith("-")):
        path = machine.files.local(word)
        if path == machine.files.root:
            raise OutsideRoot("the device's root stays")
        if path.is_dir() and "r" in flags:
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok="f" in flags)
    return b"", b"", 0


def _mv(words: list[str], machine: Machine) -> Output:
    source, target = words
    machine.files.local(source).replace(machine.files.local(target))
    return b"", b"", 0


def _ls(words: list[str], machine: Machine) -> Output:
    names = sorted(path.name for path in machine.files.local(words[0] if words else "/").iterdir())
    return "".join(f"{name}\n" for name in names).encode(errors="replace"), b"", 0


def _cat(words: list[str], machine: Machine) -> Output:
    return b"".join(machine.files.local(word).read_bytes() for word in words), b"", 0


def _df(words: list[str], machine: Machine) -> Output:
    usage = shutil.disk_usage(machine.files.root)
    share = 100 * usage.used // max(1, usage.total)
    text = f"Filesystem 1K-blocks Used Available Use% Mounted on\nloopback {usage.total // 1024} {usage.used // 1024} "
    return f"{text}{usage.free // 1024} {share}% /data\n".encode(), b"", 0


def _getconf(words: list[str], machine: Machine) -> Output:
    if words != ["PAGE_SIZE"]:
        return b"", b"getconf: unknown variable\n", 1
    return f"{os.sysconf('SC_PAGESIZE')}\n".encode(), b"", 0


def _uname(words: list[str], machine: Machine) -> Output:
    text = platform.machine() if words == ["-m"] else f"{platform.system()} loopback {platform.release()}"
    return f"{text}\n".encode(), b"", 0


def _echo(words: list[str], machine: Machine) -> Output:
    return (" ".join(words) + "\n").encode(), b"", 0


def _runner(words: list[str], machine: Machine) -> Output:
    """`edgekit-runner FOLDER [RUNTIME]`: the portable runner in a fresh process."""
    folder = machine.files.local(words[0])
    python = machine.pythons.get(words[1] if len(words) > 1 else "", sys.executable)
    environment = runner_environment(machine.files.root)
    try:
        done = subprocess.run(
            [python, "-m", "edgekit.runner", str(folder)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=RUNNER_SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return b"", b"edgekit-runner: out of time\n", 124
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return done.stdout, done.stderr[-10_000:], code


COMMANDS: dict[str, Callable[[list[str], Machine], Output]] = {
    "getprop": _getprop,
    "sha256sum": _sha256sum,
    "mkdir": _mkdir,
    "rm": _rm,
    "mv": _mv,
    "ls": _ls,
    "cat": _cat,
    "df": _df,
    "getconf": _getconf,
    "uname": _uname,
    "echo": _echo,
    "true": lambda words, machine: (b"", b"", 0),
    "false": lambda words, machine: (b"", b"", 1),
    "edgekit-runner": _runner,
}
