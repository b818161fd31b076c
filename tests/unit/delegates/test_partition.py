"""Delegate kernels: known graphs, and random ones against the runtime's own procedure followed sweep by sweep."""

import random

import pytest
from unit.delegates.graphs import graph, operator, tensor

from edgekit.delegates import largest, partition
from edgekit.delegates.run_time_sizes import Sizes


def chain(*names):
    return graph([operator(name, [index], [index + 1]) for index, name in enumerate(names)])


@pytest.mark.parametrize(
    ("taken", "kernels"),
    [
        ([], ()),
        ([0, 1, 2, 3], ((0, 1, 2, 3),)),
        ([0, 1, 3], ((0, 1), (3,))),
        ([1], ((1,),)),
        ([0, 2], ((0,), (2,))),
    ],
)
def test_a_chain_is_cut_where_a_node_is_left(taken, kernels):
    assert partition(chain("ABS", "ABS", "ABS", "ABS"), taken) == kernels


def branches():
    """0 -> a(1) -> left(2) and 0 -> b(3), both into ADD(4)."""
    return graph(
        [
            operator("ABS", [0], [1]),
            operator("POW", [1], [2]),
            operator("NEG", [0], [3]),
            operator("ADD", [2, 3], [4]),
            operator("ABS", [4], [5]),
        ]
    )


def test_what_is_ready_joins_the_kernel_before_it():
    assert partition(branches(), [0, 2, 3, 4]) == ((0, 2), (3, 4))


def test_the_first_node_decides_which_kind_begins():
    early = graph([operator("POW", [0], [1]), operator("ABS", [0], [2]), operator("ADD", [1, 2], [3])])
    assert partition(early, [1, 2]) == ((1, 2),)


def test_nodes_with_side_effects_keep_their_order():
    """Two writes to variables, the second one ready first: it waits for the first."""
    tensors = [tensor(0), tensor(1, "resource", ()), tensor(2, "resource", ()), tensor(3), tensor(4)]
    nodes = [
        operator("ABS", [0], [3]),
        operator("POW", [3, 3], [4]),
        operator("ASSIGN_VARIABLE", [1, 4], []),
        operator("ASSIGN_VARIABLE", [2, 3], []),
    ]
    assert partition(graph(nodes, tensors), [0, 3]) == ((0,), (3,))
    free = [tensor(0), tensor(1), tensor(2), tensor(3), tensor(4)]
    assert partition(graph(nodes, free), [0, 3]) == ((0, 3),)


def test_a_circle_cannot_be_ordered():
    assert partition(graph([operator("ADD", [0, 2], [1]), operator("ABS", [1], [2])]), [0, 1]) is None


def sweeps(found, taken):
    """tflite/graph_info.cc, as it is written: sweeps over all nodes until none can be added, group after group."""
    ready = {index: False for o in found.operators for index in o.outputs}
    done, groups = set(), []
    while True:
        kind, group, grew = None, [], True
        while grew:
            grew = False
            for index, node in enumerate(found.operators):
                if index in done or not all(ready.get(t, True) for t in node.inputs):
                    continue
                kind = (index in taken) if kind is None else kind
                if kind == (index in taken):
                    done.add(index)
                    group.append(index)
                    ready.update(dict.fromkeys(node.outputs, True))
                    grew = True
        if not group:
            return tuple(sorted(g) for k, g in groups if k)
        groups.append((kind, group))


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_against_the_procedure_itself(seed):
    chance = random.Random(seed)
    count = chance.randint(1, 60)
    nodes = [
        operator("ADD", [chance.randint(0, index) for _ in range(chance.randint(1, 3))], [index + 1])
        for index in range(count)
    ]
    if chance.random() < 0.3:  # a file's order need not follow the data
        chance.shuffle(nodes)
    found = graph(nodes)
    taken = {index for index in range(count) if chance.random() < chance.choice((0.2, 0.5, 0.9))}
    assert [list(kernel) for kernel in partition(found, taken) or ()] == [*sweeps(found, taken)]


def test_the_largest_kernels():
    kernels = ((0,), (2, 3, 4), (6, 7), (9, 10))
    assert largest(kernels, 1) == ((2, 3, 4),)
    assert largest(kernels, 2) == ((2, 3, 4), (6, 7))
    assert largest(kernels, 9, least_nodes=2) == ((2, 3, 4), (6, 7), (9, 10))
    assert largest(kernels, 9, least_nodes=4) == ()


def test_a_hundred_thousand_nodes_that_alternate():
    many = graph([operator("ADD", [index], [index + 1]) for index in range(100_000)])
    assert len(partition(many, range(0, 100_000, 2))) == 50_000


def test_sizes_known_at_run_time():
    tensors = [tensor(0), tensor(1, "int32", (2,)), tensor(2), tensor(3, "int32", (4,)), tensor(4)]
    computed = graph([operator("RESHAPE", [0, 1], [2]), operator("ABS", [2], [4])], tensors)
    assert Sizes(computed).cause == 0
    shaped = graph([operator("SHAPE", [0], [3]), operator("RESHAPE", [0, 3], [4])], tensors)
    assert (Sizes(shaped).cause, Sizes(shaped).known) == (None, {3})
