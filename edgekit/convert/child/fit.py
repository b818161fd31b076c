"""Which input and output of the file is which of the source's, and in which layout: by name, by shape, by value."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.convert.child import samples
from edgekit.convert.child.protocol import INPUTS, OUTPUTS, Port, Refused, Request
from edgekit.runner.engine import Tensor, open_engine

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_OUTPUTS = 6
"""Outputs of equal shape without names: so many are told apart by trying every order."""
MOST_AXES = 5


def sample_inputs(request: Request, ports: Sequence[Port]) -> "tuple[NDArray[Any], ...]":
    """The request's samples, one array an input in the source's layout; Refused where they do not fit."""
    import numpy as np

    if not request.samples:
        return samples.random_inputs(
            [port.shape for port in ports], [port.dtype for port in ports], request.count, request.seed
        )
    with np.load(request.samples, allow_pickle=False) as held:
        arrays = [held[name] for name in held.files]
    if len(arrays) != len(ports):
        raise Refused(f"the model takes {len(ports)} inputs, the samples hold {len(arrays)} arrays")
    for port, array in zip(ports, arrays, strict=True):
        if array.shape != samples.count_shape(port.shape, len(array)):
            raise Refused(
                f"input {port.name} takes {list(port.shape)}, the samples have shape {list(array.shape)}",
                "give samples in the model's own layout, along the first axis",
            )
    return tuple(array.astype(port.dtype, copy=False) for port, array in zip(ports, arrays, strict=True))


def fit(
    path: Path,
    inputs: Sequence[Port],
    outputs: Sequence[str],
    arrays: "Sequence[NDArray[Any]]",
    wanted: "Sequence[NDArray[Any]]",
) -> "tuple[tuple[Port, ...], tuple[Port, ...], list[int], list[int], float]":
    """The file's ports, the source's input and output at each of them, and the largest error over the first sample.

    `arrays`, `wanted`: the source's inputs and outputs. Refused where the file's shapes fit none of the source's.
    """
    import numpy as np

    engine = open_engine("tensorflow", path, delegate="cpu", threads=1)
    order = _by_name([port.name for port in inputs], engine.inputs, [port.shape for port in inputs], "input")
    ins = tuple(
        Port(name=t.name, shape=t.shape, dtype=t.dtype, axes=_axes(inputs[k].shape, t.shape, f"input {t.name}"))
        for k, t in zip(order, engine.inputs, strict=True)
    )
    engine.copy_in(
        tuple(
            np.ascontiguousarray(laid(samples.one(arrays[k], 0, inputs[k].shape), port.axes)).astype(port.dtype)
            for k, port in zip(order, ins, strict=True)
        )
    )
    engine.invoke()
    got = engine.read_out()
    shapes = [tuple(array.shape) for array in wanted]
    found, error = _outputs(outputs, shapes, [array[:] for array in wanted], engine.outputs, got)
    outs = tuple(
        Port(name=t.name, shape=t.shape, dtype=t.dtype, axes=_best(wanted[k], array)[0])
        for k, t, array in zip(found, engine.outputs, got, strict=True)
    )
    return ins, outs, order, found, error


def laid(array: "NDArray[Any]", axes: Sequence[int]) -> "NDArray[Any]":
    """`array` with its axes in the file's order."""
    return array.transpose(axes) if axes else array


def write(
    folder: Path,
    inputs: "Sequence[NDArray[Any]]",
    outputs: "Sequence[Sequence[NDArray[Any]]]",
    ins: Sequence[Port],
    outs: Sequence[Port],
    order: Sequence[int],
    found: Sequence[int],
) -> tuple[str, ...]:
    """INPUTS and OUTPUTS (one list a sample) in the file's order and layout; returns what is to be said of layouts."""
    import numpy as np

    into = [samples.relaid(inputs[source], ins[k].axes, ins[k].shape) for k, source in enumerate(order)]
    out = samples.together([[laid(made[source], outs[k].axes) for k, source in enumerate(found)] for made in outputs])
    np.savez(folder / INPUTS, **{f"arr_{k}": array for k, array in enumerate(into)})  # type: ignore[arg-type]
    np.savez(folder / OUTPUTS, **{f"arr_{k}": array for k, array in enumerate(out)})  # type: ignore[arg-type]
    return tuple(
        f"{what} {port.name} has the source's axes in the order {list(port.axes)}: {list(port.shape)}"
        for what, ports in (("input", ins), ("output", outs))
        for port in ports
        if port.axes
    )


