"""The torch network against its float .tflite file, tensor by tensor.

Both run on the same samples. A tensor of the file corresponds to the node of the exported torch program that has its
values, in whatever layout (the converter moves channels, folds normalizations and fuses activations, so that neither
names nor order do). What no node equals is wrong only where a wrong output is made of it, with nothing right between:
such a tensor is compared with the nearest node of its size that a module in its name computes and that no other tensor
equals; where there is none, it is not compared, and shares the blame with the next one that is.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx, nn

from edgekit.convert.apart import fixed_tensors
from edgekit.convert.explain import examine
from edgekit.convert.explanation import ITSELF, Explanation, module_path, tolerance_of
from edgekit.convert.kept import Kept, Sample
from edgekit.datasets.layout import to_channels_last
from edgekit.errors import ConvertError, ModelFileError
from edgekit.progress import Tick, ignored
from edgekit.runner.quiet import quiet
from edgekit.tflite import ModelFile, read

NEAR = 0.01
"""Error, as a share of the range, within which a tensor is taken for a node's though no wrong output shows it."""
MOST_DIMENSIONS = 5
"""Of more dimensions (those of size 1 aside) only the order in memory is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value of the torch program. `values`: (samples, ...), float64. `module`: path of the module that made it."""

    name: str
    operator: str
    module: str
    values: NDArray[Any]

    @property
    def told(self) -> str:
        """`stem.0 (conv2d)`."""
        return f"{self.module} ({self.operator})"


def explain_torch(
    network: nn.Module,
    content: bytes,
    samples: Sequence[Sample],
    *,
    channels_last: tuple[int, ...],
    title: str = "the file",
    names: Mapping[str, str] | None = None,
    tick: Tick = ignored,
) -> Explanation:
    """Compare `network` (eval mode) with its float file; `samples`: inputs of batch 1 in torch's layout.

    Raises ConvertError where torch does not export the network, ModelFileError where the file does not run.
    """
    if not samples:
        raise ModelFileError("there is no sample to compare the network on")
    file = read(content, title)
    named = names or {}
    nodes, outputs = torch_values(network, samples)
    laid = [to_channels_last(sample, channels_last) for sample in samples]
    tensors = _file_values(content, file, laid, title)
    matched = _matched(file, nodes, outputs, tensors, named)
    guessed = _guessed(file, nodes, outputs, tensors, matched, named)
    pairs = {**matched, **guessed}
    names_of = {
        index: f"{node.told}{'' if index in matched else ', the nearest'}" for index, (node, _) in pairs.items()
    }

    def values() -> Iterator[dict[int, NDArray[Any]]]:
        for place, sample in enumerate(laid):
            held = {index: array[place] for index, (_, array) in pairs.items()}
            yield held | dict(zip(file.main.inputs, sample, strict=True))

    found = examine(
        content,
        file,
        laid,
        values,
        tolerance_of("float32"),
        ("the torch network", title),
        partners=names_of,
        names=named,
        guessed=guessed,
        tick=tick,
    )
    changed = _changed_by_export(network, samples, outputs)
    return replace(found, sentence=f"{changed}; {found.sentence}") if changed else found


def _changed_by_export(network: nn.Module, samples: Sequence[Sample], outputs: list[Node]) -> str:
    """Said where the exported program computes something else than the network: then no operator is to blame."""
    with torch.no_grad():
        results = [
            torch.utils._pytree.tree_leaves(network(*(torch.from_numpy(np.ascontiguousarray(a)) for a in sample)))
            for sample in samples
        ]
    for place, node in enumerate(outputs):
        error = _error(np.stack([leaves[place].numpy() for leaves in results]), node.values)
        if error > tolerance_of("float32").limit:
            return (
                f"torch's exported program, from which the file comes, is {error:.3g} of the range off the network at "
                f"{node.name}: something in the network's Python goes another way while it is exported"
            )
    return ""


