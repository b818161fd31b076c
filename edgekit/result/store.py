"""Reports on disk: strict, whole, and refused with a sentence when they come from a newer edgekit."""

from pathlib import Path

from edgekit.errors import ResultError
from edgekit.result import VERSION, Report
from edgekit.runner import codec

FILE = "report.json"
MAX_BYTES = 50_000_000
"""A report of 1,000 rows has a tenth of it; Python's objects take many times as much as their text."""


def load_report(path: Path) -> Report:
    """A report.json, or the one in a folder; raises ResultError."""
    file = path / FILE if path.is_dir() else path
    try:
        if file.is_file() and file.stat().st_size > MAX_BYTES:
            raise ResultError(f"{file.stat().st_size} bytes are no report (at most {MAX_BYTES})", path=str(file))
        return parse_report(file.read_bytes(), str(file))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ResultError(
            f"cannot be read: {reason}", "name a report.json, or the folder that holds it", path=str(file)
        ) from error


def parse_report(content: bytes, path: str = "") -> Report:
    """Report text; raises ResultError."""
    if len(content) > MAX_BYTES:
        raise ResultError(f"{len(content)} bytes are no report (at most {MAX_BYTES})", path=path)
    try:
        data = codec.parsed(content)
    except codec.CodecError as error:
        raise ResultError(str(error), "measure again, or restore the file", path=path) from error
    if not isinstance(data, dict) or data.get("schema") != "edgekit.report":
        raise ResultError("not an edgekit report", "name a report.json that `edgekit run` or `bench` wrote", path=path)
    version = data.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ResultError(
            f"report format {codec.shown(version)} is newer than this edgekit reads (up to {VERSION})",
            "pip install --upgrade edgekit-toolkit",
            path=path,
        )
    try:
        return codec.decode(Report, data)
    except codec.CodecError as error:
        raise ResultError(str(error), "measure again, or restore the file", path=path) from error
