"""distill: knowledge distillation (Hinton, Vinyals & Dean 2015, arXiv 1503.02531, section 2) through the shared loop.

The teacher's logits on the train samples are given; nothing of the teacher runs here.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from edgekit.compress.context import Context, Lesson, Loss
from edgekit.compress.fit import fit
from edgekit.compress.start import Recorder, copied
from edgekit.datasets import Split
from edgekit.errors import CompressError
from edgekit.model import Model
from edgekit.recipe.steps import DistillOptions, Step

_NO_LABEL = -1.0


def apply(model: Model, step: Step, context: Context) -> Model:
    """Teach the lesson's student, or a copy of the model's network."""
    options, lesson = step.options, context.lesson
    if not isinstance(options, DistillOptions) or lesson is None:
        raise CompressError(f"step {step.name} is no distill step, or nobody teaches it")
    train = context.data.train
    packed = pack(train, lesson.logits, options.labelled)
    taught = replace(
        context,
        data=replace(context.data, train=Split(inputs=train.inputs, labels=packed)),
        loss=loss(context.loss, temperature=options.temperature, weight=options.weight),
    )
    recorder = Recorder(model, step, context)
    network: nn.Module = copied(model.network) if lesson.student is None else lesson.student
    result = fit(network, options.training, taught, title=step.name)
    finished = recorder.finish(network, **_notes(options, lesson, result.epochs_run, result.best_epoch, len(train)))
    return finished if lesson.student is None else replace(finished, options=lesson.options)


def _notes(
    options: DistillOptions, lesson: Lesson, epochs: int, best_epoch: int, samples: int
) -> Mapping[str, str | int | float | bool]:
    return {
        "teacher": lesson.teacher,
        "temperature": options.temperature,
        "weight": options.weight,
        "labelled": options.labelled or samples,
        "epochs": epochs,
        "best_epoch": best_epoch,
    }


def pack(train: Split, logits: Any, labelled: int) -> Any:
    """(N, 1 + classes) float32: the label, or -1 from sample `labelled` on (0: none), then the teacher's logits."""
    labels = train.labels
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise CompressError(
            f"distill learns from class outputs and the labels have shape {list(labels.shape)}, {labels.dtype}",
            "labels of one class id a sample are needed",
        )
    if logits.ndim != 2 or len(logits) != len(labels) or logits.shape[1] < 2:
        raise CompressError(f"the teacher's output has shape {list(logits.shape)}: (samples, classes) is needed")
    if labelled > len(labels):
        raise CompressError(f"labelled = {labelled} is more than the {len(labels)} train samples")
    packed = np.concatenate([labels[:, None].astype(np.float32), logits.astype(np.float32)], axis=1)
    packed[labelled or len(labels) :, 0] = _NO_LABEL
    return packed


def loss(own: Loss, *, temperature: float, weight: float) -> Loss:
    """(1 - weight) x `own` on the labelled rows + weight x T^2 x KL(teacher || student) on all, from packed labels.

    T^2 keeps the two terms' gradients in proportion when T changes (section 2). KL is the mean over the samples.
    """

    def value(outputs: tuple[torch.Tensor, ...], packed: torch.Tensor) -> torch.Tensor:
        soft = functional.log_softmax(outputs[0] / temperature, dim=1)
        wanted = functional.log_softmax(packed[:, 1:] / temperature, dim=1)
        taught = functional.kl_div(soft, wanted, reduction="batchmean", log_target=True) * temperature**2
        rows = packed[:, 0] >= 0
        if weight == 1 or not bool(rows.any()):
            return weight * taught
        labelled = own(tuple(output[rows] for output in outputs), packed[rows, 0].long())
        return (1 - weight) * labelled + weight * taught

    return value
