"""A network's layers as a mixed file knows them: an operator with weights, and what computes on its outputs."""

import re
from dataclasses import dataclass

from edgekit.tflite import ModelFile, Operator

HEADS = {
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 1,
    "FULLY_CONNECTED": 1,
    "TRANSPOSE_CONV": 1,
    "CONV_3D": 1,
    "EMBEDDING_LOOKUP": 1,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 2,
    "SVDF": 1,
}
"""Operators that begin a layer, and which of their inputs says what layer: equal weights are one layer (of an unrolled
recurrent network, whose every time step has them)."""
_MODULE = re.compile(r"torch\.nn\.modules\.(?:conv|linear|sparse|rnn)\.(\w+)$")
_NAME = re.compile(r"\w+_\w+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """`operators`: positions in the main graph, in order of execution. `name`: its torch module, else its operator."""

    name: str
    operators: tuple[int, ...]
    parameters: int


def layers(file: ModelFile) -> tuple[Layer, ...]:
    """Every operator of the main graph in exactly one layer, in order of their first operators.

    An operator without weights belongs to the layer of the latest computed of its inputs; one that has only the graph's
    inputs, to the first layer.
    """
    graph = file.main
    made_by: dict[int, int] = {}
    owner: list[int] = []
    of_weights: dict[int, int] = {}
    heads: list[tuple[Operator, int]] = []
    early: list[int] = []
    members: list[list[int]] = []
    for place, operator in enumerate(graph.operators):
        layer = None
        if operator.name in HEADS and (weights := _weights(file, operator)) is not None:
            layer = of_weights.setdefault(graph.tensors[weights].buffer, len(members))
            if layer == len(members):
                members.append([])
                heads.append((operator, weights))
        else:
            latest = max((made_by[index] for index in operator.inputs if index in made_by), default=-1)
            layer = owner[latest] if latest >= 0 else -1
        owner.append(layer)
        (early if layer < 0 else members[layer]).append(place)
        made_by |= dict.fromkeys(operator.outputs, place)
    if not members:
        return (Layer(name="network", operators=tuple(early), parameters=0),) if early else ()
    members[0] = sorted(early + members[0])
    names = _different([_named(file, operator, weights) for operator, weights in heads])
    return tuple(
        Layer(name=name, operators=tuple(places), parameters=graph.tensors[weights].elements)
        for name, places, (_, weights) in zip(names, members, heads, strict=True)
    )


def _weights(file: ModelFile, operator: Operator) -> int | None:
    place = HEADS[operator.name]
    index = operator.inputs[place] if len(operator.inputs) > place else -1
    return index if index >= 0 and file.main.tensors[index].is_constant else None


def _named(file: ModelFile, operator: Operator, weights: int) -> str:
    """`Sequential_feed_forward.Linear_0` out of the names that litert-torch gives the layer's weights and outputs."""
    texts = [file.main.tensors[index].name for index in (weights, *operator.outputs)]
    for text in texts:
        for path in text.split(";"):
            parts = path.split("/")
            found = _MODULE.search(parts[-1])
            if found:
                inner = [part.rpartition(".")[2] for part in parts[1:-1]]
                kept = [part for part in inner if _NAME.fullmatch(part) and not part.endswith("_wrapped")]
                return ".".join([*kept, found[1]])
    return operator.name


def _different(names: list[str]) -> list[str]:
    """Numbers behind those that are alike, or that are only an operator's."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        alike = names.count(name) > 1 or name in HEADS
        result.append(f"{name} {counts[name]}" if alike else name)
    return result
