"""An APK file, read with the real tools: aapt for the manifest, apksigner for the signature, enjarify for the classes.

What was read is kept under the file's sha256 in edgekit's cache folder, as a phone keeps what it compiled.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from phone import classes

ABI = "x86_64"
SDK = 34
FORMAT = 3
"""Of what is kept; another number leaves older folders alone."""
KEPT = 16
"""APK files that are kept, the last used ones."""
TOOLS = ("aapt", "apksigner", "enjarify")


class Refused(Exception):
    """Installation fails; the text is what stands between the brackets of `Failure [...]`."""


@dataclass(frozen=True)
class Activity:
    name: str
    exported: bool
    permission: str


@dataclass(frozen=True)
class Apk:
    """What the manifest and the signature say. `folder` holds classes.jar and lib/x86_64."""

    folder: str
    sha256: str
    package: str
    version_code: int
    version_name: str
    min_sdk: int
    target_sdk: int
    debuggable: bool
    label: str
    abis: tuple[str, ...]
    signer: str
    instrumentations: dict[str, str]
    activities: tuple[Activity, ...]
    permissions: tuple[str, ...]


def read(path: Path, cache: Path, shown: str) -> Apk:
    """Read and unpack; `shown` is the path that Android would name. Raises Refused."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    folder = cache / f"android-apk-{sha256[:16]}-{FORMAT}"
    if not (folder / "apk.json").exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=cache, prefix=".android-apk-"))
        try:
            facts = _unpacked(path, part, shown)
            (part / "apk.json").write_text(json.dumps(facts | {"sha256": sha256}))
            if not folder.exists():
                part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    os.utime(folder)
    kept = sorted(cache.glob("android-apk-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    facts = json.loads((folder / "apk.json").read_text())
    facts["activities"] = tuple(Activity(**item) for item in facts["activities"])
    facts |= {"abis": tuple(facts["abis"]), "permissions": tuple(facts["permissions"])}
    return Apk(folder=str(folder), **facts)


def _unpacked(path: Path, folder: Path, shown: str) -> dict[str, object]:
    if not zipfile.is_zipfile(path):
        raise Refused(f"INSTALL_PARSE_FAILED_NOT_APK: Failed to parse {shown}: Failed to load asset path {shown}")
    facts = _manifest(path, shown)
    facts["signer"] = _signer(path, shown)
    with zipfile.ZipFile(path) as apk:
        names = apk.namelist()
        facts["abis"] = sorted({name.split("/")[1] for name in names if re.fullmatch(r"lib/[^/]+/[^/]+\.so", name)})
        libraries = folder / "lib" / ABI
        libraries.mkdir(parents=True)
        for name in names:
            if name.startswith(f"lib/{ABI}/"):
                (libraries / Path(name).name).write_bytes(apk.read(name))
    if "classes.dex" in names:
        done = _tool("enjarify", str(path), "-o", str(folder / "classes.jar"))
        if done.returncode != 0 or not (folder / "classes.jar").exists():
            raise Refused(f"INSTALL_FAILED_DEXOPT: {done.stderr.strip()[-300:]}")
        with zipfile.ZipFile(path) as apk:
            dexes = [apk.read(name) for name in names if re.fullmatch(r"classes\d*\.dex", name)]
        classes.completed(folder / "classes.jar", dexes)
    return facts


def _tool(*words: str) -> "subprocess.CompletedProcess[str]":
    # Debian's enjarify is for Debian's own python3, which another one on PATH may hide
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": f"/usr/bin:/bin:{os.environ.get('PATH', '')}"}
    return subprocess.run(words, capture_output=True, text=True, env=environment)


def _signer(path: Path, shown: str) -> str:
    """Hex digest of the signer's certificate, as apksigner says it."""
    done = _tool("apksigner", "verify", "--print-certs", "--min-sdk-version", str(SDK), str(path))
    found = re.search(r"certificate SHA-256 digest: ([0-9a-f]{64})", done.stdout)
    if done.returncode != 0 or not found:
        said = next((line for line in (done.stderr + done.stdout).splitlines() if line.startswith("ERROR")), "")
        why = said.partition(": ")[2] or "Attempt to get length of null array"
        raise Refused(f"INSTALL_PARSE_FAILED_NO_CERTIFICATES: Failed to collect certificates from {shown}: {why}")
    return found.group(1)


def _manifest(path: Path, shown: str) -> dict[str, object]:
    done = _tool("aapt", "dump", "xmltree", str(path), "AndroidManifest.xml")
    if done.returncode != 0:
        raise Refused(f"INSTALL_PARSE_FAILED_UNEXPECTED_EXCEPTION: Failed to parse {shown}: AndroidManifest.xml")
    elements = list(_elements(done.stdout))
    manifest = next(attributes for name, attributes in elements if name == "manifest")
    package = manifest["package"]
    application: dict[str, str] = next((item for name, item in elements if name == "application"), {})
    sdk: dict[str, str] = next((item for name, item in elements if name == "uses-sdk"), {})

    def full(name: str) -> str:
        return package + name if name.startswith(".") else name if "." in name else f"{package}.{name}"

    activities = [
        asdict(Activity(full(item["name"]), item.get("exported") == "true", item.get("permission", "")))
        for name, item in elements
        if name == "activity"
    ]
    return {
        "package": package,
        "version_code": int(manifest.get("versionCode", "0")),
        "version_name": manifest.get("versionName", ""),
        "min_sdk": int(sdk.get("minSdkVersion", "1")),
        "target_sdk": int(sdk.get("targetSdkVersion", sdk.get("minSdkVersion", "1"))),
        "debuggable": application.get("debuggable") == "true",
        "label": application.get("label", package),
        "instrumentations": {
            full(item["name"]): item["targetPackage"] for name, item in elements if name == "instrumentation"
        },
        "activities": activities,
        "permissions": [item["name"] for name, item in elements if name == "uses-permission"],
    }


def _elements(text: str) -> "list[tuple[str, dict[str, str]]]":
    """Element names and attributes, in order, out of `aapt dump xmltree`."""
    found: list[tuple[str, dict[str, str]]] = []
    for line in text.splitlines():
        if match := re.match(r"\s*E: ([\w-]+) ", line):
            found.append((match.group(1), {}))
        elif match := re.match(r"\s*A: (?:[\w.]+:)?(\w+)(?:\(0x[0-9a-f]+\))?=(.*)", line):
            found[-1][1][match.group(1)] = _value(match.group(2))
    return found


def _value(text: str) -> str:
    if match := re.match(r'"(.*)" \(Raw: ', text):
        return match.group(1)
    if match := re.match(r"\(type 0x12\)0x([0-9a-f]+)", text):
        return "false" if match.group(1) == "0" else "true"
    if match := re.match(r"\(type 0x1[01]\)0x([0-9a-f]+)", text):
        return str(int(match.group(1), 16))
    return text