def _axes(source: Sequence[int], file: Sequence[int], what: str) -> tuple[int, ...]:
    """The permutation between two shapes: none, channels last, or channels first."""
    source, file = tuple(source), tuple(file)
    if source == file or (not source and file == (1,)):
        return ()
    for axes in _layouts(len(source)):
        if tuple(source[axis] for axis in axes) == file:
            return axes
    raise Refused(f"{what} has shape {list(file)} in the file, the source {list(source)}")


def _layouts(rank: int) -> list[tuple[int, ...]]:
    """Channels last, channels first, then every other: onnx2tf moves axes as it likes."""
    if rank < 2 or rank > MOST_AXES:
        return []
    usual = [(0, *range(2, rank), 1), (0, rank - 1, *range(1, rank - 1))]
    return usual + [axes for axes in permutations(range(rank)) if axes not in usual and axes != tuple(range(rank))]


def _by_name(names: Sequence[str], tensors: Sequence[Tensor], shapes: Sequence[Sequence[int]], what: str) -> list[int]:
    """Position in the source of every tensor of the file."""
    if len(names) != len(tensors):
        raise Refused(f"the file has {len(tensors)} {what}s, the source {len(names)}: {', '.join(names)}")
    plain = {_plain(name): place for place, name in enumerate(names)}
    places = [plain.get(_plain(tensor.name), -1) for tensor in tensors]
    if sorted(places) == list(range(len(names))):
        return places
    left = list(range(len(names)))
    for k, tensor in enumerate(tensors):  # in order, each with the first that has its elements
        fits = [place for place in left if sorted(shapes[place]) == sorted(tensor.shape)] or left
        places[k] = fits[0]
        left.remove(fits[0])
    return places


def _plain(name: str) -> str:
    name = name.removeprefix("serving_default_").removesuffix(":0")
    return "".join(letter if letter.isalnum() else "_" for letter in name).strip("_")


def _outputs(
    names: Sequence[str],
    shapes: Sequence[tuple[int, ...]],
    wanted: "Sequence[NDArray[Any]]",
    tensors: Sequence[Tensor],
    got: "Sequence[NDArray[Any]]",
) -> tuple[list[int], float]:
    places = _by_name(names, tensors, shapes, "output")
    named = sorted(_plain(name) for name in names) == sorted(_plain(tensor.name) for tensor in tensors)
    orders: list[list[int]] = [places]
    if not named and len(names) <= MOST_OUTPUTS:
        orders += [list(order) for order in permutations(range(len(names)))]
    scored = [
        (max(_best(wanted[k], array)[1] for k, array in zip(o, got, strict=True)), n) for n, o in enumerate(orders)
    ]
    error, best = min(scored)
    if error == float("inf"):
        had, has = [list(array.shape) for array in wanted], [list(array.shape) for array in got]
        raise Refused(f"the file's outputs have shapes {has}, the source's {had}")
    return orders[best], error


def _best(want: "NDArray[Any]", got: "NDArray[Any]") -> tuple[tuple[int, ...], float]:
    """The layout in which `got` is nearest, and its largest error as a share of the range; infinity: no shape fits."""
    import numpy as np

    found: tuple[tuple[int, ...], float] = ((), float("inf"))
    for axes in [(), *_layouts(want.ndim)]:
        turned = laid(want, axes)
        if turned.shape == got.shape or (turned.size == got.size == 1):
            wide = turned.astype(np.float64).reshape(got.shape)
            spread = float(np.ptp(wide)) or 1.0
            error = float(np.max(np.abs(wide - got), initial=0.0)) / spread
            if error < found[1] or (not np.isfinite(error) and found[1] == float("inf")):
                found = (axes, min(error, 1e300) if np.isfinite(error) else 1e300)
    return found
