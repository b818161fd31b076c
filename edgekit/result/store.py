"""Reports on disk: strict, whole, and refused with a sentence when they come from a newer edgekit."""

import json
from pathlib import Path

from edgekit.errors import ResultError
from edgekit.result import VERSION, Report
from edgekit.runner import codec

FILE = "report.json"
MAX_BYTES = 200_000_000


def load_report(path: Path) -> Report:
    """A report.json, or the one in a folder; raises ResultError."""
    file = path / FILE if path.is_dir() else path
    try:
        if file.is_file() and file.stat().st_size > MAX_BYTES:
            raise ResultError(f"{file.stat().st_size} bytes are no report", path=str(file))
        return parse_report(file.read_bytes(), str(file))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ResultError(
            f"cannot be read: {reason}", "name a report.json, or the folder that holds it", path=str(file)
        ) from error


def parse_report(content: bytes, path: str = "") -> Report:
    """Report text; raises ResultError."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ResultError(f"not JSON ({error})", "measure again, or restore the file", path=path) from error
    if not isinstance(data, dict) or data.get("schema") != "edgekit.report":
        raise ResultError("not an edgekit report", "name a report.json that `edgekit run` or `bench` wrote", path=path)
    version = data.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ResultError(
            f"report format {version} is newer than this edgekit reads (up to {VERSION})",
            "pip install --upgrade edgekit-toolkit",
            path=path,
        )
    try:
        return codec.decode(Report, data)
    except codec.CodecError as error:
        raise ResultError(str(error), "measure again, or restore the file", path=path) from error
