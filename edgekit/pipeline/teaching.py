"""Who teaches a distill step: the teacher's model, found or made, and its outputs on the train samples, kept."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.errors import RecipeError
from edgekit.pipeline.session import Session
from edgekit.recipe.functions import call, resolve, source_files
from edgekit.recipe.load import load
from edgekit.recipe.spec import FunctionRef, VariantSpec
from edgekit.recipe.steps import DistillOptions, Step, Teacher
from edgekit.recipe.table import find_recipe
from edgekit.runner import codec
from edgekit.workspace import stage_key

if TYPE_CHECKING:
    from edgekit.compress.context import Lesson
    from edgekit.pipeline.models import Models

CHUNK = 2048
"""Samples that the teacher answers between two ticks of the bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A teacher by name and key; `network()` makes or loads it."""

    name: str
    key: str
    network: Callable[[], Any]


def find(models: "Models", steps: tuple[str, ...]) -> Found:
    """The teacher of the distill step that ends `steps`. Nothing is trained yet."""
    session, step = models.session, models.session.recipe.steps[steps[-1]]
    options = step.options
    assert isinstance(options, DistillOptions)
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
    )


def lesson(models: "Models", steps: tuple[str, ...]) -> "Lesson":
    """The teacher's logits, computed once and kept in the workspace, and the student that is to learn."""
    import numpy as np

    from edgekit.compress.context import Lesson
    from edgekit.compress.start import first_weights

    session = models.session
    step = session.recipe.steps[steps[-1]]
    options = step.options
    assert isinstance(options, DistillOptions)
    teacher = find(models, steps)
    inputs = {"teacher": teacher.key, "data": session.identity("data")}
    key = stage_key("teacher", sources=(__name__,), inputs=inputs, tools=("torch", "numpy"))
    folder = session.workspace.kept("teacher", key, lambda building: _answer(session, step, teacher, building))
    own = None if options.student is None else {**session.recipe.model.factory.options, **options.student}
    student = None if own is None else session.new_network(own)
    if student is not None:
        first_weights(student, session.data.train)
    return Lesson(
        teacher=teacher.name,
        logits=np.load(folder / "logits.npy", allow_pickle=False),
        student=student,
        options=own,
    )


def _answer(session: Session, step: Step, teacher: Found, folder: Path) -> None:
    import numpy as np

    from edgekit.compress.fit import outputs_on

    network, train = teacher.network(), session.data.train
    parts = []
    with session.progress.task(f"{step.name}: the teacher's outputs", len(train)) as tick:
        for start in range(0, len(train), CHUNK):
            part = train.take(slice(start, start + CHUNK))
            try:
                parts.append(outputs_on(network, part)[0])
            except (RuntimeError, TypeError, ValueError) as error:
                shapes = ", ".join(str(list(array.shape[1:])) for array in train.inputs)
                raise _fail(
                    session,
                    step,
                    f"teacher {teacher.name} does not take this recipe's inputs {shapes}: {str(error).splitlines()[0]}",
                    "a teacher and its student see the same samples",
                ) from error
            tick(len(part), "")
    np.save(folder / "logits.npy", np.concatenate(parts).astype(np.float32))


def _recipe(models: "Models", steps: tuple[str, ...], teacher: Teacher) -> tuple["Models", VariantSpec]:
    """The teacher's own session, in the same workspace, and its variant."""
    session, step = models.session, models.session.recipe.steps[steps[-1]]
    beside = session.recipe.folder / teacher.recipe
    recipe = load(beside if beside.suffix == ".toml" and beside.is_file() else find_recipe(teacher.recipe))
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
    pupil = (str(recipe.file.resolve()), variant.steps)
    here = (str(session.recipe.file.resolve()), steps)
    if pupil in (here, *models.pupils):
        raise _fail(session, step, f"{recipe.name}:{wanted} teaches itself", "name another teacher")
    same = recipe.file.resolve() == session.recipe.file.resolve()
    own = replace(session, recipe=replace(recipe, seed=session.recipe.seed if same else recipe.seed))
    return type(models)(own, pupils=(*models.pupils, here)), variant


def _checkpoint(session: Session, step: Step, teacher: Teacher) -> Found:
    from edgekit.zoo import NETWORKS

    recipe = session.recipe
    reference = FunctionRef(
        name=teacher.factory, options=teacher.options, file=recipe.file, key=f"steps.{step.name}.teacher.factory"
    )
    file = recipe.folder / teacher.weights
    try:
        weights = hashlib.sha256(file.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _fail(session, step, f"{file}: {reason}", "name a state_dict file, relative to the recipe") from error
    sources = [path.read_bytes() for path in source_files(reference, NETWORKS, recipe.folder)]
    parts = {"factory": codec.encode(reference.options), "name": reference.name, "weights": weights}
    parts["sources"] = hashlib.sha256(b"".join(sources)).hexdigest()

    def network() -> Any:
        import torch

        made = call(reference, resolve(reference, NETWORKS, recipe.folder), key=reference.key, file=recipe.file)
        try:
            made.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
        except Exception as error:  # torch raises many kinds for a file that is none, or of another network
            reason = " ".join(str(error).split())[:200]
            raise _fail(session, step, f"{file} is no state_dict of {reference.name}: {reason}") from error
        return made.eval()

    return Found(
        name=f"{reference.name} ({file.name})",
        key=hashlib.sha256(codec.dumps(parts).encode()).hexdigest(),
        network=network,
    )


def _fail(session: Session, step: Step, message: str, hint: str = "") -> RecipeError:
    return RecipeError(message, hint, file=session.recipe.file, key=f"steps.{step.name}.teacher")
