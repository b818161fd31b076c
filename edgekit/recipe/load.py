"""TOML -> Recipe, strictly: every problem is one sentence with the file, the key and the closest valid name."""

import dataclasses
import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from edgekit.errors import RecipeError, UsageError
from edgekit.recipe.bounded import parse_toml, plain_options, reference
from edgekit.recipe.spec import (
    FileFormat,
    Form,
    FunctionRef,
    Gate,
    Io,
    Kept,
    ModelSpec,
    Plan,
    Precision,
    Recipe,
    RewriteGoal,
    VariantSpec,
)
from edgekit.recipe.steps import OPTIONS, DistillOptions, PruneOptions, QatOptions, Step, TrainOptions
from edgekit.recipe.variants import conversion_problem
from edgekit.recurrence import FORMS
from edgekit.runner import codec
from edgekit.target import parse_target

MAX_BYTES = 100_000
_SAID_CHARACTERS = 300
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    factory: str
    options: Mapping[str, Any] = field(default_factory=dict)
    channels_last: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    source: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    precision: Precision
    steps: tuple[str, ...] = ()
    format: FileFormat = "tflite"
    io: Io = "as made"
    budget: float | None = None
    exceptions: Kept | None = None
    recurrent: Form | Literal["auto"] = "unrolled"
    rewrite_for: RewriteGoal = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    max_metric_drop: float | None = None
    max_size_bytes: int | None = None
    min_speedup: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """The file as TOML says it."""

    name: str = ""
    description: str = ""
    seed: int = 0
    baseline: str = ""
    targets: tuple[str, ...] = ("desktop:cpu",)
    model: _Model
    data: _Data
    loss: str | _Function = "cross-entropy"
    metric: str | _Function = "top1"
    steps: Mapping[str, Any] = field(default_factory=dict)
    variants: Mapping[str, _Variant]
    plan: Plan = field(default_factory=Plan)
    gates: Mapping[str, _Gate] = field(default_factory=dict)


def load(file: Path) -> Recipe:
    """Read and check a recipe; raises RecipeError (exit code 2) for anything that cannot be used."""
    content = _read(file)
    try:
        data = parse_toml(content.decode())
    except (ValueError, RecursionError) as error:  # tomllib's own error, bad UTF-8, a number of thousands of digits
        said = codec.shortened(str(error), _SAID_CHARACTERS)
        raise RecipeError(f"not TOML: {said}", "see docs/recipes.md for a complete example", file=file) from error
    try:
        return _check(codec.decode(_Text, data), file, content)
    except codec.CodecError as error:
        raise RecipeError(error.problem, "docs/recipes.md lists every key", file=file, key=error.place) from error


def _read(file: Path) -> bytes:
    try:
        if file.is_file() and file.stat().st_size > MAX_BYTES:
            raise RecipeError(f"{file.stat().st_size} bytes are no recipe (at most {MAX_BYTES})", file=file)
        return file.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RecipeError(reason, "`edgekit recipes` lists those that edgekit brings", file=file) from error


def _check(text: _Text, file: Path, content: bytes) -> Recipe:
    def fail(key: str, message: str, hint: str = "") -> RecipeError:
        hint = codec.shortened(hint, _SAID_CHARACTERS) or "docs/recipes.md lists every key"
        return RecipeError(message, hint, file=file, key=codec.shortened(key, _SAID_CHARACTERS))

    name = text.name or file.stem
    for key, value in (("name", name), *(("variants", variant) for variant in text.variants)):
        if not _NAME.fullmatch(value):
            raise fail(key, f"{codec.quoted(value)} is no name: letters, digits, '.', '_' and '-', at most 64")
    steps = {key: _step(key, table, fail) for key, table in text.steps.items()}
    variants = tuple(spec for key, variant in text.variants.items() for spec in _variant(key, variant, steps, fail))
    for name_, count in Counter(variant.name for variant in variants).items():
        if count > 1:
            raise fail(f"variants.{name_}", 'a variant with recurrent = "auto" makes one of this name', "rename it")
    baseline = _baseline(text, variants, fail)
    _check_plan(text.plan, fail)
    if not 0 <= text.seed < 2**32:
        raise fail("seed", f"{text.seed} is not in 0..2^32 - 1")
    if not text.targets:
        raise fail("targets", "an empty list measures nothing", 'for example targets = ["desktop:cpu"]')
    for target in text.targets:
        try:
            parse_target(target)
        except UsageError as error:
            raise fail("targets", error.message, error.hint) from error
    names = [variant.name for variant in variants]
    for gate in text.gates:
        if gate not in names:
            raise fail(f"gates.{gate}", f"no variant is called {codec.quoted(gate)}{codec.closest(gate, names)}")
        if gate == baseline and (text.gates[gate].max_metric_drop, text.gates[gate].min_speedup) != (None, None):
            raise fail(f"gates.{gate}", "the baseline is not compared with itself: only max_size_bytes can be asked")
    return Recipe(
        name=name,
        description=text.description,
        file=file,
        folder=file.resolve().parent,
        text_sha256=hashlib.sha256(content).hexdigest(),
        seed=text.seed,
        model=ModelSpec(
            factory=reference(text.model.factory, text.model.options, file, "model.factory"),
            channels_last=text.model.channels_last,
        ),
        data=reference(text.data.source, text.data.options, file, "data.source"),
        loss=_function(text.loss, file, "loss"),
        metric=_function(text.metric, file, "metric"),
        steps=steps,
        variants=variants,
        baseline=baseline,
        targets=text.targets,
        plan=text.plan,
        gates=tuple(
            Gate(
                variant=key,
                max_metric_drop=gate.max_metric_drop,
                max_size_bytes=gate.max_size_bytes,
                min_speedup=gate.min_speedup,
            )
            for key, gate in text.gates.items()
        ),
    )


