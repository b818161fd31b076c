"""Converters talk: progress, logs, warnings, native lines on descriptor 2. Off the terminal, kept for the error."""

import contextlib
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    """Nothing reaches the terminal inside the block; what was said is in the buffer (native lines when it ends)."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            _native(said),
        ):
            warnings.simplefilter("ignore")
            yield said
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@contextlib.contextmanager
def _native(said: io.StringIO) -> Iterator[None]:
    """Lines that native code writes to descriptor 2 itself."""
    if sys.__stderr__ is not None:
        sys.__stderr__.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        try:
            os.dup2(file.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said.write(file.read().decode(errors="replace"))