def torch_values(network: nn.Module, samples: Sequence[Sample]) -> tuple[list[Node], list[Node]]:
    """Every floating or integer value of the exported, decomposed program in order, and the program's outputs."""
    arguments = [tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in sample) for sample in samples]
    try:
        with quiet():
            program = torch.export.export(network.eval(), arguments[0]).run_decompositions()
            graph = program.module()
    except Exception as error:  # torch.export raises whatever its stack does: this is where it ends
        raise ConvertError(f"torch does not export the network: {' '.join(str(error).split())[:300]}") from error
    if not isinstance(graph, fx.GraphModule):
        raise ConvertError("torch exports the network as no graph")
    recorder = _Recorder(graph)
    results: list[list[NDArray[Any]]] = []
    with torch.no_grad():
        for argument in arguments:
            found = recorder.run(*argument)
            leaves = torch.utils._pytree.tree_leaves(found)
            results.append([leaf.numpy() for leaf in leaves if isinstance(leaf, torch.Tensor)])
    nodes = [_node(node, recorder.found[node]) for node in graph.graph.nodes if node in recorder.found]
    outputs = [
        Node(name=f"output {place}", operator=f"output {place}", module=ITSELF, values=np.stack(arrays))
        for place, arrays in enumerate(zip(*results, strict=True))
    ]
    return nodes, outputs


class _Recorder(fx.Interpreter):
    """Keeps every tensor that a node computes, one a run; weights and other constants are none."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.found: dict[fx.Node, list[NDArray[Any]]] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, torch.Tensor) and n.op in ("placeholder", "call_function") and value.numel():
            self.found.setdefault(n, []).append(value.numpy().copy())
        return value


def _node(node: fx.Node, values: list[NDArray[Any]]) -> Node:
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path = str(stack[-1][0]) if stack else ""
    target = getattr(node.target, "_opname", None) or getattr(node.target, "__name__", str(node.target))
    return Node(name=node.name, operator=str(target), module=path or ITSELF, values=np.stack(values))


def _file_values(content: bytes, file: ModelFile, laid: Sequence[Sample], title: str) -> dict[int, NDArray[Any]]:
    """Tensor -> (samples, ...) of everything that depends on the inputs."""
    fixed = fixed_tensors(file)
    wanted = [index for op in file.main.operators for index in op.outputs if index >= 0 and index not in fixed]
    runs = Kept(content, file, title)
    found = [runs.values(sample, wanted) for sample in laid]
    return {
        index: np.stack([values[index] for values in found])
        for index in wanted
        if len({values[index].shape for values in found}) == 1 and found[0][index].dtype.kind in "fiub"
    }


Pairs = dict[int, tuple[Node, NDArray[Any]]]
"""Tensor -> the node that it corresponds to, and the node's values (samples, ...) in the tensor's layout."""


def _matched(
    file: ModelFile,
    nodes: list[Node],
    outputs: list[Node],
    tensors: Mapping[int, NDArray[Any]],
    names: Mapping[str, str],
) -> Pairs:
    """Tensors that equal a node; of several, one of the module that the tensor is named after, else the first."""
    limit = tolerance_of("float32").limit
    sketches = np.array([_sketch(node.values) for node in nodes]).reshape(len(nodes), 6)
    found: Pairs = {}
    if len(outputs) == len(file.main.outputs):
        for index, node in zip(file.main.outputs, outputs, strict=True):
            layout = _nearest_layout(node, tensors[index]) if index in tensors else None
            if layout is not None and _error(layout, tensors[index]) <= limit:
                found[index] = (node, layout)
    for index, array in tensors.items():
        if index in found:
            continue
        mine = _sketch(array)
        slack = limit * (mine[3] - mine[2] or 1.0)
        alike = np.abs(sketches - mine) <= np.array([0.5, slack, slack, slack, slack, 2 * slack])
        path = _path(file, index, names)
        candidates = [nodes[place] for place in np.flatnonzero(alike.all(axis=1))]
        for group in ([n for n in candidates if n.module in path], [n for n in candidates if n.module not in path]):
            layouts = [(node, layout) for node in group if (layout := _nearest_layout(node, array)) is not None]
            best = min(layouts, key=lambda pair: _error(pair[1], array), default=None)
            if best is not None and _error(best[1], array) <= limit:
                found[index] = best
                break
    return found


def _sketch(array: NDArray[Any]) -> NDArray[Any]:
    """Elements of a sample, mean, least, largest, mean magnitude, standard deviation: the same in every layout."""
    wide = array.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        sketch = np.array([wide[0].size, wide.mean(), wide.min(), wide.max(), np.abs(wide).mean(), wide.std()])
    sound: NDArray[Any] = np.nan_to_num(sketch)
    return sound


def _layouts(node: Node, shape: tuple[int, ...]) -> Iterator[NDArray[Any]]:
    """The node's values as (samples, *shape) of a tensor: as they lie, then under every order of its dimensions."""
    values = node.values
    samples = len(values)
    if math.prod(values.shape[1:]) != math.prod(shape):
        return
    yield values.reshape(samples, *shape)
    full = [size for size in values.shape[1:] if size != 1]
    wanted = [size for size in shape if size != 1]
    if not 1 < len(full) <= MOST_DIMENSIONS or sorted(full) != sorted(wanted):
        return
    squeezed = values.reshape(samples, *full)
    for order in itertools.permutations(range(len(full))):
        if list(order) != sorted(order) and [full[axis] for axis in order] == wanted:
            yield squeezed.transpose(0, *(axis + 1 for axis in order)).reshape(samples, *shape)


