#!/usr/bin/env python3
"""Unpack the AARs that Maven copied to target/lib into target/aar/NAME, and build the shim for the desktop's Java."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE / "target"
ON_THE_JVM = (
    "tensorflow-lite/jni/x86_64/libtensorflowlite_jni.so",
    "tensorflow-lite-gpu/jni/x86_64/libtensorflowlite_gpu_jni.so",
    "jna/jni/x86_64/libjnidispatch.so",
)
"""The libraries that the test bed loads."""


def main() -> None:
    """Exits 1 with a sentence where Maven left no AAR."""
    archives = sorted((TARGET / "lib").glob("*.aar"))
    if not archives:
        sys.exit(f"no AAR in {TARGET / 'lib'}: mvn -f {HERE / 'pom.xml'} generate-sources")
    shutil.rmtree(TARGET / "aar", ignore_errors=True)
    for archive in archives:
        with zipfile.ZipFile(archive) as content:
            content.extractall(TARGET / "aar" / archive.stem)
    libraries = [str(TARGET / "aar" / name) for name in ON_THE_JVM]
    subprocess.run([sys.executable, str(HERE / "shim/gen.py"), str(TARGET / "shim"), *libraries], check=True)


if __name__ == "__main__":
    main()
