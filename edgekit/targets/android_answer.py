"""The app's answer: a zip with run.json and the outputs that it names, taken apart strictly and within bounds."""

import errno
import hashlib
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import IO

from edgekit.errors import ProtocolMismatch, ResultError, RunnerError
from edgekit.runner import codec
from edgekit.runner.protocol import MAX_BYTES, FileRef, Job, Run
from edgekit.targets.desktop import answer_file, read_run

MAX_RUN_BYTES = MAX_BYTES
MAX_OUTPUT_BYTES = 4 << 30
"""Of all outputs of one launch."""
_MAX_ENTRIES = 10_000
_BLOCK = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What the app packs with. The others' decoders fail in ways of their own, and one takes memory that the file names."""
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What zipfile makes of damaged, encrypted or foreign archives. OSError is this computer's, but for a bad seek."""


def unpack(content: bytes, job: Job, answer: Path, *, serial: str) -> Run:
    """The run, its outputs under `answer`. ResultError for what is no whole answer to `job`; ProtocolMismatch."""
    app = f"the answer of the app on {serial}"
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
            if len(names) > _MAX_ENTRIES or len(set(names)) != len(names):
                raise ResultError(f"{app} has {len(names)} files, some of one name, or too many")
            run = read_run(_read(archive, "run.json", MAX_RUN_BYTES, app), job)
            left = MAX_OUTPUT_BYTES
            for file in _named(run):
                left -= file.size_bytes
                if left < 0:
                    raise ResultError(f"{app} names more than {MAX_OUTPUT_BYTES >> 30} GB of outputs")
                _extract(archive, file, answer, app)
            return run
    except ProtocolMismatch as error:
        raise mismatch(serial, error.message) from error
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise ResultError(f"{app} is damaged: {codec.shortened(str(error), 200)}", "run it again") from error


def mismatch(serial: str, message: str) -> ProtocolMismatch:
    """Another version of the format, with the line that mends it."""
    return ProtocolMismatch(message, f"edgekit runner install --serial {serial}", serial=serial)


def _named(run: Run) -> list[FileRef]:
    return [output.data for case in run.cases for output in case.outputs if output.data is not None]


def _open(archive: zipfile.ZipFile, name: str, app: str) -> IO[bytes]:
    shown = codec.shortened(name)
    try:
        entry = archive.getinfo(name)
    except KeyError as error:
        raise ResultError(f"{app} has no {shown}") from error
    if entry.compress_type not in _METHODS:
        raise ResultError(f"{app} has packed {shown} by method {entry.compress_type}: only 0 and 8 are known")
    return archive.open(entry)


def _read(archive: zipfile.ZipFile, name: str, most: int, app: str) -> bytes:
    with _open(archive, name, app) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ResultError(f"{app} has a {name} of more than {most >> 20} MB")
    return content


def _extract(archive: zipfile.ZipFile, file: FileRef, answer: Path, app: str) -> None:
    """One output, in blocks; it stays only where bytes and sha256 are those that the run names."""
    try:
        local = answer_file(answer, file.file)
    except RunnerError as error:
        raise ResultError(error.message) from error
    shown = codec.shortened(file.file)
    digest, size = hashlib.sha256(), 0
    try:
        local.parent.mkdir(parents=True, exist_ok=True)
        with _open(archive, file.file, app) as source, local.open("wb") as target:
            while (block := source.read(_BLOCK)) and size <= file.size_bytes:
                digest.update(block)
                size += len(block)
                target.write(block)
        if size != file.size_bytes or digest.hexdigest() != file.sha256:
            raise ResultError(f"{app} has a {shown} with other bytes than it says", "run it again")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ResultError(f"{app} names {shown} as a file and as a folder", "run it again") from error
    except BaseException:
        local.unlink(missing_ok=True)
        raise
