#!/usr/bin/env python3
"""Classes and libraries of target/ -> signed, verified APKs in build/: one for all ABIs, one for each.

The result depends on the sources and the versions of the libraries alone: sorted entries, fixed dates, no v1 signature,
a fixed key. Standard library; needs java (D8), aapt2, apksigner, zipalign, aapt, dexdump.
"""

import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET, BUILD = HERE / "target", HERE / "build"
ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")
LIBRARIES = ("tensorflow-lite", "tensorflow-lite-gpu", "jna")
"""AARs with native code."""
CLASSES = ("tensorflow-lite", "tensorflow-lite-api", "tensorflow-lite-gpu", "tensorflow-lite-gpu-api", "jna")
"""AARs whose classes go into the dex."""
FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
MIN_API = "26"
KEY, KEY_PASSWORD = HERE / "debug.p12", "pass:android"
LIBRARY_ALIGNMENT, OTHER_ALIGNMENT = 16384, 4
"""Of stored entries, bytes: libraries are mapped from inside the APK, on pages of up to 16 KB."""
PACKAGES = {
    "java": "openjdk-17-jre-headless",
    "aapt": "aapt",
    "aapt2": "aapt",
    "apksigner": "apksigner",
    "zipalign": "zipalign",
    "dexdump": "dexdump",
}
"""Program -> the Debian package that brings it."""


class Failed(Exception):
    """What stopped the build, and what to do."""


def run(*words: object) -> str:
    """Standard output of a program; Failed with its last lines where it fails."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=plain_environment())
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip().splitlines()[-8:]
        raise Failed(f"{Path(str(words[0])).name} failed with code {done.returncode}:\n  " + "\n  ".join(said))
    return done.stdout


def plain_environment() -> dict[str, str]:
    """Nothing of the user's locale or time zone reaches the tools."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def check_tools() -> None:
    """Failed with the package's name where a program is missing."""
    for program, package in PACKAGES.items():
        if shutil.which(program) is None:
            raise Failed(f"there is no {program} on PATH: apt install {package}")
    if not FRAMEWORK.is_file():
        raise Failed(f"there is no {FRAMEWORK}: apt install android-framework-res")
    if not (TARGET / "classes/dev").is_dir() or not (TARGET / "lib/r8.jar").is_file():
        raise Failed(f"no classes in {TARGET}: python3 {HERE / 'build.py'}")


def version() -> str:
    """edgekit's: the app and the host that speaks to it are one version."""
    found = re.search(r'^__version__ = "([^"]+)"', (HERE.parent / "edgekit/__init__.py").read_text(), re.MULTILINE)
    if found is None:
        raise Failed("edgekit/__init__.py names no __version__")
    return found.group(1)


def version_code(name: str) -> int:
    """0.1.0 -> 100, 1.2.3 -> 10203: grows with the version, as Android asks of an update."""
    numbers = [int(number) for number in re.findall(r"\d+", name)[:3]]
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    return major * 10000 + minor * 100 + patch


def dex(folder: Path) -> Path:
    """classes.dex of the app and its libraries. One thread: the order of its output is then fixed."""
    classes = sorted((TARGET / "classes").rglob("*.class"))
    jars = [TARGET / "aar" / name / "classes.jar" for name in CLASSES]
    words = ("--release", "--min-api", MIN_API, "--thread-count", "1", "--lib", TARGET / "lib/android-all.jar")
    run("java", "-cp", TARGET / "lib/r8.jar", "com.android.tools.r8.D8", *words, "--output", folder, *classes, *jars)
    return folder / "classes.dex"


def link(folder: Path) -> Path:
    """The binary manifest and resource table, in an APK without code."""
    linked = folder / "linked.apk"
    name = version()
    # the flag: without it Debian's aapt2 knows no <uses-native-library>
    words = ("--warn-manifest-validation", "-I", FRAMEWORK, "--manifest", HERE / "src/main/AndroidManifest.xml")
    versions = ("--version-name", name, "--version-code", version_code(name))
    run("aapt2", "link", *words, *versions, "-o", linked)
    return linked


