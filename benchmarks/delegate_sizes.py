"""What TFLite and each delegate library add to an APK, by ABI: measured from the AARs that the app's build fetched.

Writes --out, and edgekit/bundle/sizes.json, which `edgekit bundle` prints. Needs `make runner` once, and java for D8.
"""

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from figures import ROOT, out_argument, write_result

from edgekit.artifact import compressed_size

RUNNER = ROOT / "android_runner"
LIB = RUNNER / "target" / "lib"
PURPOSES = {
    "base": ("tensorflow-lite", "tensorflow-lite-api"),
    "gpu": ("tensorflow-lite-gpu", "tensorflow-lite-gpu-api"),
    "threads": ("jna",),
}
"""Purpose -> the AARs in android_runner/target/lib."""
GROUPS = {"jna": "net.java.dev.jna"}
ABIS = ("arm64-v8a", "armeabi-v7a", "x86", "x86_64")


def properties() -> dict[str, str]:
    """Properties of android_runner/pom.xml."""
    return dict(re.findall(r"<([a-z0-9.]+)>([^<$]+)</\1>", (RUNNER / "pom.xml").read_text()))


def version(name: str, found: dict[str, str]) -> str:
    """Of the AAR `name`."""
    key = {"jna": "jna.version", "tensorflow-lite-gpu-api": "tflite.gpu.api.version"}.get(name, "tflite.version")
    return found[key]


def size(content: bytes) -> dict[str, int]:
    return {"bytes": len(content), "compressed_bytes": compressed_size(content)}


def dex(names: tuple[str, ...], folder: Path) -> bytes:
    """The classes of these AARs as D8 makes them for API 26; the other AARs' classes are only looked up."""
    jars = {}
    for archive in sorted(LIB.glob("*.aar")):
        jars[archive.stem] = folder / f"{archive.stem}.jar"
        jars[archive.stem].write_bytes(zipfile.ZipFile(archive).read("classes.jar"))
    command = ["java", "-cp", str(LIB / "r8.jar"), "com.android.tools.r8.D8", "--release", "--min-api", "26"]
    command += ["--lib", str(LIB / "android-all.jar"), "--output", str(folder)]
    for name in set(jars) - set(names):
        command += ["--classpath", str(jars[name])]
    subprocess.run([*command, *(str(jars[name]) for name in names)], check=True, stdout=sys.stderr)
    return (folder / "classes.dex").read_bytes()


def library(purpose: str, names: tuple[str, ...], found: dict[str, str]) -> dict[str, Any]:
    native: dict[str, dict[str, int]] = {}
    for name in names:
        with zipfile.ZipFile(LIB / f"{name}.aar") as archive:
            for entry in archive.namelist():
                part = re.fullmatch(r"jni/([^/]+)/[^/]+\.so", entry)
                if part and part[1] in ABIS:
                    assert part[1] not in native, entry
                    native[part[1]] = size(archive.read(entry))
    with tempfile.TemporaryDirectory() as temporary:
        classes = size(dex(names, Path(temporary)))
    return {
        "purpose": purpose,
        "artifacts": [f"{GROUPS.get(name, 'org.tensorflow')}:{name}:{version(name, found)}" for name in names],
        "native": {abi: native[abi] for abi in ABIS},
        "dex": classes,
    }


def measure() -> dict[str, Any]:
    """What sizes.json holds."""
    found = properties()
    libraries = [library(purpose, names, found) for purpose, names in PURPOSES.items()]
    return {"made_with": f"D8 {found['r8.version']}, zlib 9", "libraries": libraries}


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    if not (LIB / "tensorflow-lite.aar").is_file():
        sys.exit(f"no AARs in {LIB}: make runner")
    measured = measure()
    (ROOT / "edgekit/bundle/sizes.json").write_text(json.dumps(measured, indent=1) + "\n")
    write_result(arguments.out, dict(measured))


if __name__ == "__main__":
    main()
