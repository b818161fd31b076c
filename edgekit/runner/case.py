"""One case: open, allocate, first inference, warm up, sample, read the outputs."""

import gc
import hashlib
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from edgekit.runner import quantize, state
from edgekit.runner.engine import Engine, Refused, Unsupported, open_engine
from edgekit.runner.protocol import (
    Case,
    CaseResult,
    CaseStatus,
    FileRef,
    InputData,
    Memory,
    OutputData,
    SamplePlan,
    Samples,
    Threads,
)
from edgekit.runner.warmup import warm_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_VALUES = 8
LONGEST_NAME, LONGEST_PART = 1000, 255
"""Of a file that a job or a run names: characters, and bytes between two slashes."""


class BadJob(Exception):
    """The case cannot be run as it stands: a file is missing, has another hash, or another size."""


class NoRoom(Exception):
    """The outputs cannot be written: a disk that is full, or read-only. That says nothing about the case."""


def run_case(case: Case, folder: Path) -> tuple[CaseResult, str]:
    """The answer to one case, and the runtime's version. Raises NoRoom, and nothing for what case or runtime do."""
    threads = Threads(asked=case.threads, seen_before=state.thread_count())
    try:
        return _run(case, folder, threads)
    except Unsupported as error:
        return _failed(case, "unsupported", str(error), threads), ""
    except NoRoom:
        raise
    except (BadJob, Refused) as error:
        return _failed(case, "failed", _one_line(error), threads), ""
    except Exception as error:  # whatever a runtime makes of a file: the other cases of the job go on
        return _failed(case, "failed", f"{type(error).__name__}: {_one_line(error)}", threads), ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]


def _failed(case: Case, status: CaseStatus, reason: str, threads: Threads) -> CaseResult:
    return CaseResult(id=case.id, status=status, reason=reason, threads=threads)


def _run(case: Case, folder: Path, threads: Threads) -> tuple[CaseResult, str]:
    before = state.device_state()
    state.reset_peak()
    memory = Memory(start_bytes=state.memory_bytes("VmRSS"))
    model = checked_file(case.artifact, folder)
    stored = [_samples(data, folder) for data in case.inputs]
    engine = open_engine(case.runtime, model, delegate=case.delegate, threads=case.threads, options=case.options)
    allocated = state.memory_bytes("VmRSS")
    _check_inputs(case.inputs, engine)
    feed = [
        tuple(
            quantize.to_tensor(array[sample : sample + 1].reshape(tensor.shape), tensor)
            for array, tensor in zip(stored, engine.inputs, strict=True)
        )
        for sample in range(min((len(array) for array in stored), default=0))
    ]
    if not feed:
        raise BadJob("the case has no input samples")

    def once(sample: int = 0) -> tuple[int, int]:
        started = time.perf_counter_ns()
        engine.copy_in(feed[sample])
        invoked = time.perf_counter_ns()
        engine.invoke()
        returned = time.perf_counter_ns()
        engine.read_out()
        return time.perf_counter_ns() - started, returned - invoked

    first_ns, _ = once()
    first_bytes = state.memory_bytes("VmRSS")
    samples, warmup_ns = _timed(case, once)
    outputs = _outputs(case, engine, feed, folder)
    result = CaseResult(
        id=case.id,
        status="ok",
        phases=replace(engine.phases, first_inference_ns=first_ns, warmup_ns=warmup_ns),
        samples=samples,
        threads=replace(threads, seen_after=state.thread_count()),
        nodes=engine.nodes(),
        memory=replace(
            memory,
            allocated_bytes=allocated,
            first_bytes=first_bytes,
            end_bytes=state.memory_bytes("VmRSS"),
            peak_bytes=state.memory_bytes("VmHWM"),
            pss_bytes=state.pss_bytes(),
        ),
        outputs=outputs,
        before=before,
        after=state.device_state(),
    )
    return result, engine.runtime_version


def _timed(case: Case, once: Callable[[], tuple[int, int]]) -> tuple[Samples, int | None]:
    if case.samples.max_runs == 0:
        return Samples(), None
    collecting = gc.isenabled()
    gc.disable()
    try:
        warm = warm_up(case.warmup, lambda: once()[0])
        pairs = take_samples(case.samples, once)
    finally:
        if collecting:
            gc.enable()
    samples = Samples(
        latency_ns=tuple(pair[0] for pair in pairs),
        invoke_ns=tuple(pair[1] for pair in pairs),
        warmup_runs=warm.runs,
        warmup_converged=warm.converged,
    )
    return samples, warm.total_ns


