"""Everything a recipe says, in order, and the report."""

import dataclasses
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit import __version__
from edgekit.errors import GateFailed
from edgekit.pipeline.artifacts import COREML_ELSEWHERE, Made, make, operators_of, possible
from edgekit.pipeline.forms import form_notes
from edgekit.pipeline.models import Models, opened
from edgekit.pipeline.samples import JobInputs, Samples, job_inputs, reference, test_samples
from edgekit.pipeline.series import Candidate, Setting, measure_target, not_measured
from edgekit.pipeline.session import Session
from edgekit.pipeline.yardstick import yardstick_notes
from edgekit.recipe.spec import Plan, VariantSpec
from edgekit.report import EXTENSIONS, RENDERERS, render
from edgekit.report.build import Scores, exit_code, rows_of_target
from edgekit.report.gate import failed_gates
from edgekit.result import Report, Row
from edgekit.target import TargetSpec, parse_target
from edgekit.targets import expand, open_target
from edgekit.workspace import Workspace, write_atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The report, the folder that holds it in every format, the command's exit code, and the gates missed."""

    report: Report
    folder: Path
    exit_code: int
    missed: tuple[GateFailed, ...] = ()


def run(
    session: Session,
    *,
    targets: Sequence[str] = (),
    variants: Sequence[str] = (),
    launches: int | None = None,
    min_seconds: float | None = None,
    fresh: bool = False,
) -> Outcome:
    """Compress, convert, check, measure, report. A target that fails becomes rows with a reason, never an exception."""
    recipe = session.recipe
    specs = expand([parse_target(text) for text in targets or recipe.targets], session.serial)
    for spec in specs:  # a kind of target that is not there is said before anything is computed
        open_target(spec, serial=session.serial, pythons=session.pythons).close()
    plan = changed_plan(recipe.plan, launches, min_seconds)
    chosen = session.variants(variants)
    models = opened(session, chosen)
    made = [make(session, models, variant) for variant in possible(session, models, chosen)]
    samples = test_samples(session)
    setting = Setting(
        workspace=session.workspace,
        plan=plan,
        seed=recipe.seed,
        progress=session.progress,
        say=session.say,
        serial=session.serial,
        pythons=session.pythons,
        fresh=fresh,
        judged_by={"metric": session.identity("metric"), "samples": samples.key},
    )
    rows: list[Row] = []
    for spec in specs:
        rows += _target_rows(session, models, spec, made, samples, setting)
    report = Report(
        edgekit=__version__,
        title=recipe.name,
        recipe_sha256=recipe.text_sha256,
        created_utc=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        seed=recipe.seed,
        baseline=recipe.baseline,
        metric=session.metric.name,
        higher_is_better=session.metric.higher_is_better,
        plan=plan_numbers(plan),
        rows=tuple(rows),
        notes=(*form_notes(rows, recipe.variants), *yardstick_notes(session, samples)),
    )
    folder = save(report, session.workspace, recipe.name)
    missed = failed_gates(report, recipe.gates)
    code = exit_code(report) or (GateFailed.exit_code if missed else 0)
    return Outcome(report=report, folder=folder, exit_code=code, missed=tuple(missed))


def _target_rows(
    session: Session, models: Models, spec: TargetSpec, made: Sequence[Made], samples: Samples, setting: Setting
) -> tuple[Row, ...]:
    """Measure one target; `@torch` targets run the float32 variants' exported programs."""
    used, refused = _for_target(session, models, spec, made)
    labels = samples.load("labels")
    candidates = [
        Candidate(
            made=item,
            inputs=job_inputs(session, samples, item),
            reference=reference(session, samples, item),
            score=lambda outputs: tuple(float(score) for score in session.metric.scores(outputs, labels)),
        )
        for item in used
    ]
    series = measure_target(spec, candidates, setting) if candidates else None
    measurements = list(series.measurements) if series else []
    for item, reason in refused:
        measurements += not_measured(spec, [_named(item)], "unsupported", reason).measurements
    scores: dict[str, Scores] = {}
    for candidate in candidates:
        name = candidate.made.variant.name
        if series and name in series.scores:
            scores[name] = Scores(where="target", values=tuple(series.scores[name]))
        elif candidate.reference is not None:
            scores[name] = Scores(where="desktop", values=candidate.reference.scores)
    latest = {item.variant.name: item for item in (*made, *used)}
    return rows_of_target(
        measurements,
        {name: item.artifact for name, item in latest.items()},
        scores,
        operators={name: operators_of(item) for name, item in latest.items()},
        baseline=session.recipe.baseline,
        metric=session.metric.name,
    )


def _for_target(
    session: Session, models: Models, spec: TargetSpec, made: Sequence[Made]
) -> tuple[list[Made], list[tuple[Made, str]]]:
    """What the target runs, and what it does not with the reason: each target takes one kind of file."""
    packages = [item for item in made if item.variant.format == "coreml"]
    files = [item for item in made if item.variant.format == "tflite"]
    if spec.kind == "desktop" and spec.delegate == "coreml":
        refused = [
            (item, 'desktop:coreml runs Core ML packages only: variants with format = "coreml"') for item in files
        ]
        target = open_target(spec, serial=session.serial, pythons=session.pythons)
        reason = target.probe()
        target.close()
        return ([], refused + [(item, reason) for item in packages]) if reason else (packages, refused)
    refused = [(item, f"{COREML_ELSEWHERE}: target desktop:coreml there") for item in packages]
    if spec.runtime != "torch":
        return files, refused
    reason = "torch runs float32 variants only: this one's integers, halves and loops exist in the .tflite file"
    floats = [item.variant for item in files if runs_on_torch(item.variant)]
    refused += [(item, reason) for item in files if item.variant not in floats]
    return [make(session, models, variant, torch_program=True) for variant in floats], refused


def runs_on_torch(variant: VariantSpec) -> bool:
    """Whether the variant is what its network is before conversion."""
    return variant.precision == "float32" and variant.recurrent == "unrolled"


def _named(made: Made) -> Candidate:
    """A candidate that only gives its name to a row."""
    return Candidate(made=made, inputs=JobInputs(check=(), timing=(), files={}), reference=None, score=None)


def changed_plan(plan: Plan, launches: int | None, min_seconds: float | None) -> Plan:
    """The plan with what the command line says."""
    changes: dict[str, float] = {}
    if launches is not None:
        changes["launches"] = launches
    if min_seconds is not None:
        changes["min_seconds"] = min_seconds
    return dataclasses.replace(plan, **changes)  # type: ignore[arg-type]


def plan_numbers(plan: Plan) -> dict[str, float]:
    """The plan as the report keeps it."""
    return {
        "launches": float(plan.launches),
        "min_seconds": plan.min_seconds,
        "min_samples": float(plan.min_samples),
        "threads": float(plan.threads),
        "accuracy_samples": float(plan.accuracy_samples),
    }


def save(report: Report, workspace: Workspace, name: str) -> Path:
    """WORKSPACE/reports/NAME/report.{json,md,csv,html,txt}, each written whole."""
    folder = workspace.folder / "reports" / name
    folder.mkdir(parents=True, exist_ok=True)
    for format in RENDERERS:
        write_atomic(folder / f"report.{EXTENSIONS[format]}", render(report, format).encode())
    return folder
