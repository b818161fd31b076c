"""Precision `mixed`: what a recipe's metric and validation split say of each layer, kept in the workspace."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgekit.artifact import Sensitivity
from edgekit.pipeline.models import Models
from edgekit.pipeline.session import Session, package_modules
from edgekit.recipe.spec import VariantSpec
from edgekit.runner import codec
from edgekit.workspace import stage_key, write_atomic

if TYPE_CHECKING:
    from edgekit.convert.sensitivity import Jury, Order
    from edgekit.datasets import Split

JUDGED_SAMPLES = 2000
"""Validation samples, at most, that every tried file is judged on."""
DAMAGES = "sensitivity.json"
POINTS = 100
"""In one: a metric that is a share is counted in hundredths."""
_TOOLS = ("litert-torch", "litert-quantizer", "ai-edge-litert", "numpy")


def points_of(unit: str) -> int:
    """How many points the metric's own unit has."""
    return POINTS if unit == "share" else 1


def order(
    session: Session, models: Models, variant: VariantSpec, float_file: Callable[[], bytes], calibration: "Split"
) -> "Order":
    """The search for the variant's exceptions; layers are measured first where that is not in the workspace."""
    from edgekit.convert.sensitivity import Order

    jury = _jury(session)
    damages = _damages(session, models, variant, jury, float_file, calibration)
    samples, points = len(jury.inputs[0]), points_of(jury.unit)
    if jury.unit == "share" and variant.budget is not None and points / samples > variant.budget > 0:
        session.say(f"  one of {samples} validation samples is {points / samples:.2g} points: more than the budget")

    return Order(
        jury=jury,
        damages=damages,
        budget=variant.budget or 0.0,
        kept=variant.exceptions,
        progress=session.progress,
    )


def _jury(session: Session) -> "Jury":
    from edgekit.convert.sensitivity import Jury
    from edgekit.datasets.layout import to_channels_last

    metric, split = session.metric, session.data.validation.take(slice(0, JUDGED_SAMPLES))
    factor = points_of(metric.unit) * (1 if metric.higher_is_better else -1)

    def points(outputs: tuple[Any, ...]) -> float:
        return factor * metric.value(outputs, split.labels[: len(outputs[0])])

    inputs = to_channels_last(split.inputs, session.recipe.model.channels_last)
    return Jury(inputs=inputs, metric=metric.name, unit=metric.unit, points=points)


def _damages(
    session: Session,
    models: Models,
    variant: VariantSpec,
    jury: "Jury",
    float_file: Callable[[], bytes],
    calibration: "Split",
) -> Sensitivity:
    """Of the layers, measured once for every budget and kind of exceptions."""
    inputs = {
        "model": models.key(variant.steps),
        "data": session.identity("data"),
        "metric": session.identity("metric"),
        "samples": [JUDGED_SAMPLES, len(calibration)],
    }
    names = ("convert", "tflite", "runner")
    sources = [module for package in names for module in package_modules(f"edgekit.{package}")]
    sources += ["edgekit.artifact", "edgekit.datasets.load", __name__]
    key = stage_key("sensitivity", sources=sources, inputs=inputs, tools=_TOOLS)

    def write(folder: Any) -> None:
        from edgekit.convert import sensitivity
        from edgekit.convert.precision_mixed import Mixer
        from edgekit.datasets.layout import to_channels_last

        session.say(f"measure the damage of int8 by layer ({variant.name}, validation data)")
        arrays = to_channels_last(calibration.inputs, session.recipe.model.channels_last)
        mixer = Mixer(float_file(), [tuple(a[k : k + 1] for a in arrays) for k in range(len(calibration))])
        with session.progress.task("damage of int8", len(mixer.layers)) as tick:
            found = sensitivity.measured(mixer, jury, tick)
        write_atomic(folder / DAMAGES, codec.dumps(found).encode())

    folder = session.workspace.kept("sensitivity", key, write)
    return codec.loads(Sensitivity, (folder / DAMAGES).read_bytes())
