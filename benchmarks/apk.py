"""The app's build: cold and warm times, sizes, what the verifiers say, and the same bytes from two unlike checkouts."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import ROOT, out_argument, write_result

APKS = ("edgekit-runner", "edgekit-runner-arm64-v8a", "edgekit-runner-armeabi-v7a", "edgekit-runner-x86_64")


def copy_of_checkout(folder: Path) -> Path:
    """The files that git tracks, as they stand."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, place)
    return folder


def build(folder: Path, *words: str, **environment: str) -> tuple[float, dict[str, str]]:
    """Seconds of one build, and the sha256 of every APK."""
    started = time.monotonic()
    command = [sys.executable, "android_runner/build.py", "--again", *words]
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=True, stdout=sys.stderr)
    seconds = time.monotonic() - started
    made = {name: (folder / f"android_runner/build/{name}.apk").read_bytes() for name in APKS}
    return seconds, {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}


def said(*words: str) -> str:
    """What a verifier prints; it fails where the verifier does."""
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        one = copy_of_checkout(Path(temporary) / "one")
        two = copy_of_checkout(Path(temporary) / "somewhere else/zwei")
        cold, first = build(one, f"maven.repo.local={temporary}/repository")
        warm, again = build(one, f"maven.repo.local={temporary}/repository")
        for number, path in enumerate(sorted(two.rglob("*"))):
            os.utime(path, (1_000_000_000 + number, 1_100_000_000 - number))
            if path.is_file():
                path.chmod(0o600)
        os.umask(0o077)
        _, second = build(two, "--without-tests", TZ="Asia/Tokyo", LC_ALL="C", LANG="C")
        apk = two / "android_runner/build/edgekit-runner.apk"
        signature = said("apksigner", "verify", "-v", str(apk)).splitlines()[:4]
        said("zipalign", "-c", "-p", "4", str(apk))
        badging = said("aapt", "dump", "badging", str(apk))
        result = {
            "cold_seconds": cold,
            "warm_seconds": warm,
            "sha256": first,
            "equal_again": first == again,
            "equal_elsewhere": first == second,
            "bytes": {name: (two / f"android_runner/build/{name}.apk").stat().st_size for name in APKS},
            "verify": signature,
            "badging": re.findall(r"^(?:package|sdkVersion|targetSdkVersion|native-code):.*", badging, re.MULTILINE),
            "permissions": badging.count("uses-permission"),
        }
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