Fail = Callable[..., RecipeError]


def _step(name: str, table: Any, fail: Fail) -> Step:
    if not isinstance(table, dict):
        raise fail(f"steps.{name}", "expected a table")
    table = dict(table)
    kind = table.pop("kind", name)
    if not isinstance(kind, str) or kind not in OPTIONS:
        raise fail(
            f"steps.{name}.kind",
            f"no step is called {codec.quoted(kind)}{codec.closest(kind if isinstance(kind, str) else '', OPTIONS)}",
            f"kinds of steps: {', '.join(OPTIONS)}",
        )
    options = codec.decode(OPTIONS[kind], _with_own_defaults(OPTIONS[kind], table), f"steps.{name}")
    if isinstance(options, PruneOptions):
        if not 0 < options.ratio < 1:
            raise fail(
                f"steps.{name}.ratio", f"{options.ratio:g} is not between 0 and 1 (0.3 removes 30 % of the channels)"
            )
        _at_least(fail, f"steps.{name}", round_to=(options.round_to, 1), iterations=(options.iterations, 1))
    if isinstance(options, QatOptions) and not 0 <= options.freeze_ranges_after <= 1:
        raise fail(f"steps.{name}.freeze_ranges_after", f"{options.freeze_ranges_after:g} is not a share 0..1")
    if isinstance(options, DistillOptions):
        _check_distill(f"steps.{name}", options, fail)
    training = (
        options
        if isinstance(options, TrainOptions)
        else (options.finetune if isinstance(options, PruneOptions) else options.training)
    )
    _at_least(
        fail, f"steps.{name}", epochs=(training.epochs, 1), batch=(training.batch, 1), patience=(training.patience, 0)
    )
    if not 0 < training.learning_rate <= 10:
        raise fail(f"steps.{name}.learning_rate", f"{training.learning_rate:g} is not in 0..10")
    return Step(name=name, kind=kind, options=options)


def _check_distill(place: str, options: DistillOptions, fail: Fail) -> None:
    teacher = options.teacher
    plain_options(options.student or {}, f"{place}.student")
    plain_options(teacher.options if teacher else {}, f"{place}.teacher.options")
    if teacher is None and options.student is None:
        raise fail(
            place, "no teacher and no student", "name a teacher, or the student's options: student = { width = 8 }"
        )
    if teacher is not None and bool(teacher.recipe) == bool(teacher.factory):
        raise fail(f"{place}.teacher", "name either a recipe or a factory", 'teacher = { recipe = "fashion-resnet20" }')
    if teacher is not None and teacher.factory and not teacher.weights:
        raise fail(f"{place}.teacher.weights", "a factory without weights knows nothing", 'weights = "teacher.pt"')
    if teacher is not None and teacher.recipe and (teacher.options or teacher.weights):
        key = "options" if teacher.options else "weights"
        raise fail(f"{place}.teacher.{key}", "a recipe has its own", "leave it out, or name a factory instead")
    if teacher is not None and teacher.factory and teacher.variant:
        raise fail(f"{place}.teacher.variant", "a factory has no variants", "leave it out")
    if not 0 <= options.weight <= 1:
        raise fail(f"{place}.weight", f"{options.weight:g} is not a share 0..1")
    if not 0.1 <= options.temperature <= 100:
        raise fail(f"{place}.temperature", f"{options.temperature:g} is not in 0.1..100")
    _at_least(fail, place, labelled=(options.labelled, 0))


