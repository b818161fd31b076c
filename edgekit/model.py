"""A network in memory, its example inputs, and the history of the steps that were applied to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import edgekit.runner.codec as codec


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What one step did: counts before and after, the validation metric before and after, and its cost."""

    name: str
    kind: str
    parameters_before: int
    parameters_after: int
    macs_before: int
    """Multiply-accumulates of one sample (convolutions and matrix products)."""
    macs_after: int
    metric_before: float | None
    metric_after: float | None
    seconds: float
    notes: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """`network` is a torch.nn.Module in eval mode on the CPU (typed Any: this module does not import torch).

    `example` holds one array per input, batch 1, in torch's own layout (NCHW for images), numpy.
    `ranges`: for a model that ends in qat, what the conversion must reproduce (see compress.qat.Trained), else None.
    """

    network: Any
    example: tuple[Any, ...]
    input_names: tuple[str, ...]
    channels_last: tuple[int, ...] = ()
    history: tuple[StepRecord, ...] = ()
    parameters: int
    macs: int
    trained_quantization: Any = None
    options: Mapping[str, Any] | None = None
    """The factory's options that this network was built with; None: the recipe's own."""


def history_json(model: Model) -> Any:
    """The history as JSON data, for an artifact's side-car."""
    return codec.encode(model.history)
