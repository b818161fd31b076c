"""A recurrent network -> a file in a form that is not unrolled, in any of its precisions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.convert import post_training, quantize, recurrent
from edgekit.convert.from_torch import to_marked_tflite
from edgekit.convert.recurrent_cells import Ranges
from edgekit.convert.recurrent_modules import recurrence_of, recurrent_modules
from edgekit.errors import ConvertError
from edgekit.model import Model
from edgekit.recurrence import FORMS, Recurrence


def to_marked(model: Model) -> bytes:
    """The float file with a mark for each recurrent module: what every form and precision begins with."""
    content, recurrences = to_marked_tflite(model)
    recurrent.check_marks(content, len(recurrences))
    return content


def recurrences_in(model: Model) -> tuple[Recurrence, ...]:
    """What the network's recurrent modules compute, with their weights as they are; empty where there are none."""
    return tuple(recurrence_of(module, name) for name, module in recurrent_modules(model.network).items())


def refused_forms(model: Model, marked_file: Callable[[], bytes]) -> dict[str, str]:
    """Form -> why the network is not written in it; those that it is written in are not named."""
    refused: dict[str, str] = {}
    for form in FORMS:
        try:
            recurrent.written(marked_file(), recurrences_in(model), form, "float32")
        except ConvertError as error:
            refused[form] = error.message
    return refused


def to_recurrent(
    model: Model,
    precision: str,
    form: str,
    samples: "Sequence[Sequence[NDArray[Any]]]",
    marked_file: Callable[[], bytes] | None = None,
) -> bytes:
    """`form`: looped or fused; `samples`: one tuple of inputs each, used by int8 only; `marked_file`: gives `to_marked`
    where that is kept. Raises ConvertError for what the form does not compute.
    """
    found = recurrences_in(model)
    recurrent.check(found, form, precision)
    marked = to_marked(model) if marked_file is None else marked_file()
    floats = recurrent.written(marked, found, form, "float32")
    if precision == "float32":
        return floats
    if precision == "fp16":
        return recurrent.written(quantize.to_fp16(marked), found, form, precision)
    if precision == "int8-dynamic":
        return recurrent.written(post_training.to_dynamic_int8(marked, samples, floats), found, form, precision)
    content = post_training.to_static_int8(marked, samples, floats)
    return recurrent.written(content, found, form, precision, _ranges(marked, floats, found, samples))


def _ranges(
    marked: bytes, floats: bytes, recurrences: Sequence[Recurrence], samples: "Sequence[Sequence[NDArray[Any]]]"
) -> list[Ranges]:
    """Of each recurrence, over the inputs that it gets in the float file."""
    from edgekit.runner.engine_litert import Undelegated

    interpreter, taken = Undelegated(floats), recurrent.inputs_of(marked)
    every = sorted({index for indices in taken.values() for index in indices})
    seen = [interpreter.values(sample, every) for sample in samples]
    found = []
    for number, recurrence in enumerate(recurrences):
        inputs = [np.concatenate([values[index] for values in seen]) for index in taken[number]]
        found.append(recurrent.ranges_of(recurrence, *inputs))
    return found
