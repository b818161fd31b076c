"""A torch network in memory, however it came -> FloatFile, its outputs beside it."""

import hashlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgekit.compress.start import start
from edgekit.convert import from_program, inputs
from edgekit.convert.child.samples import is_image, one, random_inputs, together
from edgekit.convert.from_torch import to_tflite, without_lowering
from edgekit.convert.roads import FloatFile
from edgekit.datasets.layout import to_channels_last
from edgekit.errors import CompressError, ConvertError
from edgekit.workspace import version_of

HINT = "check --shape: batch first, one an input, in order"
TOOLS = ("torch", "litert-torch", "ai-edge-litert", "numpy")


def to_float(
    network: nn.Module,
    shapes: Sequence[tuple[int, ...]],
    dtypes: Sequence[str],
    names: Sequence[str],
    *,
    samples: "Sequence[NDArray[Any]] | None",
    count: int,
    seed: int,
    images: str,
    notes: tuple[str, ...] = (),
) -> FloatFile:
    """Image inputs become (N, H, W, C) where `images` is `auto`. ConvertError names operator, node and module."""
    if samples is None:
        arrays = random_inputs(shapes, dtypes, count, seed)
    else:
        arrays = inputs.fitted(samples, shapes, dtypes, names)
    example = tuple(one(array, 0, shape) for array, shape in zip(arrays, shapes, strict=True))
    channels_last = tuple(place for place, shape in enumerate(shapes) if images == "auto" and is_image(shape))
    started = time.perf_counter()
    try:
        model = start(network, example, input_names=tuple(names), channels_last=channels_last)
    except CompressError as error:
        raise ConvertError(error.message, HINT) from error
    except Exception as error:  # a network raises what it does
        said = " ".join(str(error).split())[:200]
        raise ConvertError(f"the network does not take {list(shapes)}: {type(error).__name__}: {said}", HINT) from error
    looked = time.perf_counter()
    try:
        content = to_tflite(network, model)
    except ConvertError as error:
        raise _placed(network, example, error) or error from error
    converted = time.perf_counter()
    outputs = from_program.run_network(network, arrays, shapes, one)
    seconds = {
        "look": looked - started,
        "convert": converted - looked,
        "run source": time.perf_counter() - converted,
    }
    axes = tuple((0, *range(2, len(s)), 1) if p in channels_last else () for p, s in enumerate(shapes))
    return FloatFile(
        content=content,
        inputs=to_channels_last(arrays, channels_last),
        outputs=together(outputs),
        input_names=tuple(names),
        input_axes=axes,
        tools={name: version_of(name) for name in TOOLS},
        seconds=seconds,
        notes=notes,
        parameters=model.parameters,
        macs=model.macs,
    )


def _placed(network: nn.Module, example: Sequence[NDArray[Any]], error: ConvertError) -> ConvertError | None:
    """The same refusal with the node and the module that it is of, where the exported program shows it."""
    if not error.ops:
        return None
    try:
        program = torch.export.export(network, tuple(torch.from_numpy(np.array(array)) for array in example))
    except Exception:  # the first error says more
        return None
    return without_lowering(program)


def weights_sha256(network: nn.Module) -> str:
    """Over names and values, in the network's own order."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
