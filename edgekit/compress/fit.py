"""The one training loop that every step shares: Adam, cosine schedule, early stop, best checkpoint on validation."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from edgekit.compress.context import Context
from edgekit.datasets import Split
from edgekit.errors import CompressError
from edgekit.recipe.steps import TrainOptions

EVALUATION_BATCH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """`best_metric` is that of the checkpoint the network was left with."""

    epochs_run: int
    best_epoch: int
    best_metric: float


def fit(
    network: nn.Module,
    options: TrainOptions,
    context: Context,
    *,
    title: str = "train",
    on_epoch: Callable[[int], None] | None = None,
) -> FitResult:
    """Train `network` in place and leave it in eval mode with the best checkpoint on the validation split.

    `on_epoch(epoch)` is called before each epoch (QAT freezes its ranges there). The same seed gives the same weights
    on the same machine and thread count. Raises CompressError when the loss is no longer a number.
    """
    torch.manual_seed(context.seed)
    shuffle = torch.Generator().manual_seed(context.seed)
    train = context.data.train
    inputs = [torch.from_numpy(np.ascontiguousarray(array)) for array in train.inputs]
    labels = torch.from_numpy(np.ascontiguousarray(train.labels))
    optimizer = torch.optim.Adam(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    best_metric, best_epoch, best_state = math.nan, -1, copy.deepcopy(network.state_dict())
    epoch = last_better = 0
    with context.progress.task(title, options.epochs) as tick:
        for epoch in range(options.epochs):
            if on_epoch is not None:
                on_epoch(epoch)
            loss = _one_epoch(network, inputs, labels, options.batch, optimizer, shuffle, context)
            if not math.isfinite(loss):
                raise CompressError(
                    f"{title}: the loss is {loss} after epoch {epoch + 1}",
                    f"lower the learning rate ({options.learning_rate:g}), or check the data for odd values",
                )
            schedule.step()
            metric = validation_metric(network, context)
            better = best_epoch < 0 or context.metric.better(metric, best_metric)
            if better or metric == best_metric:  # of equal checkpoints the one trained longest
                best_metric, best_epoch, best_state = metric, epoch, copy.deepcopy(network.state_dict())
            last_better = epoch if better else last_better
            tick(1, f"loss {loss:.4f}  {context.metric.name} {metric:.4f}")
            if options.patience and epoch - last_better >= options.patience:
                break
    network.load_state_dict(best_state)
    network.eval()
    return FitResult(epochs_run=epoch + 1, best_epoch=best_epoch, best_metric=best_metric)


def _one_epoch(
    network: nn.Module,
    inputs: list[torch.Tensor],
    labels: torch.Tensor,
    batch: int,
    optimizer: torch.optim.Optimizer,
    shuffle: torch.Generator,
    context: Context,
) -> float:
    network.train()
    order = torch.randperm(len(labels), generator=shuffle)
    total = 0.0
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        if len(rows) == 1 and len(order) > 1:
            continue  # batch norm has no statistics of one sample
        optimizer.zero_grad(set_to_none=True)
        loss = context.loss(as_tuple(network(*(tensor[rows] for tensor in inputs))), labels[rows])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += float(loss.detach()) * len(rows)
    return total / len(order)


def outputs_on(network: nn.Module, split: Split) -> tuple[Any, ...]:
    """numpy outputs of all samples, in eval mode."""
    network.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(split), EVALUATION_BATCH):
            batch = (torch.from_numpy(np.ascontiguousarray(a[start : start + EVALUATION_BATCH])) for a in split.inputs)
            parts.append([tensor.numpy() for tensor in as_tuple(network(*batch))])
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def validation_metric(network: nn.Module, context: Context) -> float:
    """The recipe's metric on the validation split."""
    split = context.data.validation
    return context.metric.value(outputs_on(network, split), split.labels)


def as_tuple(result: Any) -> tuple[Any, ...]:
    """A network may return one tensor or a tuple of them."""
    return result if isinstance(result, tuple) else (result,)
