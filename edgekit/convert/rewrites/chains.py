"""A chain of RESHAPEs and TRANSPOSEs as the one TRANSPOSE that it comes to."""

from collections.abc import Sequence
from typing import Any

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import order_of, per_tensor, reshape, static, transpose
from edgekit.convert.rewrites.ranks import merged_axes

_MOST_AXES = 4
_MOVES = ("RESHAPE", "TRANSPOSE")


def merge(graph: Graph) -> Sequence[str]:
    """RESHAPE, TRANSPOSE and RESHAPE in place of a longer chain, or of one with more than four axes.

    A channel shuffle of an image is five operators in litert-torch's files: to NCHW, split, turn, join, back to NHWC.
    """
    done = []
    for operator in graph.named(*_MOVES):
        made = int(operator.outputs[0])
        reader = graph.only_reader(made)
        if reader is not None and graph.name(reader) in _MOVES and int(reader.inputs[0]) == made:
            continue  # in the middle of a chain
        chain = _chain(graph, operator)
        given = int(chain[0].inputs[0])
        found = _composed(graph, chain)
        if found is None or not per_tensor(graph, given) or not graph.same_numbers(given, made):
            continue
        sizes, order = found
        needed = _needed(graph.shape(given), sizes, order, graph.shape(made))
        ranks = [len(graph.shape(int(held.outputs[0]))) for held in chain[:-1]]
        mended = max(ranks, default=0) > _MOST_AXES >= len(sizes)
        if len(sizes) > _MOST_AXES or not 0 < needed < len(chain) + mended:
            continue  # 0: an identity, which another rewrite drops
        _put(graph, given, made, sizes, order, before=operator)
        for held in reversed(chain):
            graph.remove(held)
        done.append(graph.label(made))
    return done


def _needed(shape: Sequence[int], sizes: Sequence[int], order: Sequence[int], made: Sequence[int]) -> int:
    """Operators that `_put` writes."""
    if tuple(order) == tuple(sorted(order)):
        return int(tuple(shape) != tuple(made))
    moved = tuple(sizes[axis] for axis in order)
    return 1 + (tuple(sizes) != tuple(shape)) + (moved != tuple(made))


def _chain(graph: Graph, last: Any) -> list[Any]:
    """Operators up to the last, each read by the next alone."""
    chain = [last]
    while True:
        given = int(chain[0].inputs[0])
        maker = graph.maker(given)
        if maker is None or graph.name(maker) not in _MOVES or graph.only_reader(given) is not chain[0]:
            return chain
        chain.insert(0, maker)


def _composed(graph: Graph, chain: Sequence[Any]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Sizes of the input with as many axes as are moved, and their order behind the chain; None: it is no TRANSPOSE."""
    shape = graph.shape(int(chain[0].inputs[0]))
    atoms = dict(enumerate(shape))  # a name -> a size, in the order of the input
    axes = [[axis] for axis in range(len(shape))]  # the atoms of each axis
    for operator in chain:
        if not static(graph, operator):
            return None
        if graph.name(operator) == "TRANSPOSE":
            order = order_of(graph, operator)
            if order is None:
                return None
            axes = [axes[axis] for axis in order]
            continue
        regrouped = _regrouped([atom for axis in axes for atom in axis], graph.shape(int(operator.outputs[0])), atoms)
        if regrouped is None:
            return None
        axes = regrouped
    names = list(atoms)
    order = tuple(names.index(atom) for axis in axes for atom in axis)
    return merged_axes([atoms[name] for name in names], order)


def _regrouped(flat: list[int], shape: Sequence[int], atoms: dict[int, int]) -> list[list[int]] | None:
    """The atoms in groups as large as the axes of `shape`, atoms split where that needs it (in `atoms` too)."""
    rest, axes = list(flat), []
    for size in shape:
        group, held = [], 1
        while held != size:
            if not rest or not size:
                return None
            atom = rest.pop(0)
            wanted = size // held
            if size % held or (atoms[atom] > wanted and atoms[atom] % wanted):
                return None
            if atoms[atom] > wanted:
                rest.insert(0, _split(atom, wanted, atoms))
            group.append(atom)
            held *= atoms[atom]
        axes.append(group)
    if any(atoms[atom] != 1 for atom in rest):
        return None
    if axes:
        axes[-1].extend(rest)
    return axes


def _split(atom: int, first: int, atoms: dict[int, int]) -> int:
    """Make two atoms of one, the second right behind it; returns its name."""
    fresh, second = max(atoms) + 1, atoms[atom] // first
    held = list(atoms.items())
    atoms.clear()
    for name, size in held:
        atoms[name] = first if name == atom else size
        if name == atom:
            atoms[fresh] = second
    return fresh


def _put(graph: Graph, given: int, made: int, sizes: Sequence[int], order: Sequence[int], *, before: Any) -> None:
    shape, moves = graph.shape(made), tuple(order) != tuple(sorted(order))
    if not moves:
        reshape(graph, given, shape, before=before, made=made)
        return
    source = given if tuple(sizes) == graph.shape(given) else reshape(graph, given, sizes, before=before)
    if tuple(sizes[axis] for axis in order) == shape:
        transpose(graph, source, order, before=before, made=made)
    else:
        reshape(graph, transpose(graph, source, order, before=before), shape, before=before, made=made)
