"""The device's commands: a fixed table, no shell behind it. Words are split as a shell does; operators mean nothing."""

import hashlib
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgekit import __version__
from edgekit.device.loopback.child import Child, Output
from edgekit.device.loopback.files import Files, OutsideRoot
from edgekit.runner.deploy import runner_environment

RUNNER_SECONDS = 3600
MAX_LINE_CHARACTERS = 32_768
MAX_OUTPUT_BYTES = 64 << 20
"""Of one command: more is fetched as a file."""
NOT_FOUND, USAGE = 127, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What commands work on. `pythons`: runtime -> an interpreter that has it; `child`: the stream's own process.

    `home`: where the runner's copy lies, outside of `files`: what a host could push over, it could run.
    """

    files: Files
    home: Path
    pythons: Mapping[str, str] = field(default_factory=dict)
    child: Child = field(default_factory=Child)

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
    if len(line) > MAX_LINE_CHARACTERS:
        return b"", _bytes(f"syntax: a line of {len(line)} characters (at most {MAX_LINE_CHARACTERS})\n"), USAGE
    try:
        words = shlex.split(line)
    except ValueError as error:
        return b"", _bytes(f"syntax: {error}\n"), USAGE
    if not words:
        return b"", b"", 0
    command = COMMANDS.get(words[0])
    if command is None:
        return b"", _bytes(f"{words[0][:80]}: inaccessible or not found\n"), NOT_FOUND
    least, most = OPERANDS.get(words[0], (0, None))
    if not least <= len(words) - 1 <= (most or len(words)):
        return b"", _bytes(f"{words[0]}: {len(words) - 1} operands\n"), USAGE
    try:
        return command(words[1:], machine)
    except OutsideRoot as error:
        return b"", _bytes(f"{words[0]}: {error}\n"), 1
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return b"", _bytes(f"{words[0]}: {' '.join(words[1:])[:200]}: {reason}\n"), 1


def _bytes(text: str) -> bytes:
    """What came in as bytes that are no UTF-8 goes out as it came."""
    return text.encode(errors="surrogateescape")


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
            while (block := file.read(1 << 20)) and not machine.child.ended:
                digest.update(block)
        lines.append(f"{digest.hexdigest()}  {word}\n")
    return _bytes("".join(lines)), b"", 0


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
    return _bytes("".join(f"{name}\n" for name in names)), b"", 0


def _cat(words: list[str], machine: Machine) -> Output:
    content = bytearray()
    for word in words:
        with machine.files.local(word).open("rb") as file:
            content += file.read(MAX_OUTPUT_BYTES + 1 - len(content))
        if len(content) > MAX_OUTPUT_BYTES:
            return b"", _bytes(f"cat: more than {MAX_OUTPUT_BYTES >> 20} MB: pull the file\n"), 1
    return bytes(content), b"", 0


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
    return _bytes(" ".join(words) + "\n"), b"", 0


def _runner(words: list[str], machine: Machine) -> Output:
    """`edgekit-runner FOLDER [RUNTIME]`: the portable runner in a fresh process."""
    folder = machine.files.local(words[0])
    python = machine.pythons.get(words[1] if len(words) > 1 else "", sys.executable)
    environment = runner_environment(machine.home)
    return machine.child.run([python, "-m", "edgekit.runner", str(folder)], environment, RUNNER_SECONDS)


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

OPERANDS: dict[str, tuple[int, int | None]] = {
    "sha256sum": (1, None),
    "mkdir": (1, None),
    "rm": (1, None),
    "mv": (2, 2),
    "ls": (0, 1),
    "cat": (1, None),
    "edgekit-runner": (1, 2),
}
"""How many words a command takes at least and at most (None: any number)."""
