"""A PyTorch network as a file or a function gives it: a factory with its weights, or an exported program (.pt2).

Weights are read with weights_only=True; what else an archive holds is looked at before torch loads it.
"""

import io
import json
import types
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgekit.convert import torchscript
from edgekit.errors import ConvertError, ModelFileError

_PICKLED = (".pt", ".pth", ".pkl")


def read_weights(path: Path) -> Mapping[str, torch.Tensor]:
    """The tensors of a state dict (torch.save), or of a TorchScript archive. Raises ModelFileError."""
    if not path.is_file():
        raise ModelFileError("cannot be read: No such file or directory", "name a file of weights", path=str(path))
    if torchscript.is_torchscript(path):
        return torchscript.state_dict(path)
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever its readers do
        said = " ".join(str(error).split())[:160]
        raise ModelFileError(
            f"no weights that load without running code: {said}",
            "save them with torch.save(network.state_dict(), FILE)",
            path=str(path),
        ) from error
    held = held.get("state_dict", held) if isinstance(held, dict) else held
    if not isinstance(held, dict) or not all(isinstance(value, torch.Tensor) for value in held.values()):
        raise ModelFileError(
            "it holds no state dict", "save it with torch.save(network.state_dict(), FILE)", path=str(path)
        )
    return held


def put_weights(network: nn.Module, weights: Mapping[str, torch.Tensor], path: Path) -> tuple[str, ...]:
    """Load them by name, or by name after one prefix that all share; returns what is to be said. ConvertError."""
    wanted = set(network.state_dict())
    prefix = next((p for p in _prefixes(wanted, weights) if all(p + name in weights for name in wanted)), None)
    if prefix is None:
        missing = sorted(wanted - set(weights))
        raise ConvertError(
            f"{path.name} has no tensor {missing[0]} ({len(missing)} of the network's {len(wanted)} are missing)",
            f"it has, for one, {next(iter(weights), 'none at all')}: the factory must build the network they are of",
        )
    try:
        network.load_state_dict({name: weights[prefix + name] for name in wanted})
    except RuntimeError as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ConvertError(f"{path.name} does not fit the network: {said[-1][:300]}", "check the factory") from error
    unused = len(weights) - len(wanted)
    notes = (f"weights under the prefix {prefix}",) if prefix else ()
    return notes + ((f"{unused} tensors of {path.name} are not the network's",) if unused else ())


def _prefixes(wanted: set[str], weights: Mapping[str, torch.Tensor]) -> list[str]:
    first = min(wanted, default="")
    found = {name.removesuffix(first) for name in weights if name.endswith(first)}
    return sorted((p for p in found if not p or p.endswith((".", "_"))), key=len)


def open_program(path: Path) -> tuple[nn.Module, tuple[tuple[int, ...], ...], tuple[str, ...], tuple[str, ...]]:
    """(network, shapes, dtypes, names of its inputs) of an exported program. ModelFileError, ConvertError."""
    check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.export's notes on its own format
            program = torch.export.load(path)
    except Exception as error:  # its readers raise what they like
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelFileError(
            f"no whole exported program: {said}", "write it with torch.export.save", path=str(path)
        ) from (error)
    _look(program, path)
    values = {node.name: node.meta["val"] for node in program.graph.nodes if "val" in node.meta}
    names = [str(name) for name in program.graph_signature.user_inputs]
    shapes = []
    for name in names:
        sizes = tuple(values[name].shape)
        if not all(isinstance(size, int) for size in sizes):
            said = " x ".join(str(size) for size in sizes)
            raise ConvertError(
                f"input {name} has open sizes ({said}): a .tflite file needs fixed ones",
                "export it with torch.export.export(network, example) without dynamic_shapes",
            )
        shapes.append(sizes)
    dtypes = tuple(str(values[name].dtype).removeprefix("torch.") for name in names)
    network: Any = program.module()
    for name in ("train", "eval"):  # an exported module refuses both; its mode was fixed when it was exported
        setattr(network, name, types.MethodType(getattr(nn.Module, name), network))
    return network, tuple(shapes), dtypes, tuple(names)


def check_archive(path: Path) -> None:
    """ModelFileError where torch.export.load would unpickle freely, or load compiled code."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            pickled = {name for name in names if name.endswith(_PICKLED)}
            for name in names:
                if name.endswith("_config.json"):
                    listed = json.loads(archive.read(name)).get("config", {})
                    folder = name.rpartition("/")[0]
                    pickled |= {f"{folder}/{item['path_name']}" for item in listed.values() if item.get("use_pickle")}
                if name.endswith(".so") or "custom_obj" in name.rpartition("/")[2]:
                    raise ModelFileError(
                        f"it holds {name}: code, which is not loaded", "export it anew without", path=str(path)
                    )
            for name in sorted(pickled):
                torch.load(io.BytesIO(archive.read(name)), map_location="cpu", weights_only=True)
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, AttributeError, EOFError) as error:
        said = getattr(error, "strerror", None) or " ".join(str(error).split())[:160]
        raise ModelFileError(
            f"no whole exported program: {said}", "write it with torch.export.save", path=str(path)
        ) from (error)
    except Exception as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(
            "it holds objects that do not load without running code",
            "export it anew with tensors alone",
            path=str(path),
        ) from error


def _look(program: Any, path: Path) -> None:
    """ConvertError for the first operator without a lowering or a decomposition: before anything is converted."""
    from edgekit.convert.from_torch import without_lowering

    found = without_lowering(program)
    if found:
        raise found


def run_network(
    network: nn.Module, inputs: Sequence[Any], shapes: Sequence[Sequence[int]], one: Callable[..., Any]
) -> list[list[Any]]:
    """Outputs of every sample, numpy, flattened in torch's own order."""
    from torch.utils import _pytree as pytree

    gathered = []
    with torch.inference_mode():
        for index in range(len(inputs[0]) if len(inputs) else 1):
            arguments = [
                torch.from_numpy(one(array, index, shape).copy()) for array, shape in zip(inputs, shapes, strict=True)
            ]
            made = pytree.tree_leaves(network(*arguments))
            gathered.append([value.numpy() for value in made if isinstance(value, torch.Tensor)])
    return gathered
