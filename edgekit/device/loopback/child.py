"""The process behind a command: it ends with the stream that started it, so that no runner outlives its host."""

import subprocess
import threading
from collections.abc import Mapping, Sequence

Output = tuple[bytes, bytes, int]
"""(stdout, stderr, exit code)."""
HUNG_UP, OUT_OF_TIME = 129, 124
_STDERR_BYTES = 10_000


class Child:
    """At most one process at a time; after `end` none is started any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.ended = False
        """The host has gone: nobody waits for what a command is doing."""

    def run(self, command: Sequence[str], environment: Mapping[str, str], seconds: float) -> Output:
        """Run it to its end. Its process group stays the device's, so that ending that group ends it too."""
        with self._lock:
            if self.ended:
                return b"", b"the host has gone\n", HUNG_UP
            self._process = process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
            )
        with process:
            try:
                stdout, stderr = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                return b"", f"out of time after {seconds:.0f} s\n".encode(), OUT_OF_TIME
        code = process.returncode
        return stdout, stderr[-_STDERR_BYTES:], code if code >= 0 else 128 - code

    def end(self) -> None:
        """Kill what runs; may be called from any thread, and twice."""
        with self._lock:
            self.ended = True
            if self._process is not None:
                self._process.kill()
