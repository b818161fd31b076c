"""Nodes that the real TFLite library for Android gives to XNNPACK, many files in one Java process.

A file that ends the process (its kernels check less than the desktop's) counts as None, and the next process goes on
behind it.
"""

import os
import re
import struct
import subprocess
import tempfile
from pathlib import Path

from with_java.probes import TARGET

_REPLACED = re.compile(r"Replacing (\d+) out of (\d+) node\(s\) with delegate")
_SEVERAL = 200
"""Files a process: what a crash costs."""


def counted(models: list[bytes], target: Path = TARGET) -> list[tuple[int, int] | None]:
    """(nodes taken, delegate kernels) of each file's main graph; None where the library does not prepare it."""
    found: list[tuple[int, int] | None] = []
    while len(found) < len(models):
        found += _batch(models[len(found) : len(found) + _SEVERAL], target)
    return found


def _batch(models: list[bytes], target: Path) -> list[tuple[int, int] | None]:
    aar = target / "aar"
    native = aar / "tensorflow-lite" / "jni" / "x86_64"
    jars = [target / "classes", *(aar / name / "classes.jar" for name in ("tensorflow-lite", "tensorflow-lite-api"))]
    flags = [f"-Djava.library.path={native}", "-cp", ":".join(map(str, jars))]
    content = b"".join(struct.pack(">i", len(model)) + model for model in models) + struct.pack(">i", 0)
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run(
            ["java", *flags, str(Path(__file__).with_name("Delegated.java"))],
            input=content,
            capture_output=True,
            timeout=300,
            cwd=temporary,
            env={**os.environ, "LD_LIBRARY_PATH": f"{target / 'shim' / 'lib'}:{native}"},
        )
    text = done.stderr.decode(errors="replace")
    found = [_one(block) for block in re.split(r"^begins \d+$", text, flags=re.MULTILINE)[1:]]
    assert found, text[-2000:]
    return found


def _one(block: str) -> tuple[int, int] | None:
    plan = re.search(r"^prepared \d+ (\d+)$", block, flags=re.MULTILINE)
    if plan is None:
        return None
    line = _REPLACED.search(block)
    if line is None:
        return 0, 0
    taken, total = int(line[1]), int(line[2])
    return taken, int(plan[1]) - (total - taken)
