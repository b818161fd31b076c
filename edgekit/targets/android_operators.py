"""Operators of a job's artifacts against the runtime's in the app: what it cannot build is refused before the push."""

from collections.abc import Mapping
from pathlib import Path

from edgekit.errors import ModelFileError
from edgekit.runner.protocol import Case
from edgekit.tflite import read, read_file, versions

RUNTIME = versions.TFLITE_2_16_1
RUNTIME_VERSION = "2.16.1"


class OperatorCheck:
    """Remembers by sha256, for one artifact is launched many times."""

    def __init__(self) -> None:
        self._refusals: dict[str, str] = {}

    def refusal(self, case: Case, files: Mapping[str, Path]) -> str:
        """Why the runtime cannot build the case's artifact; empty: it can, or this reader cannot tell."""
        key = case.artifact.sha256
        if key not in self._refusals:
            self._refusals[key] = _refusal(files.get(case.artifact.file))
        return self._refusals[key]


def _refusal(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return versions.refusal(read(read_file(path), str(path)), RUNTIME)
    except ModelFileError:  # a broken file gets the runtime's own sentence
        return ""
