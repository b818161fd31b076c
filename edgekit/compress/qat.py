"""qat: fine-tune with fake quantization, so that the int8 file computes what was trained. docs/qat.md"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from edgekit.compress.context import Context
from edgekit.compress.fake_quant import fake_quantizers, prepare, quantized_layers, weight_scales
from edgekit.compress.fit import fit
from edgekit.compress.start import Recorder
from edgekit.compress.store import attributes
from edgekit.errors import CompressError
from edgekit.model import Model
from edgekit.recipe.steps import QatOptions, Step

WARM_SAMPLES = 256
"""Train samples that set the ranges before the first epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedQuantization:
    """What the int8 file must reproduce bit for bit.

    `activations`: site -> (float32 scale, zero point); `weights`: layer -> one float32 scale an output channel.
    `float_attributes`: the whole-number attributes of the float network's layers, to rebuild it.
    """

    activations: Mapping[str, tuple[float, int]]
    weights: Mapping[str, tuple[float, ...]]
    float_attributes: dict[str, dict[str, int]]


def apply(model: Model, step: Step, context: Context) -> Model:
    """Fold batch norms, insert fake quantization, fine-tune; ranges stand still after `freeze_ranges_after`."""
    options = step.options
    if not isinstance(options, QatOptions):
        raise CompressError(f"step {step.name} is no qat step")
    if model.trained_quantization is not None:
        raise CompressError(f"step {step.name}: the network was already trained for int8")
    recorder = Recorder(model, step, context)
    float_attributes = attributes(model.network)
    graph = prepare(model.network)
    _set_ranges(graph, context)
    freeze_at = round(options.training.epochs * options.freeze_ranges_after)

    def on_epoch(epoch: int) -> None:
        if epoch == freeze_at:
            for site in fake_quantizers(graph).values():
                site.observing.fill_(False)

    result = fit(graph, options.training, context, title=step.name, on_epoch=on_epoch)
    for site in fake_quantizers(graph).values():
        site.observing.fill_(False)  # the best checkpoint may be of an epoch before the freeze
    after = recorder.finish(graph, epochs=result.epochs_run, best_epoch=result.best_epoch)
    # Folding batch norms and rounding change what the counters see, not what the file holds: keep the float counts.
    record = replace(after.history[-1], parameters_after=model.parameters, macs_after=model.macs)
    after = replace(after, parameters=model.parameters, macs=model.macs, history=(*after.history[:-1], record))
    return with_trained_quantization(after, float_attributes)


def _set_ranges(graph: Any, context: Context) -> None:
    """Let every site see some train samples before anything is rounded by its range."""
    graph.train()
    inputs = [torch.from_numpy(array[:WARM_SAMPLES].copy()) for array in context.data.train.inputs]
    with torch.no_grad():
        graph(*inputs)
    graph.eval()


def with_trained_quantization(model: Model, float_attributes: dict[str, dict[str, int]]) -> Model:
    """The model with the scales and zero points that its fake-quantized network holds now."""
    activations = {}
    for name, site in fake_quantizers(model.network).items():
        scale, zero_point = site.scale_zero_point()
        activations[name] = (float(scale), zero_point)
    weights = {
        name: tuple(float(scale) for scale in weight_scales(module.layer.weight))  # type: ignore[arg-type]
        for name, module in quantized_layers(model.network).items()
    }
    trained = TrainedQuantization(activations=activations, weights=weights, float_attributes=float_attributes)
    return replace(model, trained_quantization=trained)
