"""How the runtimes cut a graph into delegate kernels: the same grouping as theirs, node by node.

Sources: tflite/graph_info.cc (PartitionGraphIntoIndependentNodeSubsets, greedily), tflite/core/subgraph.cc
(OpMightHaveSideEffect), tflite/delegates/utils.cc (GraphPartitionHelper). The same in TFLite 2.16.1, whose
tensorflow/lite/graph_info.cc differs in spelling alone.
"""

import heapq
from collections.abc import Collection, Sequence

from edgekit.tflite.structure import Operator, Subgraph

_CONTROL_FLOW = ("IF", "WHILE", "CALL_ONCE")
"""Operators that keep their order: those that touch a resource keep it too."""

Kernels = tuple[tuple[int, ...], ...]


def partition(graph: Subgraph, taken: Collection[int]) -> Kernels | None:
    """Nodes of each delegate kernel, in the order in which the kernels run; None where the graph cannot be ordered.

    A group starts with the first node in the file's order whose inputs are ready, and takes every node of the same
    kind (taken or not) that is ready or becomes ready by the group itself.
    """
    wanted = set(taken)
    waiting, follows = _dependencies(graph)
    ready: dict[bool, list[int]] = {True: [], False: []}
    for index in range(len(graph.operators)):
        if waiting[index] == 0:
            ready[index in wanted].append(index)  # ascending: a heap already
    kernels, done, computed = [], 0, set[int]()
    while ready[True] or ready[False]:
        kind = not ready[False] or (bool(ready[True]) and ready[True][0] < ready[False][0])
        group = []
        while ready[kind]:
            index = heapq.heappop(ready[kind])
            group.append(index)
            freed = list(follows.after.get(index, ()))
            for tensor in graph.operators[index].outputs:
                if tensor not in computed:
                    computed.add(tensor)
                    freed += follows.readers.get(tensor, ())
            for reader in freed:
                waiting[reader] -= 1
                if waiting[reader] == 0:
                    heapq.heappush(ready[reader in wanted], reader)
        done += len(group)
        if kind:
            kernels.append(tuple(sorted(group)))
    return tuple(kernels) if done == len(graph.operators) else None


class _Follows:
    """Who waits for what: nodes that read a tensor (once a reading), and nodes that come after a node."""

    def __init__(self) -> None:
        self.readers: dict[int, list[int]] = {}
        self.after: dict[int, list[int]] = {}


def _dependencies(graph: Subgraph) -> tuple[list[int], _Follows]:
    """How many things each node waits for, and who waits."""
    outputs = {tensor for operator in graph.operators for tensor in operator.outputs}
    waiting, follows, last = [0] * len(graph.operators), _Follows(), -1
    for index, operator in enumerate(graph.operators):
        for tensor in operator.inputs:
            if tensor in outputs:
                follows.readers.setdefault(tensor, []).append(index)
                waiting[index] += 1
        if _side_effects(graph, operator):
            if last >= 0:
                follows.after.setdefault(last, []).append(index)
                waiting[index] += 1
            last = index
    return waiting, follows


def _side_effects(graph: Subgraph, operator: Operator) -> bool:
    touched = (*operator.inputs, *operator.outputs)
    return operator.name in _CONTROL_FLOW or any(
        index >= 0 and graph.tensors[index].dtype == "resource" for index in touched
    )


def largest(kernels: Sequence[tuple[int, ...]], most: int, least_nodes: int = 1) -> Kernels:
    """The `most` largest kernels of at least `least_nodes` nodes; between equals the earlier one."""
    by_size = sorted(kernels, key=len, reverse=True)
    return tuple(kernel for kernel in by_size[:most] if len(kernel) >= least_nodes)
