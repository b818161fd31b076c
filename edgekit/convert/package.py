"""A Core ML package is a folder; as an artifact it is one file: a zip of that folder, stored, the same bytes each time.

The standard library only.
"""

import io
import zipfile
from pathlib import Path, PurePosixPath

from edgekit.errors import ModelFileError

LARGEST_BYTES = 2**31


def files_of(folder: Path) -> dict[str, bytes]:
    """Name inside the folder -> content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def packed(files: dict[str, bytes]) -> bytes:
    """One zip, uncompressed, in order of names and without times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name])
    return buffer.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    """What `packed` took. ModelFileError for no such zip, and for names that leave the package."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(item.file_size for item in archive.infolist()) > LARGEST_BYTES:
                raise ModelFileError("the Core ML package holds over 2 GB")
            for name in archive.namelist():
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts or "\\" in name:
                    raise ModelFileError(f"the Core ML package names a file outside itself: {name[:80]!r}")
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(f"no Core ML package of edgekit: {error}") from error


def unpack_to(content: bytes, folder: Path) -> None:
    """Write the package's files under `folder`."""
    for name, data in unpacked(content).items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
