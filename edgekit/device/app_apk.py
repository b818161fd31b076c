"""The runner app's APK on this computer: where it lies, and what it says of itself."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgekit.device.adb import sha256_of
from edgekit.device.app_manifest import manifest_attributes
from edgekit.errors import UsageError

APP = "dev.edgekit.runner"
"""Application id and Java package."""
APK_NAME = "edgekit-runner.apk"
_PACKAGE = Path(__file__).resolve().parents[1]
_MAX_MANIFEST_BYTES = 1 << 20
_HEADER_BYTES = 4096
"""Of a library: its program headers lie in them."""
_LOAD = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Apk:
    """One APK. `page_bytes`: ABI -> the largest memory page that all its libraries can be loaded with."""

    path: Path
    app: str
    version: str
    sha256: str
    size_bytes: int
    page_bytes: Mapping[str, int]

    @property
    def abis(self) -> tuple[str, ...]:
        """ABIs that it has native libraries for."""
        return tuple(self.page_bytes)


def checkout_folder() -> Path | None:
    """The Android part of the checkout that edgekit runs from; None for an installed one."""
    folder = _PACKAGE.parent / "android_runner"
    return folder if (folder / "pom.xml").is_file() else None


def find_apk() -> Path | None:
    """The APK that came with the wheel, else the one built in the checkout."""
    brought = _PACKAGE / "apk" / APK_NAME
    if brought.is_file():
        return brought
    folder = checkout_folder()
    built = None if folder is None else folder / "build" / APK_NAME
    return built if built is not None and built.is_file() else None


def read_apk(path: Path) -> Apk:
    """What the file says of itself; UsageError for a file that is no APK of the runner."""
    try:
        size = path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            with archive.open("AndroidManifest.xml") as file:
                attributes = manifest_attributes(file.read(_MAX_MANIFEST_BYTES))
            pages: dict[str, int] = {}
            for name in sorted(archive.namelist()):
                parts = name.split("/")
                if len(parts) == 3 and parts[0] == "lib" and parts[2].endswith(".so"):
                    with archive.open(name) as file:
                        alignment = load_alignment(file.read(_HEADER_BYTES))
                    pages[parts[1]] = min(alignment, pages.get(parts[1], alignment))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}", "name an APK file") from error
    except (KeyError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(f"{path} is no APK: {error}", "build it: edgekit runner build") from error
    app = attributes.get("package", "")
    if app != APP:
        raise UsageError(f"{path} is the APK of {app or 'nothing'}, not of {APP}", "build it: edgekit runner build")
    return Apk(
        path=path,
        app=app,
        version=attributes.get("versionName", ""),
        sha256=sha256_of(path),
        size_bytes=size,
        page_bytes=pages,
    )


def load_alignment(header: bytes) -> int:
    """Smallest alignment of an ELF file's loaded parts, in bytes; ValueError for what is no ELF file."""
    if len(header) < 64 or header[:4] != b"\x7fELF":
        raise ValueError("a library in it is no ELF file")
    wide = header[4] == 2
    table, size, count = (
        (struct.unpack_from("<Q", header, 32)[0], *struct.unpack_from("<HH", header, 54))
        if wide
        else (struct.unpack_from("<I", header, 28)[0], *struct.unpack_from("<HH", header, 42))
    )
    alignments = []
    for index in range(count):
        at = table + index * size
        if at + (56 if wide else 32) > len(header):
            raise ValueError("a library in it has its program headers elsewhere")
        if struct.unpack_from("<I", header, at)[0] == _LOAD:
            alignments.append(struct.unpack_from("<Q" if wide else "<I", header, at + (48 if wide else 28))[0])
    if not alignments:
        raise ValueError("a library in it has nothing to load")
    return int(min(alignments))
