"""Who teaches a distill step: the teacher's model, found or made, and its outputs on the train samples, kept."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.errors import RecipeError
from edgekit.pipeline.session import Session, identity_of
from edgekit.recipe.functions import call, check_name, resolve
from edgekit.recipe.load import load
from edgekit.recipe.spec import FunctionRef, VariantSpec
from edgekit.recipe.steps import DistillOptions, Step, Teacher
from edgekit.recipe.table import brought
from edgekit.runner import codec
from edgekit.workspace import stage_key

if TYPE_CHECKING:
    from edgekit.compress.context import Lesson
    from edgekit.datasets import Split
    from edgekit.pipeline.models import Models

CHUNK = 2048
"""Samples that the teacher answers between two ticks of the bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A teacher by name and key; `network()` makes or loads it, `untrained()` shows early what it takes."""

    name: str
    key: str
    network: Callable[[], Any]
    untrained: Callable[[], Any] | None = None


def find(models: "Models", steps: tuple[str, ...]) -> Found:
    """The teacher of the distill step that ends `steps`. Nothing is trained yet."""
    session, step = models.session, models.session.recipe.steps[steps[-1]]
    options = _options(step)
    if _place(session, steps) in models.pupils:
        raise _fail(session, step, f"{session.recipe.name}: step {step.name} teaches itself", "name another teacher")
    if options.teacher is None:
        before = steps[:-1]
        return Found(name="before", key=models.key(before), network=lambda: models.get(before).network)
    if options.teacher.factory:
        return _checkpoint(session, step, options.teacher)
    other, variant = _recipe(models, steps, options.teacher)
    return Found(
        name=f"{other.session.recipe.name}:{variant.name}",
        key=other.key(variant.steps),
        network=lambda: other.get(variant.steps).network,
        untrained=other.session.new_network,
    )


def lesson(models: "Models", steps: tuple[str, ...]) -> "Lesson":
    """The teacher's logits, computed once and kept in the workspace, and the student that is to learn."""
    import numpy as np

    from edgekit.compress.context import Lesson
    from edgekit.compress.start import first_weights

    session = models.session
    step = session.recipe.steps[steps[-1]]
    train = session.data.train
    if _options(step).labelled > len(train):
        said = f"{_options(step).labelled} is more than the {len(train)} train samples"
        raise _fail(session, step, said, "0 takes the labels of all", key="labelled")
    own = _student_options(session, step)
    student = new_student(session, step)
    if student is not None:
        first_weights(student, train)
    learner = models.get(steps[:-1]).network if student is None else student
    width = _answers(session, step, learner, train.take(slice(0, 1)), "the student", "student").shape[-1]
    teacher = find(models, steps)
    inputs = {"teacher": teacher.key, "data": session.identity("data")}
    sources = (__name__, "edgekit.compress.fit", "edgekit.datasets.load")
    key = stage_key("teacher", sources=sources, inputs=inputs, tools=("torch", "numpy"))
    folder = session.workspace.kept("teacher", key, lambda building: _answer(session, step, teacher, building))
    logits = np.load(folder / "logits.npy", allow_pickle=False)
    if logits.shape[-1] != width:
        said = f"teacher {teacher.name} knows {logits.shape[-1]} classes, the student {width}"
        raise _fail(session, step, said, "both answer for the same classes")
    return Lesson(teacher=teacher.name, logits=logits, student=student, options=own)


def new_student(session: Session, step: Step) -> Any:
    """A student of its own, new; None where the step's model learns on. RecipeError for options that do not fit."""
    own = _student_options(session, step)
    return None if own is None else session.new_network(own, f"steps.{step.name}.student")


def _student_options(session: Session, step: Step) -> dict[str, Any] | None:
    changed = _options(step).student
    return None if changed is None else {**session.recipe.model.factory.options, **changed}


def _options(step: Step) -> DistillOptions:
    assert isinstance(step.options, DistillOptions)
    return step.options


