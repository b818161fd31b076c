#!/usr/bin/env python3
"""Build the app whole: fetch, unpack, compile, check, test on the JVM, package. Does nothing when nothing changed.

build.py [--without-tests] [--again] [NAME=VALUE ...]: NAME=VALUE are Maven properties, e.g. tflite.version=2.17.0.
build.py --check builds nothing: it ends with 1 where the APKs are not those of a build of these sources, tests and all.
Maven's words go to target/maven.log; its errors to standard error.
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import package

HERE = Path(__file__).resolve().parent
STAMP = HERE / "build/inputs.sha256"
SOURCES = ("pom.xml", "*.py", "debug.p12", "shim/*.py", "shim/*.c", "src/**/*")
OUTSIDE = ("../edgekit/__init__.py", "../tests/golden/protocol/*", "../tests/golden/runner/*")
"""What the build reads besides: the version, and what the tests compare with."""
LOG = HERE / "target/maven.log"
PACKAGES = {
    "mvn": "maven",
    "javac": "openjdk-17-jdk-headless",
    "gcc": "gcc",
    "/usr/include/stdio.h": "libc6-dev",
    "nm": "binutils",
}
"""Program or file -> the Debian package that brings it. gcc only recommends C's own headers and start files."""


def inputs(properties: list[str], tested: bool) -> str:
    """sha256 of everything that the build reads of this checkout."""
    digest = hashlib.sha256(repr((properties, tested)).encode())
    for pattern in (*SOURCES, *OUTSIDE):
        for path in sorted(HERE.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(HERE.parent) if HERE in path.parents else pattern}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def up_to_date(wanted: str) -> bool:
    """The APKs and what the test bed uses of target/ are those of these inputs."""
    made = [package.BUILD / f"edgekit-runner{ending}.apk" for ending in ("", *(f"-{abi}" for abi in package.ABIS))]
    used = [package.TARGET / "shim/lib/libc.so", package.TARGET / "lib/android-all.jar", package.TARGET / "classes/dev"]
    return all(path.exists() for path in (*made, *used)) and stamped(wanted)


def stamped(wanted: str) -> bool:
    """The last build that came to its end was of these inputs."""
    return STAMP.is_file() and STAMP.read_text() == wanted


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One build of a checkout at a time: another waits, and then finds its work done."""
    package.TARGET.mkdir(exist_ok=True)
    with (package.TARGET / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build is running in this checkout: waiting for it", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def maven(phase: str, *words: str) -> None:
    """One call of Maven; ends the build with the log's errors where it fails."""
    LOG.parent.mkdir(exist_ok=True)
    command = ["mvn", "-B", "-ntp", "-f", str(HERE / "pom.xml"), *words, phase]
    started = time.monotonic()
    with LOG.open("a") as log:
        code = subprocess.run(command, stdout=log, stderr=log, env=environment(), cwd=HERE).returncode
    if code != 0:
        lines = [line for line in LOG.read_text(errors="replace").splitlines() if line.startswith("[ERROR]")]
        sys.exit("\n".join([*lines[:40], f"build: mvn {phase} failed; all of it is in {LOG}"]))
    print(f"mvn {phase} {time.monotonic() - started:.1f} s", flush=True)


def environment() -> dict[str, str]:
    """Without what would add to standard error or load other native libraries."""
    dropped = ("LD_LIBRARY_PATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")
    return {name: value for name, value in os.environ.items() if name not in dropped}


def main() -> None:
    """Exits 1 with a sentence where a step fails; the APKs of before stay then."""
    parser = argparse.ArgumentParser(description="Build edgekit's Android app.")
    parser.add_argument("--without-tests", action="store_true", help="leave out the JVM tests")
    parser.add_argument("--again", action="store_true", help="build even where nothing changed")
    parser.add_argument("--check", action="store_true", help="build nothing: 1 where the APKs are of other sources")
    parser.add_argument("properties", nargs="*", metavar="NAME=VALUE", help="properties of pom.xml")
    arguments = parser.parse_args()
    if arguments.check:
        sys.exit(0 if stamped(inputs(arguments.properties, not arguments.without_tests)) else 1)
    with alone():
        build(arguments)


def build(arguments: argparse.Namespace) -> None:
    """What main does, by the only build of this checkout."""
    wanted = inputs(arguments.properties, not arguments.without_tests)
    if not arguments.again and up_to_date(wanted):
        print(f"{package.BUILD / 'edgekit-runner.apk'} is up to date")
        return
    for needed, name in PACKAGES.items():
        if shutil.which(needed) is None and not Path(needed).is_file():
            sys.exit(f"build: there is no {needed}: apt install {name}")
    LOG.unlink(missing_ok=True)
    STAMP.unlink(missing_ok=True)  # whatever ends this build early, nothing counts as up to date
    for folder in ("classes", "test-classes"):  # a class whose source is gone must not be packed, or tested
        shutil.rmtree(package.TARGET / folder, ignore_errors=True)
    properties = [f"-D{pair}" for pair in arguments.properties]
    maven("generate-sources", *properties)
    subprocess.run([sys.executable, str(HERE / "unpack.py")], check=True)
    maven("process-classes" if arguments.without_tests else "verify", *properties)
    package.main()
    STAMP.write_text(wanted)


if __name__ == "__main__":
    try:
        main()
    except package.Failed as error:
        sys.exit(f"package: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
