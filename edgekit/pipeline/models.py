"""Network -> steps -> models. A prefix of steps that two variants share is computed once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit import units
from edgekit.model import Model, StepRecord
from edgekit.pipeline import teaching
from edgekit.pipeline.session import Session, package_modules
from edgekit.recipe.spec import VariantSpec
from edgekit.runner import codec
from edgekit.workspace import stage_key

if TYPE_CHECKING:
    from edgekit.compress.context import Context

TOOLS = ("torch", "torch-pruning", "numpy")


class Models:
    """The models of one session by the steps that made them. Nothing is loaded before it is asked for."""

    def __init__(self, session: Session, *, pupils: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> None:
        self.session = session
        self.pupils = pupils
        """Recipe files and steps whose teacher this one's models are: none of them may teach in turn."""
        self._loaded: dict[tuple[str, ...], Model] = {}
        self._keys: dict[tuple[str, ...], str] = {}

    def key(self, steps: tuple[str, ...]) -> str:
        """The workspace key of the model after `steps`: everything that went into it."""
        if steps not in self._keys:
            self._keys[steps] = self._compute_key(steps)
        return self._keys[steps]

    def _compute_key(self, steps: tuple[str, ...]) -> str:
        session = self.session
        recipe = session.recipe
        sources = (*package_modules("edgekit.compress"), "edgekit.datasets.load")
        if not steps:
            inputs = {
                "model": session.identity("model"),
                "channels_last": list(recipe.model.channels_last),
                "data": session.identity("data"),
                "seed": recipe.seed,
            }
            return stage_key("network", sources=sources, inputs=inputs, tools=TOOLS)
        step = recipe.steps[steps[-1]]
        inputs = {
            "before": self.key(steps[:-1]),
            "step": codec.encode(step),
            **{role: session.identity(role) for role in ("data", "loss", "metric")},
            "seed": recipe.seed,
        }
        if step.kind == "distill":
            inputs |= {"teacher": teaching.find(self, steps).key, "model": session.identity("model")}
        return stage_key(step.kind, sources=sources, inputs=inputs, tools=TOOLS)

    def get(self, steps: tuple[str, ...]) -> Model:
        """The model after `steps`, from the workspace where it lies there."""
        if steps not in self._loaded:
            self._loaded[steps] = self._make(steps)
        return self._loaded[steps]

    def _make(self, steps: tuple[str, ...]) -> Model:
        if not steps:
            return self._start()
        from edgekit.compress import store

        kind = self.session.recipe.steps[steps[-1]].kind
        key = self.key(steps)
        found = self.session.workspace.find(kind, key)
        if found is not None:
            return store.load(found, self.session.new_network)
        before = self.get(steps[:-1])
        model = self._apply(steps, before)
        with self.session.workspace.build(kind, key) as folder:
            store.save(model, folder)
        return model

    def history(self, steps: tuple[str, ...]) -> tuple[StepRecord, ...]:
        """What each step did, making the model only where it is not there yet."""
        return self.get(steps).history

    def _start(self) -> Model:
        from edgekit.compress import start

        train = self.session.data.train
        example = tuple(array[:1] for array in train.inputs)
        spec = self.session.recipe.model
        names = self.session.source.input_names
        network = self.session.new_network()
        start.first_weights(network, train)
        return start.start(network, example, input_names=names, channels_last=spec.channels_last)

    def _apply(self, steps: tuple[str, ...], before: Model) -> Model:
        import importlib

        from edgekit.compress import STEPS

        name = steps[-1]
        step = self.session.recipe.steps[name]
        module, _, function = STEPS[step.kind].partition(":")
        self.session.say(f"step {name} ({step.kind})")
        model: Model = getattr(importlib.import_module(module), function)(before, step, self._context(steps))
        record = model.history[-1]
        self.session.say(f"  {_record_line(record)}")
        return model

    def _context(self, steps: tuple[str, ...]) -> "Context":
        from edgekit.compress.context import Context

        session = self.session
        return Context(
            data=session.data,
            loss=session.loss,
            metric=session.metric,
            seed=session.recipe.seed,
            progress=session.progress,
            lesson=teaching.lesson(self, steps) if session.recipe.steps[steps[-1]].kind == "distill" else None,
        )


def opened(session: Session, variants: Sequence[VariantSpec]) -> Models:
    """The session's models; what is wrong with a teacher of one of `variants` is said before anything is computed."""
    models = Models(session)
    for variant in variants:
        for end in range(1, len(variant.steps) + 1):
            step, key = session.recipe.steps[variant.steps[end - 1]], models.key(variant.steps[:end])
            if step.kind == "distill" and session.workspace.find(step.kind, key) is None:
                teaching.new_student(session, step)
    return models


def compress(session: Session, variants: Sequence[str]) -> dict[str, tuple[StepRecord, ...]]:
    """Apply the steps of `variants` (all where empty). Returns each variant's history."""
    chosen = session.variants(variants)
    models = opened(session, chosen)
    return {variant.name: models.history(variant.steps) for variant in chosen}


def histories_json(histories: dict[str, tuple[StepRecord, ...]]) -> str:
    """Variant -> step records, as JSON text."""
    return codec.dumps(histories)


def histories_text(histories: dict[str, tuple[StepRecord, ...]]) -> str:
    """Variant by variant, one line a step."""
    lines = []
    for name, records in histories.items():
        lines.append(name)
        lines += [f"  {record.name:<12} {_record_line(record)}" for record in records] or ["  (no steps)"]
    return "\n".join(lines)


def _record_line(record: StepRecord) -> str:
    def metric(value: float | None) -> str:
        return "-" if value is None else f"{value:.4f}"

    return (
        f"{units.count(record.parameters_before)} -> {units.count(record.parameters_after)} parameters, "
        f"{units.count(record.macs_before)} -> {units.count(record.macs_after)} MACs, "
        f"validation {metric(record.metric_before)} -> {metric(record.metric_after)}, {record.seconds:.1f} s"
    )