def _place(session: Session, steps: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return str(session.recipe.file.resolve()), steps


def _answer(session: Session, step: Step, teacher: Found, folder: Path) -> None:
    import numpy as np

    train = session.data.train
    if teacher.untrained is not None:  # before hours of training
        _answers(session, step, teacher.untrained(), train.take(slice(0, 1)), f"teacher {teacher.name}")
    network = teacher.network()
    parts = []
    with session.progress.task(f"{step.name}: the teacher's outputs", len(train)) as tick:
        for start in range(0, len(train), CHUNK):
            part = train.take(slice(start, start + CHUNK))
            parts.append(_answers(session, step, network, part, f"teacher {teacher.name}"))
            tick(len(part), "")
    np.save(folder / "logits.npy", np.concatenate(parts).astype(np.float32))


def _answers(session: Session, step: Step, network: Any, part: "Split", who: str, key: str = "teacher") -> Any:
    """Output 0 on some samples; RecipeError where the network does not take them."""
    from edgekit.compress.fit import outputs_on

    try:
        return outputs_on(network, part)[0]
    except (RuntimeError, TypeError, ValueError) as error:
        shapes = ", ".join(str(list(array.shape[1:])) for array in part.inputs)
        said = f"{who} does not take this recipe's inputs {shapes}: {str(error).splitlines()[0][:200]}"
        raise _fail(session, step, said, "a teacher and its student see the same samples", key=key) from error


def _recipe(models: "Models", steps: tuple[str, ...], teacher: Teacher) -> tuple["Models", VariantSpec]:
    """The teacher's own session, in the same workspace, and its variant."""
    session, step = models.session, models.session.recipe.steps[steps[-1]]
    recipe = load(_recipe_file(session, step, teacher.recipe))
    wanted = teacher.variant or recipe.baseline
    variant = next((item for item in recipe.variants if item.name == wanted), None)
    if variant is None:
        names = [item.name for item in recipe.variants]
        raise _fail(
            session,
            step,
            f"recipe {recipe.name} has no variant {wanted!r}{codec.closest(wanted, names)}",
            f"variants: {', '.join(names)}",
        )
    if variant.steps and recipe.steps[variant.steps[-1]].kind == "qat":
        raise _fail(session, step, f"{wanted!r} ends in qat: a float model teaches", "name a variant without qat")
    pupil, here = (str(recipe.file.resolve()), variant.steps), _place(session, steps)
    if pupil in (here, *models.pupils):
        raise _fail(session, step, f"{recipe.name}:{wanted} teaches itself", "name another teacher")
    same = recipe.file.resolve() == session.recipe.file.resolve()
    own = replace(session, recipe=replace(recipe, seed=session.recipe.seed if same else recipe.seed))
    return type(models)(own, pupils=(*models.pupils, here)), variant


def _recipe_file(session: Session, step: Step, name: str) -> Path:
    """A `.toml` counts from the student's recipe, another name is that of a recipe that edgekit brings."""
    if name.endswith(".toml"):
        file = session.recipe.folder / name
        if not file.is_file():
            raise _fail(session, step, f"{file} is no file", "name a recipe's file, relative to this one")
        return file
    if name not in brought():
        said = f"there is no recipe {codec.shortened(name)}{codec.closest(name, brought())}"
        raise _fail(session, step, said, f"edgekit brings: {', '.join(brought())}; a file's name ends in .toml")
    return brought()[name]


def _checkpoint(session: Session, step: Step, teacher: Teacher) -> Found:
    from edgekit.zoo import NETWORKS

    recipe = session.recipe
    reference = FunctionRef(
        name=teacher.factory, options=teacher.options, file=recipe.file, key=f"steps.{step.name}.teacher.factory"
    )
    check_name(reference, NETWORKS)
    file = recipe.folder / teacher.weights
    try:
        weights = hashlib.sha256(file.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _fail(session, step, f"{file}: {reason}", "name a state_dict file, relative to the recipe") from error
    parts = {"factory": identity_of(reference, NETWORKS, recipe.folder), "weights": weights}

    def network() -> Any:
        import torch

        made = call(
            reference,
            resolve(reference, NETWORKS, recipe.folder),
            key=reference.key,
            file=recipe.file,
            options_key=f"steps.{step.name}.teacher.options",
        )
        try:
            made.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
        except Exception as error:  # torch raises many kinds for a file that is none, or of another network
            reason = " ".join(str(error).split())[:200]
            hint = "save it with torch.save(network.state_dict(), file), of a network with these options"
            raise _fail(session, step, f"{file} is no state_dict of {reference.name}: {reason}", hint) from error
        return made.eval()

    return Found(
        name=f"{reference.name} ({file.name})",
        key=hashlib.sha256(codec.dumps(parts).encode()).hexdigest(),
        network=network,
    )


def _fail(session: Session, step: Step, message: str, hint: str = "", *, key: str = "teacher") -> RecipeError:
    return RecipeError(message, hint, file=session.recipe.file, key=f"steps.{step.name}.{key}")
