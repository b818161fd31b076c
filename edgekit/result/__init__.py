"""Measurement and Report, and their JSON. docs/report.md

History of the report format (VERSION)
  1  first version.
  2  a measurement's nodes and environment hold what runs of format 2 say: plan_length, device, emulator.
  3  a row holds its file's operators and the tools that made it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgekit.artifact import Parity
from edgekit.runner.protocol import Environment, Memory, Nodes, Phases, Threads

VERSION = 3

Status = Literal["ok", "unstable", "throttled", "incorrect", "fell back", "unsupported", "unreachable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate and its 95 % interval. `low`/`high` None: too few launches for one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One row against the baseline of the same series, paired by block. `ratio` > 1: that many times faster."""

    ratio: Interval
    blocks: int
    finding: Literal["faster", "slower", "no difference shown", "too few launches"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """The recipe's metric on labelled test samples. `where`: `target` or `desktop` (only evaluated there).

    `change` is paired with the baseline on the same samples, in the metric's unit, with its 95 % interval.
    """

    metric: str
    where: Literal["target", "desktop"]
    samples: int
    value: float
    change: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRecord:
    """One launch of one artifact: its block, its place in the block, its median, and where its run file lies."""

    block: int
    order: int
    run_file: str
    samples: int
    median_latency_ns: int | None
    median_invoke_ns: int | None
    valid: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """All runs of one artifact on one target in one series. Latencies are of one invocation, in ns."""

    series: str
    target: str
    artifact_sha256: str
    variant: str
    status: Status
    reason: str = ""
    cautions: tuple[str, ...] = ()
    latency_ns: Interval | None = None
    """Geometric mean of the launch medians; Student-t interval on their logarithms."""
    invoke_ns: Interval | None = None
    launches: tuple[LaunchRecord, ...] = ()
    phases: Phases | None = None
    """Medians over launches."""
    memory: Memory | None = None
    nodes: Nodes = field(default_factory=Nodes)
    threads: Threads | None = None
    environment: Environment | None = None
    first_values: tuple[float, ...] = ()
    target_parity: Parity | None = None
    """The target's outputs against the desktop reference of the same file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Variant x target: what the report prints."""

    variant: str
    target: str
    precision: str
    status: Status
    reason: str = ""
    cautions: tuple[str, ...] = ()
    size_bytes: int | None = None
    compressed_bytes: int | None = None
    parameters: int | None = None
    macs: int | None = None
    latency_ns: Interval | None = None
    invoke_ns: Interval | None = None
    throughput_hz: float | None = None
    comparison: Comparison | None = None
    accuracy: Accuracy | None = None
    parity: Parity | None = None
    measurement: Measurement | None = None
    artifact_sha256: str = ""
    runtime: str = ""
    """Name and version, e.g. `litert 2.3.0`."""
    operators: Mapping[str, int] = field(default_factory=dict)
    """How often each operator occurs in the .tflite file, in all its graphs; empty for a torch program."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Packages that made the file, with their versions; empty where edgekit did not make it."""

    @property
    def functional(self) -> bool:
        """It ran on an emulator: outputs and coverage hold, times say nothing."""
        environment = self.measurement.environment if self.measurement else None
        return self.status == "ok" and environment is not None and environment.emulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Measurements side by side, the baseline marked."""

    schema: Literal["edgekit.report"] = "edgekit.report"
    version: int = VERSION
    edgekit: str
    title: str
    recipe_sha256: str
    created_utc: str
    seed: int
    baseline: str
    metric: str
    higher_is_better: bool = True
    """Of the metric."""
    plan: Mapping[str, float]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
