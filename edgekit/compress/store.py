"""A model on disk without pickle: tensors by torch's weights-only format, everything else as JSON.

A pruned network has other shapes than its factory builds. Beside the tensors lie the whole-number attributes of every
layer (channels, groups, features), so that the factory's network is brought to the saved shapes and then filled.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from edgekit.model import Model, StepRecord
from edgekit.runner import codec
from edgekit.workspace import write_by

Attributes = dict[str, dict[str, Any]]
"""Layer -> attribute -> a whole number, or a list of them."""
_ATTRIBUTES = ("in_channels", "out_channels", "groups", "in_features", "out_features", "num_features", "embedding_dim")
_SHAPE = "normalized_shape"
"""Of layer norm: a tuple of whole numbers."""


def save(model: Model, folder: Path) -> None:
    """Write weights.pt, model.json and example-<i>.npy into `folder`."""
    network: nn.Module = model.network
    write_by(folder / "weights.pt", partial(torch.save, network.state_dict()))
    meta = {
        "input_names": list(model.input_names),
        "examples": len(model.example),
        "channels_last": list(model.channels_last),
        "history": codec.encode(model.history),
        "parameters": model.parameters,
        "macs": model.macs,
        "attributes": {} if model.trained_quantization else attributes(network),
        "options": model.options if model.options is None else dict(model.options),
        "float_attributes": model.trained_quantization.float_attributes if model.trained_quantization else None,
    }
    (folder / "model.json").write_text(json.dumps(meta, indent=1))
    for index, array in enumerate(model.example):
        write_by(folder / f"example-{index}.npy", partial(np.save, arr=array))


def load(folder: Path, build: Callable[[dict[str, Any] | None], nn.Module]) -> Model:
    """Read a model back; `build(options)` is its recipe's factory, with the recipe's options for None."""
    meta = json.loads((folder / "model.json").read_text())
    example = tuple(np.load(folder / f"example-{index}.npy", allow_pickle=False) for index in range(meta["examples"]))
    network = build(meta["options"])
    quantized = meta["float_attributes"] is not None
    _set_attributes(network, meta["float_attributes"] if quantized else meta["attributes"])
    if quantized:
        from edgekit.compress.fake_quant import prepare

        network = prepare(network)
    state = torch.load(folder / "weights.pt", map_location="cpu", weights_only=True)
    _fit_shapes(network, state)
    network.load_state_dict(state)
    network.eval()
    model = Model(
        network=network,
        example=example,
        input_names=tuple(meta["input_names"]),
        channels_last=tuple(meta["channels_last"]),
        history=codec.decode(tuple[StepRecord, ...], meta["history"]),
        parameters=meta["parameters"],
        macs=meta["macs"],
        options=meta["options"],
    )
    if not quantized:
        return model
    from edgekit.compress.qat import with_trained_quantization

    return with_trained_quantization(model, meta["float_attributes"])


def attributes(network: nn.Module) -> Attributes:
    """The whole-number attributes of every layer that pruning may change."""
    found: Attributes = {}
    for name, module in network.named_modules():
        own: dict[str, Any] = {
            key: getattr(module, key) for key in _ATTRIBUTES if isinstance(getattr(module, key, None), int)
        }
        if isinstance(module, nn.LayerNorm):
            own[_SHAPE] = list(module.normalized_shape)
        if own:
            found[name] = own
    return found


def _set_attributes(network: nn.Module, saved: Attributes) -> None:
    modules: dict[str, Any] = dict(network.named_modules())
    for name, values in saved.items():
        for key, value in values.items():
            setattr(modules[name], key, tuple(value) if key == _SHAPE else value)


def _fit_shapes(network: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Replace parameters and buffers whose saved shape differs by empty ones of that shape."""
    for name, saved in state.items():
        owner_name, _, leaf = name.rpartition(".")
        owner = network.get_submodule(owner_name)
        if leaf in owner._parameters and owner._parameters[leaf] is not None:
            if owner._parameters[leaf].shape != saved.shape:  # type: ignore[union-attr]
                owner._parameters[leaf] = nn.Parameter(torch.empty_like(saved))
        elif leaf in owner._buffers and owner._buffers[leaf] is not None and owner._buffers[leaf].shape != saved.shape:  # type: ignore[union-attr]
            owner._buffers[leaf] = torch.empty_like(saved)
