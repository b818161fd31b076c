"""A program run to its end, of whose output no more is kept than asked for."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import IO

_BLOCK = 1 << 16


class TooMuch(Exception):
    """The program printed more than was allowed, and was ended; the text is that limit."""


def run_bounded(command: Sequence[str], seconds: float, most_bytes: int) -> "subprocess.CompletedProcess[bytes]":
    """Both outputs and the exit code. Raises TimeoutExpired, or TooMuch; the program has ended in any case."""
    end = time.monotonic() + seconds
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        readers = [_Reader(process, pipe, most_bytes) for pipe in (process.stdout, process.stderr) if pipe is not None]
        try:
            for reader in readers:
                reader.join(max(0.0, end - time.monotonic()))
                if reader.is_alive():
                    raise subprocess.TimeoutExpired(command, seconds)
            process.wait(max(0.0, end - time.monotonic()))
        finally:
            with contextlib.suppress(OSError):
                process.kill()
    if any(reader.over for reader in readers):
        raise TooMuch(f"{most_bytes >> 20} MB")
    stdout, stderr = (bytes(reader.content) for reader in readers)
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


class _Reader(threading.Thread):
    """Reads one output to its end; ends the program where that is too far."""

    def __init__(self, process: "subprocess.Popen[bytes]", pipe: IO[bytes], most_bytes: int) -> None:
        super().__init__(daemon=True)
        self.content, self.over = bytearray(), False
        self._process, self._pipe, self._most_bytes = process, pipe, most_bytes
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed under it, at a time-out
            while block := self._pipe.read1(_BLOCK):  # type: ignore[attr-defined]
                self.content += block
                if len(self.content) > self._most_bytes:
                    self.over = True
                    self._process.kill()
                    return