def take_samples(plan: SamplePlan, once: Callable[[], tuple[int, int]]) -> list[tuple[int, int]]:
    """(latency, invocation) in ns until both minima are met; either maximum ends it."""
    pairs: list[tuple[int, int]] = []
    total = 0
    while len(pairs) < plan.max_runs and total < plan.max_ns:
        if len(pairs) >= plan.min_runs and total >= plan.min_ns:
            break
        pairs.append(once())
        total += pairs[-1][0]
    return pairs


def safe_path(name: str, folder: Path) -> Path:
    """`name` inside `folder`; BadJob for an absolute name, one that leaves it, and one that no file system takes."""
    parts = PurePosixPath(name)
    if len(name) > LONGEST_NAME or any(len(part.encode()) > LONGEST_PART for part in parts.parts):
        raise BadJob(f"file name {name[:40]!r}... is too long")
    if not parts.parts or parts.is_absolute() or ".." in parts.parts or "\\" in name or "\0" in name:
        raise BadJob(f"file name {name!r} leaves the job's folder")
    return folder.joinpath(*parts.parts)


def checked_file(reference: FileRef, folder: Path) -> Path:
    """The file, present, of the right size and sha256."""
    path = safe_path(reference.file, folder)
    if not path.is_file():
        raise BadJob(f"{reference.file} is not there")
    size = path.stat().st_size
    if size != reference.size_bytes:
        raise BadJob(f"{reference.file} has {size} bytes, the job says {reference.size_bytes}")
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != reference.sha256:
        raise BadJob(
            f"{reference.file} has sha256 {digest.hexdigest()[:16]}..., the job says {reference.sha256[:16]}..."
        )
    return path


def _samples(data: InputData, folder: Path) -> "NDArray[Any]":
    import numpy as np

    content = checked_file(data.data, folder).read_bytes()
    dtype = np.dtype(data.dtype).newbyteorder("<")
    shape = (data.count, *data.shape[1:])
    if len(content) != int(np.prod(shape)) * dtype.itemsize:
        raise BadJob(f"input {data.name}: {len(content)} bytes are not {data.count} samples of {list(data.shape)}")
    return np.frombuffer(bytearray(content), dtype=dtype).reshape(shape)  # writable: torch warns of others


def _check_inputs(inputs: tuple[InputData, ...], engine: Engine) -> None:
    if len(inputs) != len(engine.inputs):
        raise BadJob(f"the model takes {len(engine.inputs)} inputs, the case brings {len(inputs)}")
    for given, wanted in zip(inputs, engine.inputs, strict=True):
        if tuple(given.shape) != wanted.shape:
            raise BadJob(f"input {wanted.name} has shape {list(wanted.shape)}, the case brings {list(given.shape)}")


def first_values(real: "NDArray[Any]") -> tuple[float, ...]:
    """Up to 8 leading values, ended before the first that is not finite."""
    values = (float(value) for value in real.ravel()[:FIRST_VALUES])
    return tuple(itertools.takewhile(math.isfinite, values))


def _outputs(
    case: Case, engine: Engine, feed: "list[tuple[NDArray[Any], ...]]", folder: Path
) -> tuple[OutputData, ...]:
    import numpy as np

    count = {"none": 0, "first": 1, "all": len(feed)}[case.outputs]
    gathered: list[list[NDArray[Any]]] = [[] for _ in engine.outputs]
    for sample in range(count):
        engine.copy_in(feed[sample])
        engine.invoke()
        for kept, array in zip(gathered, engine.read_out(), strict=True):
            kept.append(array)
    described = []
    for index, (tensor, arrays) in enumerate(zip(engine.outputs, gathered, strict=True)):
        data: FileRef | None = None
        first: tuple[float, ...] = ()
        if arrays:
            name = f"outputs/{case.id}-{index}.bin"
            content = np.concatenate(arrays).tobytes()
            path = safe_path(name, folder)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError as error:
                raise NoRoom(f"{name}: {error.strerror}") from error
            data = FileRef(file=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
            first = first_values(quantize.to_real(arrays[0], tensor))
        described.append(
            OutputData(
                name=tensor.name,
                data=data,
                dtype=tensor.dtype,
                shape=tensor.shape,
                count=len(arrays),
                scale=tensor.scale,
                zero_point=tensor.zero_point,
                first_values=first,
            )
        )
    return tuple(described)
