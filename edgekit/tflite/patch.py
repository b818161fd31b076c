"""Small exact edits of a .tflite file: the same size, every other byte untouched."""

import struct
from collections.abc import Sequence

from edgekit.errors import ModelFileError
from edgekit.tflite.structure import Tensor


class Patch:
    """Collects edits of one file; `content()` gives the edited bytes. Tensors must come from reading that file."""

    def __init__(self, content: bytes) -> None:
        self._content = bytearray(content)

    def set_quantization(self, tensor: Tensor, scales: Sequence[float], zero_points: Sequence[int]) -> None:
        """Replace scales (as float32) and zero points; their number must stay."""
        old = tensor.quantization
        if old is None or len(old.scales) != len(scales) or len(scales) != len(zero_points):
            raise ModelFileError(f"tensor {tensor.name}: {len(scales)} scales do not fit what the file has")
        struct.pack_into(f"<{len(scales)}f", self._content, old.scales_offset, *scales)
        if old.zero_points_offset is not None:
            struct.pack_into(f"<{len(zero_points)}q", self._content, old.zero_points_offset, *zero_points)
        elif any(zero_points):
            raise ModelFileError(f"tensor {tensor.name} has no zero points in the file to replace")

    def set_values(self, tensor: Tensor, values: bytes) -> None:
        """Replace a constant's bytes by as many others."""
        if len(values) != tensor.buffer_bytes:
            raise ModelFileError(f"tensor {tensor.name}: {len(values)} bytes for a buffer of {tensor.buffer_bytes}")
        self._content[tensor.buffer_offset : tensor.buffer_offset + len(values)] = values

    def values(self, tensor: Tensor) -> bytes:
        """A constant's bytes as they stand now."""
        return bytes(self._content[tensor.buffer_offset : tensor.buffer_offset + tensor.buffer_bytes])

    def content(self) -> bytes:
        """The edited file."""
        return bytes(self._content)
