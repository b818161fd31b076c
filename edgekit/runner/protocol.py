"""Job and run: what the host asks of a runner, and what any runner (Python or Android) answers. docs/runner-protocol.md

History of the format (VERSION)
  1  first version.
  2  environment.device and environment.emulator; nodes.plan_length.

Every quantity carries its unit in its name. None (null) means "not measured" or "not separated by this runtime",
never 0 or -1. Unknown keys are refused on both sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgekit.runner import codec

VERSION = 2
"""Version of the job and run format. A runner refuses a newer job; the host refuses a newer run."""

MAX_BYTES = 64 << 20
"""Of a job or a run as text: three times the longest that edgekit asks for. As Python's objects it is much more."""

Delegate = Literal["cpu", "cpu-default", "gpu", "nnapi", "coreml", "cuda"]
Runtime = Literal["litert", "tflite-runtime", "tensorflow", "onnxruntime", "torch"]
DType = Literal["float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool"]
CaseStatus = Literal["ok", "unsupported", "fell back", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """A file named relative to the job's folder ('/' separators, no '..'), with what it must hash to."""

    file: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputData:
    """`count` samples of one model input, little-endian, in C order, one after another in `data`.

    `shape` is that of ONE invocation, batch dimension included, e.g. [1, 8, 8, 1]. Sample k of every input belongs
    together. Inputs are given in the model's own order; values are in `dtype`. A float32 sample given to an integer
    input is quantized by the runner with the input's scale and zero point (round half to even, saturated).
    """

    name: str
    data: FileRef
    dtype: DType
    shape: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """When warm-up ends (AndroidX rule): two moving averages agree within `tolerance` for `in_a_row` invocations.

    At least `min_runs` and `min_ns`; `max_ns` ends it in any case and the run says `converged: false`.
    """

    fast: float = 0.1
    slow: float = 0.005
    tolerance: float = 0.04
    in_a_row: int = 40
    min_runs: int = 30
    min_ns: int = 250_000_000
    max_ns: int = 8_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePlan:
    """Timed invocations after warm-up: until both minima are met; either maximum ends it. max_runs 0: no timing."""

    min_runs: int = 64
    min_ns: int = 500_000_000
    max_runs: int = 100_000
    max_ns: int = 60_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One artifact on one delegate. `options` go to the delegate as they are; an unknown option is an error."""

    id: str
    artifact: FileRef
    delegate: Delegate
    runtime: Runtime = "litert"
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    threads: int = 1
    inputs: tuple[InputData, ...] = ()
    warmup: Warmup = field(default_factory=Warmup)
    samples: SamplePlan = field(default_factory=SamplePlan)
    outputs: Literal["none", "first", "all"] = "first"
    """Which samples' outputs come back: none, those of sample 0, or those of every sample."""
    limit_ns: int = 600_000_000_000
    """The host ends the launch after this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The request: one or more cases for one process. `id` comes back in the run."""

    schema: Literal["edgekit.job"] = "edgekit.job"
    version: int = VERSION
    id: str
    edgekit: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Durations in ns, each null where the runtime does not separate it from its neighbour (which then includes it)."""

    file_open_ns: int | None = None
    model_build_ns: int | None = None
    delegate_create_ns: int | None = None
    delegate_apply_ns: int | None = None
    allocate_ns: int | None = None
    first_inference_ns: int | None = None
    warmup_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Every timed invocation after warm-up, in order, in ns.

    `latency_ns[i]` runs from before the input copy to after the output was read; `invoke_ns[i]` is the bare invocation
    inside it.
    """

    latency_ns: tuple[int, ...] = ()
    invoke_ns: tuple[int, ...] = ()
    warmup_runs: int = 0
    warmup_converged: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """Threads asked for, and OS threads of the process seen before the model was built and after warm-up."""

    asked: int
    seen_before: int | None = None
    seen_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Nodes of the main graph, counted in the prepared interpreter; null where that cannot be counted.

    `total`: nodes before delegation; `delegated`: those a delegate kernel replaced; `partitions`: delegate kernels;
    `plan_length`: steps of the prepared execution plan, total - delegated + partitions. Never computed from the file.
    """

    total: int | None = None
    delegated: int | None = None
    partitions: int | None = None
    plan_length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident set (VmRSS) at stages, the case's own peak (VmHWM), PSS after the last inference; bytes."""

    start_bytes: int | None = None
    loaded_bytes: int | None = None
    delegated_bytes: int | None = None
    allocated_bytes: int | None = None
    first_bytes: int | None = None
    end_bytes: int | None = None
    peak_bytes: int | None = None
    pss_bytes: int | None = None
    arena_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputData:
    """One model output: raw values of `count` samples in `data`, beside the quantization that turns them to floats.

    real = scale * (value - zero_point) for integer types; scale is null for float outputs. `first_values` repeats up to
    8 leading values of sample 0 (dequantized), so that a row shows what ran. It ends before the first value that is not
    finite, for JSON has none of those: fewer values than the shape has elements (up to 8) say that one is NaN or
    infinite. `data` holds them all.
    """

    name: str
    data: FileRef | None
    dtype: DType
    shape: tuple[int, ...]
    count: int
    scale: float | None = None
    zero_point: int | None = None
    first_values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """What the machine looked like, before and after the case. Null: not readable here."""

    monotonic_ns: int
    load_average: float | None = None
    steal_ticks: int | None = None
    involuntary_switches: int | None = None
    cpu_khz: tuple[int, ...] = ()
    cpu_max_khz: tuple[int, ...] = ()
    canary_ns: int | None = None
    """Time of a fixed integer loop in the runner: rises when clocks fall."""
    thermal_status: int | None = None
    battery_percent: int | None = None
    battery_decicelsius: int | None = None
    foreground: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """The answer to one case. `reason` is empty for ok and a sentence otherwise."""

    id: str
    status: CaseStatus
    reason: str = ""
    phases: Phases = field(default_factory=Phases)
    samples: Samples = field(default_factory=Samples)
    threads: Threads
    nodes: Nodes = field(default_factory=Nodes)
    memory: Memory = field(default_factory=Memory)
    outputs: tuple[OutputData, ...] = ()
    before: DeviceState | None = None
    after: DeviceState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where the launch ran: enough to tell two machines, and two runtimes on one machine, apart."""

    runner: str
    """`portable` or `android`."""
    runner_version: str
    context: Literal["shell", "app"]
    runtime: str
    runtime_version: str
    system: str
    machine: str
    cpu: str
    cores: int
    page_bytes: int
    device: str = ""
    """Maker and model of a phone or board; empty where nothing names it."""
    emulator: bool = False
    """Its timings are functional only: never shown as latencies."""
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One launch: one entry per case, in the job's order."""

    schema: Literal["edgekit.run"] = "edgekit.run"
    version: int = VERSION
    job: str
    environment: Environment
    cases: tuple[CaseResult, ...]


def dump_job(job: Job) -> str:
    """The job as JSON text."""
    return codec.dumps(job)


def dump_run(run: Run) -> str:
    """The run as JSON text."""
    return codec.dumps(run)


def load_job(text: str | bytes) -> Job:
    """Read a job; raises codec.CodecError on unknown keys, wrong types or a newer version."""
    return _load(Job, "edgekit.job", text)


def load_run(text: str | bytes) -> Run:
    """Read a run; raises codec.CodecError on unknown keys, wrong types or a newer version."""
    return _load(Run, "edgekit.run", text)


def _load(kind: type[codec.T], schema: str, text: str | bytes) -> codec.T:
    if len(text) > MAX_BYTES:
        raise codec.CodecError("", f"{len(text)} bytes are too many (at most {MAX_BYTES})")
    data = codec.parsed(text)
    if not isinstance(data, dict) or data.get("schema") != schema:
        raise codec.CodecError("schema", f"expected {schema!r}")
    version = data.get("version")
    if isinstance(version, int) and version > VERSION:
        raise codec.CodecError(
            "version", f"format {codec.shown(version)} is newer than this edgekit reads (up to {VERSION})"
        )
    if version != VERSION:
        raise codec.CodecError("version", f"{codec.quoted(version)} is not a version this edgekit reads ({VERSION})")
    return codec.decode(kind, data)
