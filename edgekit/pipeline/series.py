"""Artifacts x one target -> measurements: what a job carries, which folder a series keeps, who judges outputs."""

import contextlib
import datetime
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit import scratch, units
from edgekit.artifact import Parity
from edgekit.device.adb import sha256_of
from edgekit.device.app_apk import find_apk
from edgekit.errors import DeviceError
from edgekit.measure.folder import Series, load_complete, measured_device
from edgekit.measure.series import Judged, Subject, measure
from edgekit.pipeline import judge as judging
from edgekit.pipeline.artifacts import Made
from edgekit.pipeline.samples import JobInputs, Reference
from edgekit.pipeline.session import package_modules
from edgekit.progress import Progress
from edgekit.recipe.spec import Plan
from edgekit.result import Measurement
from edgekit.runner import codec
from edgekit.runner.protocol import CaseResult, FileRef
from edgekit.runner.quantize import to_real
from edgekit.runner.state import cpu_name
from edgekit.target import TargetSpec
from edgekit.targets import Target, open_target
from edgekit.tflite import read, read_file
from edgekit.tflite.structure import rounds_at_run_time
from edgekit.workspace import Workspace, stage_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUNTIMES = ("ai-edge-litert", "tflite-runtime", "tensorflow", "torch")
"""Distributions whose versions are part of a series' key."""
Score = Callable[[tuple["NDArray[Any]", ...]], tuple[float, ...]]
"""Float outputs of all check samples -> the metric's score of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An artifact ready to be measured, and what its outputs are judged by (None: nothing to compare with)."""

    made: Made
    inputs: JobInputs
    reference: Reference | None
    score: Score | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every target of one command shares."""

    workspace: Workspace
    plan: Plan
    seed: int
    progress: Progress
    say: Callable[[str], None]
    serial: str
    pythons: Mapping[str, str]
    fresh: bool
    judged_by: object = None
    """JSON data that names the metric and the labelled samples: their scores are kept with a series."""


def measure_target(spec: TargetSpec, candidates: Sequence[Candidate], setting: Setting) -> Series:
    """A complete series of before where one is kept (unless fresh), else a new one, or the rest of a broken one."""
    folder = setting.workspace.series_folder(str(spec))
    key = _key(spec, candidates, setting)
    target = open_target(spec, serial=setting.serial, pythons=setting.pythons, progress=setting.progress)
    try:
        every = sorted(path for path in folder.glob(f"{key}-*") if path.is_dir()) if folder.is_dir() else []
        kept = [] if setting.fresh else _of_device(target, every)
        if kept and (found := load_complete(kept[-1])) is not None:
            series, age = found
            setting.say(f"{spec}: series of {units.age(age)} reused (--fresh measures anew)")
            return series
        broken = kept[-1] if kept else None
        started = _stamp(key, every)
        reason = target.probe()
        if reason is not None:
            return not_measured(spec, candidates, "unsupported", reason)
        setting.say(f"{spec}: {'going on with a broken series' if broken else 'measuring'}")
        by_variant = {candidate.made.variant.name: candidate for candidate in candidates}
        with contextlib.ExitStack() as held:
            place = broken or folder / f"{key}-{started}"
            if not held.enter_context(scratch.holding(place)):  # another process is measuring there right now
                setting.say(f"{spec}: another edgekit is measuring this series; this one measures its own, both slower")
                place = folder / f"{key}-{started}"
                held.enter_context(scratch.holding(place))
            return measure(
                target,
                [_subject(candidate) for candidate in candidates],
                setting.plan,
                seed=setting.seed,
                folder=place,
                judge=lambda subject, result, answer: _judge(by_variant[subject.variant], result, answer),
                progress=setting.progress,
            )
    except DeviceError as error:
        return not_measured(spec, candidates, "unreachable", error.sentence)
    finally:
        target.close()


def _of_device(target: Target, kept: list[Path]) -> list[Path]:
    """The series of the device that answers now; all of them where none answers, for they are still the newest."""
    if not kept:
        return []
    try:
        device = target.identity().device
    except DeviceError:
        return kept
    return [path for path in kept if measured_device(path) in (None, device)]


def _stamp(key: str, every: list[Path]) -> str:
    """The time, for a folder's name; behind the newest one's even where the clock was set back meanwhile."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%f")
    newest = every[-1].name.removeprefix(f"{key}-") if every else ""
    return now if now > newest else f"{newest}+"


def not_measured(spec: TargetSpec, candidates: Sequence[Candidate], status: Any, reason: str) -> Series:
    """Rows without a measurement, each with the reason."""
    rows = tuple(
        Measurement(
            series="",
            target=str(spec),
            artifact_sha256=candidate.made.artifact.sha256,
            variant=candidate.made.variant.name,
            status=status,
            reason=reason,
        )
        for candidate in candidates
    )
    return Series(measurements=rows, scores={}, complete=False)


def _key(spec: TargetSpec, candidates: Sequence[Candidate], setting: Setting) -> str:
    inputs = {
        "target": str(spec),
        "serial": setting.serial,
        "artifacts": {item.made.variant.name: item.made.artifact.sha256 for item in candidates},
        "samples": sorted({data.data.sha256 for item in candidates for data in item.inputs.check}),
        "plan": codec.encode(setting.plan),
        "seed": setting.seed,
        "judged_by": setting.judged_by,
        "python": setting.pythons.get(spec.runtime, ""),
        "machine": [platform.machine(), cpu_name(), os.cpu_count()],
        "app": _app(spec),
    }
    packages = ("edgekit.measure", "edgekit.runner", "edgekit.targets", "edgekit.device")
    sources = [name for package in packages for name in package_modules(package)]
    sources += ["edgekit.result", "edgekit.checks", "edgekit.stats", "edgekit.pipeline.judge"]
    sources += [__name__, *package_modules("edgekit.tflite")]
    return stage_key("series", sources=sources, inputs=inputs, tools=RUNTIMES)


def _app(spec: TargetSpec) -> str:
    """sha256 of the app that measures there; empty where none does."""
    path = find_apk() if spec.kind == "android" else None
    return sha256_of(path) if path is not None else ""


def _subject(candidate: Candidate) -> Subject:
    artifact, parity = candidate.made.artifact, candidate.made.artifact.parity
    model = FileRef(
        file=f"models/{artifact.sha256[:16]}.{artifact.format}",
        sha256=artifact.sha256,
        size_bytes=artifact.size_bytes,
    )
    return Subject(
        variant=candidate.made.variant.name,
        artifact=artifact,
        model=model,
        check_inputs=candidate.inputs.check,
        timing_inputs=candidate.inputs.timing,
        files={**candidate.inputs.files, model.file: candidate.made.path},
        blocked=f"parity with its source failed: {parity.reason}" if parity and not parity.passed else "",
    )


def _judge(candidate: Candidate, result: CaseResult, answer: Path) -> Judged:
    raws = [judging.read_output(output, answer) for output in result.outputs]
    parity: Parity | None = None
    if candidate.reference is not None:
        expected = [candidate.reference.raw(index) for index in range(len(raws))]
        parity = judging.target_parity(result, raws, expected, rounded=_rounds(candidate))
    scores = None
    if candidate.score is not None:
        pairs = zip(result.outputs, raws, strict=True)
        scores = candidate.score(tuple(to_real(raw, output) for output, raw in pairs))
    return Judged(parity=parity, scores=scores)


def _rounds(candidate: Candidate) -> bool:
    made = candidate.made
    return made.artifact.format == "tflite" and rounds_at_run_time(read(read_file(made.path), str(made.path)))
