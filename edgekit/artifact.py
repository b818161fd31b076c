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
    """`float32`, `fp16`, `int8-ptq`, `int8-qat`, `int16x8` or `int4`; `coreml-weights`: read back, not run."""
    passed: bool
    measure: str
    """Name of the decisive figure, e.g. `max error / output range`."""
    value: float
    limit: float
    samples: int
    figures: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDamage:
    """What int8 does to one layer. Measured with this layer alone in int8 and every other in float."""

    name: str
    operators: int
    parameters: int
    snr_db: float | None
    """Of the network's outputs against the float file's; None: not a bit differs."""
    lost_points: float
    """Of the metric, on the same samples."""
    exception: str = ""
    """`float` or `int16` where the mixed file keeps the layer out of int8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """Damage of int8 by layer, and what a mixed file was made of it: VARIANT.sensitivity.json. Validation data only."""

    metric: str
    unit: str
    samples: int
    """Validation samples that the layers were measured on."""
    layers: tuple[LayerDamage, ...]
    judged: int | None = None
    """Validation samples that files were judged on; None, as all that follows: no mixed file was made."""
    budget_points: float | None = None
    float_points: float | None = None
    """The metric of the float32 file, in points: hundredths, where the metric is a share."""
    int8_lost_points: float | None = None
    mixed_lost_points: float | None = None
    files_judged: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where a file comes from that no recipe made (`edgekit convert FILE`); docs/conversion.md."""

    source: str
    """The source's own name, or the factory's module:function."""
    sha256: str
    """Of the source: a file, a folder's files in order, or a network's weights."""
    road: str
    tools: Mapping[str, str]
    """Of the interpreter that converted."""
    seconds: Mapping[str, float]
    """By stage."""
    inputs: str
    """What parity was judged on: a file's samples, or seeded random values and their range."""
    calibration: str = ""
    """What ranges were taken from, where any were."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRewrite:
    """What one rewrite did to a file. `count`: how often; `places`: the first few, by the tensors that they make.

    `error`: the largest difference it made on seeded inputs, as a share of the output's range (of a quantized output:
    in steps). `kept` False: it failed there, `reason` says how, and the file is as if it had never been tried.
    """

    rewrite: str
    count: int
    places: tuple[str, ...]
    error: float
    kept: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageCount:
    """A forecast in numbers (edgekit.delegates). `partitions` None: some node is unknown."""

    delegate: str
    taken: int
    total: int
    partitions: int | None
    macs_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrites:
    """What was done to a graph so that a delegate takes more of it; `before` and `after` are forecasts of that graph.

    Of a quantized variant the graph is the float one that it was made of; of one with trained ranges, its own.
    """

    goal: str
    applied: tuple[AppliedRewrite, ...]
    before: CoverageCount
    after: CoverageCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What the side-car holds. `file` lies beside it.

    `format`: `tflite`, `pt2` (a torch exported program) or `mlpackage.zip` (Core ML).
    """

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
    """Hash of the torch weights that were converted, or of the model file."""
    lineage: Lineage | None = None
    """None: a recipe made it."""
    tools: Mapping[str, str] = field(default_factory=dict)
    parity: Parity | None = None
    quantized_tensors: int | None = None
    """QAT only: quantized tensors in the file; `quantized_equal` of them equal the trained (scale, zero point)."""
    quantized_compared: int | None = None
    quantized_equal: int | None = None
    io: str = "as made"
    exceptions: tuple[LayerDamage, ...] = ()
    """Layers of a mixed file that are not int8."""
    tensor_names: Mapping[str, str] = field(default_factory=dict)
    """Short name in the file -> the converter's, with module paths; names that were kept are not in it."""
    rewrites: Rewrites | None = None
    """None: nobody asked for any."""


def compressed_size(content: bytes) -> int:
    """Bytes of `content` after zlib level 9."""
    return len(zlib.compress(content, COMPRESSION_LEVEL))


def sidecar_path(artifact_file: Path) -> Path:
    """`x.tflite` -> `x.tflite.json`."""
    return artifact_file.with_name(artifact_file.name + ".json")


def sensitivity_path(artifact_file: Path) -> Path:
    """`x.tflite` -> `x.sensitivity.json`, of a mixed file."""
    return artifact_file.with_name(artifact_file.stem + ".sensitivity.json")
