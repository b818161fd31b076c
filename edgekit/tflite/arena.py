"""The memory that a runtime plans for what a graph computes: one block in which tensors share room over time.

As TFLite's ArenaPlanner lays it out (tensorflow/lite/arena_planner.cc, greedy by size), without a delegate and without
the room that some operators' outputs share with their inputs: an upper bound of the plan, from the file alone. Kernels'
own scratch memory is not in it.
"""

from edgekit.tflite.operators import ELEMENT_BITS
from edgekit.tflite.structure import ModelFile, Subgraph

ALIGNMENT = 64


def arena_bytes(model: ModelFile) -> int:
    """Bytes over all graphs: each of a loop's graphs has a block of its own."""
    return sum(_graph_bytes(graph) for graph in model.subgraphs)


def _graph_bytes(graph: Subgraph) -> int:
    """Largest tensors first, each at the lowest place that is free while it lives."""
    last = len(graph.operators)
    born = dict.fromkeys(graph.inputs, 0)
    dies = dict.fromkeys((*graph.inputs, *graph.outputs), last)
    for place, operator in enumerate(graph.operators):
        for index in operator.outputs:
            born.setdefault(index, place)
            dies.setdefault(index, place)
        for index in operator.inputs:
            if index in born:
                dies[index] = max(dies.get(index, place), place)
    sizes = {index: _bytes(graph, index) for index in born if not graph.tensors[index].is_constant}
    laid: list[tuple[int, int, int]] = []  # (place, tensor, bytes), by place
    for index in sorted(sizes, key=lambda index: (born[index] > 0 or dies[index] < last, -sizes[index], born[index])):
        at = 0
        for other_at, other, other_bytes in laid:
            if born[other] > dies[index] or dies[other] < born[index]:
                continue  # never there together
            if at + sizes[index] <= other_at:
                break
            at = max(at, -(-(other_at + other_bytes) // ALIGNMENT) * ALIGNMENT)
        laid.append((at, index, sizes[index]))
        laid.sort()
    return max((at + size for at, _, size in laid), default=0)


def _bytes(graph: Subgraph, index: int) -> int:
    tensor = graph.tensors[index]
    return -(-tensor.elements * ELEMENT_BITS.get(tensor.dtype, 0) // 8)
