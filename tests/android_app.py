"""The Android app for tests: built by the project's own build where that is possible, else the true reason why not."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RUNNER = ROOT / "android_runner"
PROGRAMS = ("java", "mvn", "javac", "gcc", "nm", "aapt2", "aapt", "apksigner", "zipalign", "dexdump")
FILES = ("/usr/include/stdio.h", "/usr/share/android-framework-res/framework-res.apk")


def unavailable(reason):
    """Skip with the true reason; where CI=true nothing may be skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI=true: no test may be skipped")
    pytest.skip(reason)


@functools.cache
def _build():
    return subprocess.run([sys.executable, RUNNER / "build.py"], capture_output=True, text=True)


def built_apk():
    """The universal APK, up to date with the sources; its JVM tests have passed."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    missing += [file for file in FILES if not Path(file).is_file()]
    if missing:
        unavailable(f"no {', '.join(missing)} here: `make runner` installs what it needs, as root")
    done = _build()
    assert done.returncode == 0, done.stdout + done.stderr
    return RUNNER / "build/edgekit-runner.apk"