def entries(linked: Path, dex_file: Path, abis: tuple[str, ...]) -> list[tuple[str, bytes, bool]]:
    """(name, content, compressed), sorted by name."""
    with zipfile.ZipFile(linked) as apk:
        found = [(name, apk.read(name), name != "resources.arsc") for name in apk.namelist()]
    found.append(("classes.dex", dex_file.read_bytes(), True))
    for abi in abis:
        for library in LIBRARIES:
            folder = TARGET / "aar" / library / "jni" / abi
            found += [(f"lib/{abi}/{path.name}", path.read_bytes(), False) for path in folder.glob("*.so")]
    return sorted(found)


def write_zip(path: Path, content: list[tuple[str, bytes, bool]]) -> None:
    """Entries in the order given, dated 1980-01-01; those stored begin at a multiple of their alignment."""
    with path.open("wb") as file, zipfile.ZipFile(file, "w") as apk:
        for name, data, compressed in content:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 0
            entry.external_attr = 0
            entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            if not compressed:  # Android's own extra field: its alignment, then zeros up to it
                alignment = LIBRARY_ALIGNMENT if name.endswith(".so") else OTHER_ALIGNMENT
                start = file.tell() + 30 + len(name.encode()) + 6
                padding = -start % alignment
                entry.extra = struct.pack("<HHH", 0xD935, 2 + padding, alignment) + bytes(padding)
            apk.writestr(entry, data, compresslevel=9)


def sign(unsigned: Path, signed: Path) -> None:
    """v2 and v3: no v1, which Android 26 does not need and whose files carry dates."""
    words = ("--ks", KEY, "--ks-pass", KEY_PASSWORD, "--min-sdk-version", MIN_API, "--v4-signing-enabled", "false")
    run("apksigner", "sign", *words, "--v1-signing-enabled", "false", "--out", signed, unsigned)


def verify(apk: Path) -> None:
    """Failed where the signature, the alignment, the manifest or the dex is not what it must be."""
    said = run("apksigner", "verify", "-v", "--min-sdk-version", MIN_API, apk)
    for scheme in ("v2", "v3"):
        if not re.search(rf"Verified using {scheme} scheme.*: true", said):
            raise Failed(f"{apk.name} has no {scheme} signature")
    run("zipalign", "-c", "-p", "4", apk)
    if f"versionName='{version()}'" not in run("aapt", "dump", "badging", apk):
        raise Failed(f"{apk.name} does not say version {version()}")
    if "Ldev/edgekit/runner/RunInstrumentation;" not in run("dexdump", apk):
        raise Failed(f"{apk.name} has no RunInstrumentation in its dex")


def main() -> None:
    """Build every APK; none is replaced before all are verified."""
    check_tools()
    steps = []

    def timed(step: str, started: float) -> None:
        steps.append(f"{step} {time.monotonic() - started:.1f} s")

    with tempfile.TemporaryDirectory(dir=TARGET) as temporary:
        folder, started = Path(temporary), time.monotonic()
        dex_file = dex(folder)
        timed("dex", started)
        started = time.monotonic()
        linked = link(folder)
        timed("link", started)
        started = time.monotonic()
        made = []
        for name, abis in {"edgekit-runner": ABIS, **{f"edgekit-runner-{abi}": (abi,) for abi in ABIS}}.items():
            unsigned, signed = folder / f"{name}.unsigned", folder / f"{name}.apk"
            write_zip(unsigned, entries(linked, dex_file, abis))
            sign(unsigned, signed)
            verify(signed)
            made.append(signed)
        timed("pack, sign, verify", started)
        BUILD.mkdir(exist_ok=True)
        for signed in made:
            signed.replace(BUILD / signed.name)
    for signed in made:
        content = (BUILD / signed.name).read_bytes()
        print(f"{BUILD / signed.name}  {len(content)} bytes  sha256 {hashlib.sha256(content).hexdigest()}")
    print(", ".join(steps))


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(f"package: {error}")
