"""The .tflite format: a bounded reader, what a file holds, and small exact edits. Imports no runtime.

read(content)      bytes -> ModelFile; ModelFileError for anything that is not one
describe           ModelFile -> what `edgekit inspect` prints
patch              change scales, zero points and buffers in place
"""

from pathlib import Path

from edgekit.errors import ModelFileError
from edgekit.tflite.reader import read
from edgekit.tflite.structure import ModelFile, Operator, Quantization, Subgraph, Tensor

__all__ = ["ModelFile", "Operator", "Quantization", "Subgraph", "Tensor", "read", "read_file"]

MAX_BYTES = 2**31 - 1


def read_file(path: Path) -> bytes:
    """A model file's bytes; ModelFileError when it is missing or too big for the format."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelFileError("over 2 GB: more than the format's offsets reach", path=str(path))
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelFileError(f"cannot be read: {reason}", "name a .tflite file", path=str(path)) from error
