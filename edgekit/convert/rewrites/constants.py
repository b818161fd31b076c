"""What can be known before the program runs: fixed sizes, and numbers that depend on no input."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.convert.rewrites.graph import Graph

_LEFT_ALONE = frozenset(
    (
        *("DEQUANTIZE", "DENSIFY", "CUSTOM", "IF", "WHILE", "CALL_ONCE", "CALL", "VAR_HANDLE", "READ_VARIABLE"),
        *("ASSIGN_VARIABLE", "RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL", "HASHTABLE"),
        *("HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "DELEGATE"),
    )
)
"""Delegates take stored weights through DEQUANTIZE and DENSIFY as they are; the others have effects, or luck."""
_MOST_BYTES = 1024
"""A folded constant may be this large, or no larger than what it is made of."""


def fix_sizes(graph: Graph) -> Sequence[str]:
    """Give tensors of unknown batch size the size that the file stores: what it runs with unless it is resized."""
    done = []
    for index, tensor in enumerate(graph.tensors):
        if not graph.is_static(index):
            tensor.shapeSignature = None
            done.append(graph.label(index))
    return done


def fold(graph: Graph) -> Sequence[str]:
    """Store what operators compute from constants alone, and the sizes that SHAPE looks up."""
    assert graph.evaluate is not None
    known: set[int] = set()
    folded = []
    for operator in graph.operators:
        if _is_known(graph, operator, known):
            known |= {int(index) for index in operator.outputs}
            folded.append(operator)
    needed = [operator for operator in folded if _is_needed(graph, operator, folded)]
    if not needed:
        return []
    values = graph.evaluate([int(index) for operator in needed for index in operator.outputs])
    done = []
    for operator in needed:
        made = [int(index) for index in operator.outputs]
        if sum(values[index].nbytes for index in made) > max(_MOST_BYTES, _given_bytes(graph, operator)):
            continue
        for index in made:
            array = np.asarray(values[index]).reshape(graph.shape(index))
            graph.redirect(index, graph.new_constant(array, like=index))
            done.append(graph.label(index))
        graph.remove(operator)
    return done


def _is_known(graph: Graph, operator: Any, known: set[int]) -> bool:
    if graph.name(operator) in _LEFT_ALONE or not len(operator.inputs):
        return False
    if graph.name(operator) == "SHAPE":
        return graph.is_static(int(operator.inputs[0]))
    given = [int(index) for index in operator.inputs if index >= 0]
    return all(index in known or graph.constant(index) is not None for index in given)


def _is_needed(graph: Graph, operator: Any, folded: Sequence[Any]) -> bool:
    """Whether somebody who is not folded himself reads the result, and the graph does not give it out."""
    made = [int(index) for index in operator.outputs]
    readers = [reader for index in made for reader in graph.readers(index)]
    inside = all(any(reader is other for other in folded) for reader in readers)
    return not inside and not any(index in graph.outputs for index in made)


def _given_bytes(graph: Graph, operator: Any) -> int:
    held = [graph.constant(int(index)) for index in operator.inputs]
    return sum(array.nbytes for array in held if array is not None)
