"""A converted file on disk, identified by its sha256, with a side-car JSON that says where it came from."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgekit.model import StepRecord
from edgekit.runner.protocol import DType

COMPRESSION_LEVEL = 9
"""`compressed` always means zlib at this level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """One input or output of the file. `shape` is of one invocation, batch included. Scale None: float."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """Does the artifact compute what its source computes, on `samples` real samples? docs/parity.md has the table."""

    rule: str
    """`float32`, `fp16`, `int8-ptq` or `int8-qat`."""
    passed: bool
    measure: str
    """Name of the decisive figure, e.g. `max error / output range`."""
    value: float
    limit: float
    samples: int
    figures: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What the side-car holds. `file` lies beside it; `format` is `tflite` or `pt2` (a torch exported program)."""

    file: str
    format: str
    sha256: str
    size_bytes: int
    compressed_bytes: int
    recipe: str
    variant: str
    precision: str
    parameters: int
    macs: int
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    steps: tuple[StepRecord, ...] = ()
    source_sha256: str
    """Hash of the torch weights that were converted."""
    tools: Mapping[str, str] = field(default_factory=dict)
    parity: Parity | None = None
    quantized_tensors: int | None = None
    """QAT only: quantized tensors in the file; `quantized_equal` of them equal the trained (scale, zero point)."""
    quantized_compared: int | None = None
    quantized_equal: int | None = None
    tensor_names: Mapping[str, str] = field(default_factory=dict)
    """Short name in the file -> the converter's, with module paths; names that were kept are not in it."""


def compressed_size(content: bytes) -> int:
    """Bytes of `content` after zlib level 9."""
    return len(zlib.compress(content, COMPRESSION_LEVEL))


def sidecar_path(artifact_file: Path) -> Path:
    """`x.tflite` -> `x.tflite.json`."""
    return artifact_file.with_name(artifact_file.name + ".json")