def _with_own_defaults(options: type[Any], table: dict[str, Any]) -> dict[str, Any]:
    """`finetune = { epochs = 20 }` keeps the step's own batch and learning rate, not those of a train step."""
    merged = dict(table)
    for option in dataclasses.fields(options):
        if dataclasses.is_dataclass(option.default) and isinstance(table.get(option.name), dict):
            merged[option.name] = {**codec.encode(option.default), **table[option.name]}
    return merged


def _at_least(fail: Fail, place: str, **values: tuple[float, float]) -> None:
    for key, (value, least) in values.items():
        if not least <= value < math.inf:
            raise fail(f"{place}.{key}", f"{value:g} is no number from {least:g} on")


def _variant(name: str, variant: _Variant, steps: Mapping[str, Step], fail: Fail) -> list[VariantSpec]:
    key = f"variants.{name}.steps"
    for index, step in enumerate(variant.steps):
        if step not in steps:
            hint = f"steps of this recipe: {', '.join(steps) or 'none'}"
            raise fail(key, f"no step is called {codec.quoted(step)}{codec.closest(step, steps)}", hint)
        if steps[step].kind == "qat" and index != len(variant.steps) - 1:
            raise fail(
                key, f"{codec.quoted(step)} (qat) must be the last step: what follows would break its trained ranges"
            )
        options = steps[step].options
        if isinstance(options, DistillOptions) and options.teacher is None and index == 0:
            raise fail(
                key,
                f"{codec.quoted(step)} has no teacher: no step trained one before it",
                "name a teacher, or train first",
            )
        if step in variant.steps[:index]:
            raise fail(
                key,
                f"step {codec.quoted(step)} stands twice",
                "give the second one a name of its own with the same kind",
            )
    if variant.steps and steps[variant.steps[-1]].kind == "qat" and variant.precision != "int8":
        raise fail(f"variants.{name}.precision", f"{variant.precision!r} after qat: a qat variant is converted as int8")
    qat = bool(variant.steps) and steps[variant.steps[-1]].kind == "qat"
    return [*_forms(name, variant, fail, qat=qat)]


def _forms(name: str, variant: _Variant, fail: Fail, *, qat: bool) -> Iterator[VariantSpec]:
    """The variant; of one with recurrent = "auto" every form that its precision has, for each target to choose from."""
    if qat and variant.recurrent != "unrolled":
        hint = 'leave "recurrent" out'
        raise fail(
            f"variants.{name}.recurrent", f"{variant.recurrent!r} after qat, which trains each step's scales", hint
        )
    taken = ["unrolled", *(form for form, precisions in FORMS.items() if variant.precision in precisions)]
    if variant.recurrent not in ("auto", *taken):
        said = f"the {variant.recurrent} form is not written in {variant.precision}"
        raise fail(f"variants.{name}.recurrent", said, f"forms in {variant.precision}: {', '.join(taken)}")
    for form in taken if variant.recurrent == "auto" else [variant.recurrent]:
        auto = variant.recurrent == "auto"
        made = VariantSpec(
            name=f"{name}-{form}" if auto and form != "unrolled" else name,
            steps=variant.steps,
            precision=variant.precision,
            format=variant.format,
            io=variant.io,
            budget=variant.budget,
            exceptions=variant.exceptions or "float",
            recurrent=cast(Form, form),
            form_of=name if auto else "",
            rewrite_for=variant.rewrite_for,
        )
        if problem := conversion_problem(made, exceptions=variant.exceptions):
            raise fail(f"variants.{name}.{problem[0]}", *problem[1:])
        yield made


def _baseline(text: _Text, variants: tuple[VariantSpec, ...], fail: Fail) -> str:
    floats = [variant.name for variant in variants if variant.precision == "float32" and variant.format == "tflite"]
    if not floats:
        raise fail("variants", "no variant has precision float32: every other one is compared with it")
    if text.baseline and text.baseline not in floats:
        raise fail(
            "baseline", f"{codec.quoted(text.baseline)} is no float32 variant{codec.closest(text.baseline, floats)}"
        )
    return text.baseline or floats[0]


def _check_plan(plan: Plan, fail: Fail) -> None:
    _at_least(
        fail,
        "plan",
        launches=(plan.launches, 1),
        min_seconds=(plan.min_seconds, 0),
        min_samples=(plan.min_samples, 1),
        threads=(plan.threads, 1),
        accuracy_samples=(plan.accuracy_samples, 1),
    )


def _function(text: str | _Function, file: Path, key: str) -> FunctionRef:
    if isinstance(text, str):
        return reference(text, {}, file, key)
    return reference(text.name, text.options, file, key)