def _nearest_layout(node: Node, array: NDArray[Any]) -> NDArray[Any] | None:
    return min(_layouts(node, array.shape[1:]), key=lambda layout: _error(layout, array), default=None)


def _error(want: NDArray[Any], got: NDArray[Any]) -> float:
    """Largest error as a share of the range over all samples; infinite where one is not finite and the other is."""
    wide, narrow = want.astype(np.float64), got.astype(np.float64)
    sound = np.isfinite(wide)
    if not np.array_equal(sound, np.isfinite(narrow)):
        return math.inf
    wide, narrow = wide[sound], narrow[sound]
    return float(np.max(np.abs(wide - narrow)) / (np.ptp(wide) or 1.0)) if wide.size else 0.0


def _guessed(
    file: ModelFile,
    nodes: list[Node],
    outputs: list[Node],
    tensors: Mapping[int, NDArray[Any]],
    matched: Pairs,
    names: Mapping[str, str],
) -> Pairs:
    """Unmatched tensors that a wrong output is made of, each with the node that it should equal.

    Where an output is wrong, other tensors too that nearly equal a node: the damage may shrink below the tolerance on
    its way and grow again.
    """
    makers = {index: operator for operator in file.main.operators for index in operator.outputs}
    wrong: set[int] = set()
    left = [index for index in file.main.outputs if index in tensors and index not in matched]
    while left:
        index = left.pop()
        if index not in wrong:
            wrong.add(index)
            left += [i for i in makers[index].inputs if i in tensors and i not in matched]
    taken = {node.name for node, _ in matched.values()}
    found: Pairs = {}
    possible: list[tuple[float, int, Node, NDArray[Any]]] = []
    for index in (place for place in tensors if wrong and place not in matched):
        if index in file.main.outputs and len(outputs) == len(file.main.outputs):
            node = outputs[file.main.outputs.index(index)]
            if (layout := _nearest_layout(node, tensors[index])) is not None:
                found[index] = (node, layout)
            continue
        path = _path(file, index, names)
        for node in nodes:
            if node.module in path and node.name not in taken:
                layout = _nearest_layout(node, tensors[index])
                error = math.inf if layout is None else _error(layout, tensors[index])
                if layout is not None and (index in wrong or error <= NEAR):
                    possible.append((error, index, node, layout))
    for _, index, node, layout in sorted(possible, key=lambda item: item[0]):  # each node stands for one tensor
        if index not in found and node.name not in taken:
            found[index] = (node, layout)
            taken.add(node.name)
    return found


def _path(file: ModelFile, index: int, names: Mapping[str, str]) -> list[str]:
    """The modules that a tensor is named after."""
    name = file.main.tensors[index].name
    return module_path(names.get(name, name), most=None).split("+")
