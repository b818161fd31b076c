"""train: the shared loop on the network as it stands."""

from edgekit.compress.context import Context
from edgekit.compress.fit import fit
from edgekit.compress.start import Recorder, copied
from edgekit.errors import CompressError
from edgekit.model import Model
from edgekit.recipe.steps import Step, TrainOptions


def apply(model: Model, step: Step, context: Context) -> Model:
    """Train a copy of the model's network."""
    if not isinstance(step.options, TrainOptions):
        raise CompressError(f"step {step.name} is no train step")
    recorder = Recorder(model, step, context)
    network = copied(model.network)
    result = fit(network, step.options, context, title=step.name)
    return recorder.finish(network, epochs=result.epochs_run, best_epoch=result.best_epoch)
