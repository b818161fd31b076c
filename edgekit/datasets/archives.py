"""One member out of a package file as bytes: a wheel (zip), a source distribution (tar), a Debian package.

`outer.tar.gz!inner.txt` names a member of an archive that is itself a member. Nothing goes to disk, nothing runs.
"""

import io
import subprocess
import tarfile
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path

from edgekit.errors import DataError

MAX_MEMBER_BYTES = 500_000_000
_SECONDS = 600
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
"""What the readers raise for a file that is not whole, or no archive at all."""


def member(file: Path, name: str) -> bytes:
    """The content of member `name` of `file`. KeyError where it is not there; one of BROKEN for a broken archive."""
    outer, *inner = name.split("!")
    if file.suffix == ".deb":
        content = _of_debian(file, outer)
    else:
        content = _of_archive(file.read_bytes(), outer, zipped=file.suffix in (".whl", ".zip"))
    for holder, part in pairwise((outer, *inner)):
        content = _of_archive(content, part, zipped=holder.endswith(".zip"))
    return content


def _of_archive(archive: bytes, name: str, *, zipped: bool) -> bytes:
    if zipped:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            _check_size(opened.getinfo(name).file_size, name)
            return opened.read(name)
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return _of_tar(opened, name)


def _of_debian(file: Path, name: str) -> bytes:
    """dpkg-deb turns the package's own compression into a plain tar."""
    done = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(file)], capture_output=True, timeout=_SECONDS)
    if done.returncode:
        raise tarfile.TarError(done.stderr.decode(errors="replace").strip()[:300])
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as opened:
        return _of_tar(opened, f"./{name}")


def _of_tar(archive: tarfile.TarFile, name: str) -> bytes:
    information = archive.getmember(name)
    _check_size(information.size, name)
    content = archive.extractfile(information)
    if content is None:
        raise KeyError(name)
    return content.read()


def _check_size(size: int, name: str) -> None:
    if size > MAX_MEMBER_BYTES:
        raise DataError(f"{name} would take {size} bytes (at most {MAX_MEMBER_BYTES})")
