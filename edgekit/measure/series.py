"""A series: all artifacts of one target, measured in one block design. One launch is one fresh process.

Each artifact is launched once first to return the outputs of the check samples; one whose outputs are wrong gets no
latency. Every launch's run is written to its own file at once, so that a killed series goes on where it stopped: on the
same boot, in the same order, and the measurement says so.
"""

import statistics
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from edgekit import __version__, checks
from edgekit.artifact import Artifact, Parity
from edgekit.errors import DeviceError, DeviceReplaced, ResultError, RunnerError
from edgekit.measure import design
from edgekit.measure.folder import Series, open_design, save_complete
from edgekit.progress import Progress
from edgekit.recipe.spec import Plan
from edgekit.result import Interval, LaunchRecord, Measurement, Status
from edgekit.runner import codec, protocol
from edgekit.runner.protocol import (
    Case,
    CaseResult,
    Delegate,
    FileRef,
    InputData,
    Job,
    Phases,
    Run,
    Runtime,
    SamplePlan,
)
from edgekit.stats import geometric_interval
from edgekit.targets import Identity, Target
from edgekit.workspace import sync_file, write_atomic

Wanted = Literal["none", "first", "all"]
MOST_SAMPLES = 1_000_000
"""Of one launch: a run file of some 16 MB."""
LONGEST_NS = 60_000_000_000
"""A launch that needs longer for `min_samples` ends with fewer."""
NO_TIMING = SamplePlan(min_runs=0, min_ns=0, max_runs=0, max_ns=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One artifact of the series. `files`: job-relative name -> local file, the artifact's own included."""

    variant: str
    artifact: Artifact
    model: FileRef
    check_inputs: tuple[InputData, ...]
    timing_inputs: tuple[InputData, ...]
    files: Mapping[str, Path]
    blocked: str = ""
    """Why this artifact is not measured at all (its parity failed): it becomes an `incorrect` row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the check launch's outputs are worth: parity with the desktop's, and the metric's score of each sample."""

    parity: Parity | None
    scores: tuple[float, ...] | None


Judge = Callable[[Subject, CaseResult, Path], Judged]


def measure(
    target: Target,
    subjects: Sequence[Subject],
    plan: Plan,
    *,
    seed: int,
    folder: Path,
    judge: Judge,
    progress: Progress,
) -> Series:
    """Measure `subjects` in `folder`, going on where an earlier call stopped. A DeviceError becomes a row."""
    folder.mkdir(parents=True, exist_ok=True)
    order = design.blocks(len(subjects), plan.launches, seed)
    identity = target.identity()
    resumed = open_design(folder, order, identity)
    work = _Work(target, identity, subjects, plan, folder, judge)
    total = len(subjects) * (plan.launches + 1)
    with progress.task(f"measure {target.spec}", total) as tick:
        for index, subject in enumerate(subjects):
            work.check(index)
            tick(1, f"check {subject.variant}")
        for block, positions in enumerate(order):
            for place, index in enumerate(positions):
                work.launch(index, block, place)
                tick(1, f"block {block + 1}/{plan.launches} {subjects[index].variant}")
    return work.finish(resumed)


class _Work:
    """The state of one call of `measure`."""

    def __init__(
        self,
        target: Target,
        identity: Identity,
        subjects: Sequence[Subject],
        plan: Plan,
        folder: Path,
        judge: Judge,
    ) -> None:
        self.target, self.subjects, self.plan, self.folder, self.judge = target, subjects, plan, folder, judge
        self.identity = identity
        self.trouble: dict[int, tuple[Status, str]] = {}
        self.judged: dict[int, Judged] = {}
        self.checks: dict[int, Run] = {}
        self.records: dict[int, list[LaunchRecord]] = {index: [] for index in range(len(subjects))}
        self.runs: dict[int, list[CaseResult]] = {index: [] for index in range(len(subjects))}
        self.gone: str = ""
        self.broken = False
        """A runner ended without an answer: the next run tries those launches again."""
        for index, subject in enumerate(subjects):
            if subject.blocked:
                self.trouble[index] = ("incorrect", subject.blocked)

    def check(self, index: int) -> None:
        """Outputs of all check samples, judged."""
        if index in self.trouble:
            return
        subject = self.subjects[index]
        answer = self.folder / f"check-{index}"
        run = self._run(index, f"check-{index}", subject.check_inputs, NO_TIMING, "all", answer)
        if run is None:
            return
        self.checks[index] = run
        result = run.cases[0]
        if result.status != "ok":
            self.trouble[index] = (_row_status(result), result.reason)
            return
        try:
            self.judged[index] = self.judge(subject, result, answer)
        except ResultError as error:
            self.trouble[index] = ("incorrect", error.message)
            return
        parity = self.judged[index].parity
        if parity is not None and not parity.passed:
            self.trouble[index] = ("incorrect", parity.reason)

    def launch(self, index: int, block: int, place: int) -> None:
        """One timed launch."""
        if index in self.trouble:
            return
        subject = self.subjects[index]
        name = f"block-{block:03d}-{index}"
        plan = self.plan
        wanted_ns = int(plan.min_seconds * 1e9)
        samples = SamplePlan(
            min_runs=plan.min_samples, min_ns=wanted_ns, max_runs=MOST_SAMPLES, max_ns=max(2 * wanted_ns, LONGEST_NS)
        )
        run = self._run(index, name, subject.timing_inputs, samples, "first", self.folder / name)
        if run is None:
            return
        result = run.cases[0]
        if result.status != "ok" or not result.samples.latency_ns:
            self.trouble[index] = (_row_status(result), result.reason or "no samples came back")
            return
        invalid = checks.launch_problem(result)
        self.runs[index].append(result)
        self.records[index].append(
            LaunchRecord(
                block=block,
                order=place,
                run_file=f"{name}.run.json",
                samples=len(result.samples.latency_ns),
                median_latency_ns=round(statistics.median(result.samples.latency_ns)),
                median_invoke_ns=round(statistics.median(result.samples.invoke_ns)),
                valid=not invalid,
                reason=invalid,
            )
        )

    def _run(
        self, index: int, name: str, inputs: tuple[InputData, ...], samples: SamplePlan, outputs: Wanted, answer: Path
    ) -> Run | None:
        """The launch's run, from its file where it is there; None when the target is gone."""
        stored = self.folder / f"{name}.run.json"
        kept = _kept_run(stored, answer)
        if kept is not None:
            return kept
        if self.gone:
            self.trouble[index] = ("unreachable", self.gone)
            return None
        subject, spec = self.subjects[index], self.target.spec
        case = Case(
            id=f"c{index}",
            artifact=subject.model,
            delegate=cast(Delegate, spec.delegate),
            runtime=cast(Runtime, spec.runtime),
            threads=self.plan.threads,
            inputs=inputs,
            samples=samples,
            outputs=outputs,
        )
        job = Job(id=uuid.uuid4().hex[:12], edgekit=__version__, cases=(case,))
        wanted = {data.data.file for data in inputs} | {subject.model.file}
        files = {file: local for file, local in subject.files.items() if file in wanted}
        try:
            run = self._launched(job, files, answer)
        except RunnerError as error:  # the file breaks the runtime, or hangs in it: the target itself is fine
            self.broken = True
            self.trouble[index] = ("incorrect", error.message)
            return None
        except (DeviceError, ResultError) as error:
            reason = error.sentence
            if isinstance(error, DeviceError):
                self.gone = reason
            self.trouble[index] = ("unreachable", reason)
            return None
        for path in answer.rglob("*"):
            if path.is_file():
                sync_file(path)
        write_atomic(stored, protocol.dump_run(run).encode())
        return run

    def _launched(self, job: Job, files: Mapping[str, Path], answer: Path) -> Run:
        """One launch; a runner that ends without an answer is started once more, for it may be the machine's doing."""
        self._check_device()
        try:
            run = self.target.run(job, files, answer)
        except RunnerError:
            self._check_device()
            run = self.target.run(job, files, answer)
        self._check_device()
        return run

    def _check_device(self) -> None:
        """DeviceReplaced where it is not the device, or not the boot, of the series' other launches."""
        found = self.target.identity()
        if found == self.identity:
            return
        if found.device == self.identity.device:
            raise DeviceReplaced(
                f"the device of {self.target.spec} was restarted in the middle of the series",
                "run the same command again: the series begins anew, for launches of two boots are not compared",
            )
        raise DeviceReplaced(
            f"another device answers for {self.target.spec}: {found.device or 'one without a name'}, "
            f"measured so far was {self.identity.device or 'one without a name'}",
            "run the same command again: with the first device it goes on, with the other one it measures that",
        )

    def finish(self, resumed: bool) -> Series:
        """Summarise, and mark the series complete where no launch is missing for want of the target."""
        measurements = tuple(self._measurement(index, resumed) for index in range(len(self.subjects)))
        scores = {
            self.subjects[index].variant: judged.scores
            for index, judged in self.judged.items()
            if judged.scores is not None
        }
        complete = not self.broken and not any(status == "unreachable" for status, _ in self.trouble.values())
        series = Series(measurements=measurements, scores=scores, complete=complete)
        if complete:
            save_complete(self.folder, series)
        return series

    def _measurement(self, index: int, resumed: bool) -> Measurement:
        subject = self.subjects[index]
        judged = self.judged.get(index)
        check = self.checks.get(index)
        measurement = Measurement(
            series=self.folder.name,
            target=str(self.target.spec),
            artifact_sha256=subject.artifact.sha256,
            variant=subject.variant,
            status="ok",
            environment=check.environment if check else None,
            target_parity=judged.parity if judged else None,
        )
        if index in self.trouble:
            status, reason = self.trouble[index]
            return replace(measurement, status=status, reason=reason)
        records, runs = tuple(self.records[index]), self.runs[index]
        last = runs[-1]
        measurement = replace(
            measurement,
            launches=records,
            phases=_median_phases([run.phases for run in runs]),
            memory=last.memory,
            nodes=last.nodes,
            threads=last.threads,
            first_values=last.outputs[0].first_values if last.outputs else (),
        )
        if check is not None and check.environment.emulator:  # it ran, and how long it took says nothing of a phone
            return replace(measurement, phases=None, cautions=(checks.EMULATOR,))
        status, cautions = checks.series_state(records, runs, str(self.target.spec))
        shortest_ns = min(sum(run.samples.latency_ns) for run in runs)
        if shortest_ns < 0.99 * self.plan.min_seconds * 1e9:
            cautions = (*cautions, f"{shortest_ns / 1e9:.1f} s of samples in a launch, {self.plan.min_seconds:g} asked")
        if resumed:
            cautions = (*cautions, "resumed after an interruption")
        return replace(
            measurement,
            status=status,
            reason="launches disturbed: see the cautions" if status != "ok" else "",
            cautions=cautions,
            latency_ns=_interval([record.median_latency_ns or 0 for record in records]),
            invoke_ns=_interval([record.median_invoke_ns or 0 for record in records]),
        )


def _kept_run(stored: Path, answer: Path) -> Run | None:
    """A launch's run of before with all its outputs; None where something is missing or damaged: launched anew."""
    try:
        run = protocol.load_run(stored.read_bytes())
    except (OSError, codec.CodecError):
        return None
    outputs = [output.data.file for case in run.cases for output in case.outputs if output.data is not None]
    return run if all((answer / name).is_file() for name in outputs) else None


def _row_status(result: CaseResult) -> Status:
    return {"unsupported": "unsupported", "fell back": "fell back"}.get(result.status, "incorrect")  # type: ignore[return-value]


def _interval(medians: Sequence[int]) -> Interval:
    found = geometric_interval([float(median) for median in medians])
    if found is None:
        return Interval(value=float(medians[0]))
    return Interval(value=found[0], low=found[1], high=found[2])


def _median_phases(phases: Sequence[Phases]) -> Phases:
    values = {}
    for name in Phases.__dataclass_fields__:
        seen = [value for value in (getattr(item, name) for item in phases) if value is not None]
        values[name] = round(statistics.median(seen)) if seen else None
    return Phases(**values)
