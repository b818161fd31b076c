"""What a device is put together from, each made once and kept in the cache folder: root, programs, framework, shim."""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from phone.commands import COMMANDS

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "target"
ANDROID_ALL = "org/robolectric/android-all/14-robolectric-10818077/android-all-14-robolectric-10818077.jar"


class PartMissing(Exception):
    """One sentence: what could not be made, and why."""


def prepare(cache: Path) -> dict[str, str]:
    """The folders that boot.py mounts, by name."""
    cache.mkdir(parents=True, exist_ok=True)
    android_all = _android_all()
    shim = TARGET / "shim/lib"
    return {
        "cache": str(cache),
        "root": _root(),
        "bin": str(_programs(cache)),
        "framework": str(_framework(cache, android_all)),
        "android_all": str(_readable(cache, android_all)),
        "shim": str(_shim(cache)) if shim.is_dir() else "",
    }


def _run(what: str, words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, umask=0o022)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise PartMissing(said[-1] if len(said) == 1 else f"{what} failed: " + "\n".join(said[-20:]))
    return done.stdout


def _root() -> str:
    return _run("making the root folder", [str(HERE / "make_root.sh")]).strip().splitlines()[-1]


def _android_all() -> Path:
    """Android's framework classes, where the build or Maven has put them."""
    places = (TARGET / "lib/android-all.jar", Path.home() / ".m2/repository" / ANDROID_ALL)
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise PartMissing("android-all.jar is not there: `make runner` fetches it")
    return found.resolve()


def _kept(cache: Path, name: str, sources: list[Path], make: Callable[[Path], None]) -> Path:
    """`cache/NAME-HASH`, made anew where a source changed."""
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    folder = cache / f"{name}-{digest.hexdigest()[:12]}"
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            part = Path(tempfile.mkdtemp(dir=cache, prefix=f".{name}-"))
            try:
                make(part)
                part.chmod(0o755)
                part.rename(folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return folder


def _programs(cache: Path) -> Path:
    def make(folder: Path) -> None:
        _run("compiling client.c", ["gcc", "-static", "-Os", "-o", str(folder / "client"), str(HERE / "client.c")])
        for name in COMMANDS:
            (folder / name).symlink_to("client")
        for name in ("sh", "mksh"):
            (folder / name).symlink_to("/usr/bin/mksh")

    return _kept(cache, "android-bin", [HERE / "client.c", HERE / "phone/commands.py"], make)


def _shim(cache: Path) -> Path:
    """The build's libraries, in a copy that an app's user may read whatever the mode of the build's folder is."""
    sources = sorted((TARGET / "shim/lib").glob("*.so"))

    def make(folder: Path) -> None:
        for source in sources:
            shutil.copyfile(source, folder / source.name)
            (folder / source.name).chmod(0o755)

    return _kept(cache, "android-shim", sources, make)


def _readable(cache: Path, jar: Path) -> Path:
    """The jar itself where everyone may read it, else a copy."""
    if jar.stat().st_mode & 0o004:
        return jar

    def make(folder: Path) -> None:
        shutil.copyfile(jar, folder / jar.name)
        (folder / jar.name).chmod(0o644)

    return _kept(cache, "android-all", [jar], make) / jar.name


def _framework(cache: Path, android_all: Path) -> Path:
    """The stand-ins for framework classes that need native code or other processes, as a jar."""
    sources = sorted((HERE / "framework").rglob("*.java"))

    def make(folder: Path) -> None:
        classes = folder / "classes"
        words = ["javac", "--release", "17", "-nowarn", "-Xlint:none", "-proc:none", "-cp", str(android_all), "-d"]
        _run("compiling the framework's stand-ins", [*words, str(classes), *map(str, sources)])
        _run("packing them", ["jar", "--create", "--file", str(folder / "standins.jar"), "-C", str(classes), "."])
        shutil.rmtree(classes)
        (folder / "android-all.jar").touch()  # the mount point

    return _kept(cache, "android-framework", sources, make)
