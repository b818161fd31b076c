"""A network becomes a Model: counted, with example inputs, no history yet; and a step's record is kept the same way."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from edgekit.compress import count
from edgekit.compress.context import Context
from edgekit.compress.fit import validation_metric
from edgekit.datasets import Split
from edgekit.errors import CompressError
from edgekit.model import Model, StepRecord
from edgekit.recipe.steps import Step


def first_weights(network: nn.Module, train: Split) -> None:
    """A network may begin with what train says: its own `first_weights(inputs, labels)`, where it has one."""
    begin: Any = getattr(network, "first_weights", None)
    if begin is not None:
        begin(train.inputs, train.labels)


def start(
    network: nn.Module,
    example: Sequence[NDArray[Any]],
    *,
    input_names: tuple[str, ...],
    channels_last: tuple[int, ...] = (),
) -> Model:
    """`example`: one array an input, batch 1, in torch's layout. Raises CompressError when the network refuses it."""
    try:
        macs = count.macs(network, example)
    except (RuntimeError, TypeError, ValueError) as error:
        shapes = ", ".join(str(list(array.shape)) for array in example)
        raise CompressError(
            f"the network does not take the data's inputs {shapes}: {str(error).splitlines()[0]}",
            "check the shapes that the recipe's data source gives, batch first, NCHW for images",
        ) from error
    if len(input_names) != len(example):
        raise CompressError(
            f"the data source names {len(input_names)} inputs ({', '.join(input_names)}) and gives {len(example)}",
            "set input_names in the source: one name an input",
        )
    if any(position >= len(example) for position in channels_last):
        raise CompressError(f"channels_last {list(channels_last)} names an input beyond the network's {len(example)}")
    return Model(
        network=network.eval(),
        example=tuple(example),
        input_names=input_names,
        channels_last=channels_last,
        parameters=count.parameters(network),
        macs=macs,
    )


class Recorder:
    """Made when a step begins; `finish` returns the model with one more record."""

    def __init__(self, before: Model, step: Step, context: Context) -> None:
        self._before, self._step, self._context = before, step, context
        self._started = time.monotonic()
        self._metric_before = validation_metric(before.network, context)

    def finish(self, network: nn.Module, **notes: str | int | float | bool) -> Model:
        """The step's result: `network`, counted and evaluated on the validation split."""
        before = self._before
        network.eval()
        after = replace(
            before,
            network=network,
            parameters=count.parameters(network),
            macs=count.macs(network, before.example),
        )
        record = self._record(after, network, notes)
        return replace(after, history=(*before.history, record))

    def _record(self, after: Model, network: nn.Module, notes: Mapping[str, str | int | float | bool]) -> StepRecord:
        return StepRecord(
            name=self._step.name,
            kind=self._step.kind,
            parameters_before=self._before.parameters,
            parameters_after=after.parameters,
            macs_before=self._before.macs,
            macs_after=after.macs,
            metric_before=self._metric_before,
            metric_after=validation_metric(network, self._context),
            seconds=time.monotonic() - self._started,
            notes=dict(notes),
        )


def copied(network: nn.Module) -> nn.Module:
    """A deep copy: no step changes the model it was given."""
    import copy

    with torch.no_grad():
        return copy.deepcopy(network)
