"""What a forecast is: each node of the main graph taken, refused by a rule, or unknown."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgekit.delegates.partitions import partition
from edgekit.tflite.structure import ModelFile, operator_macs


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a node is left behind. `rule`: one sentence with the values; `source`: file: function in the runtime.

    `mend`: the change that would help, or "".
    """

    rule: str
    source: str
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Refusal):
    """The file does not say whether the node is taken; `rule` says what it depends on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeForecast:
    """One node. `taken` None: unknown, and `refusal` says why. `partition`: which delegate kernel runs it."""

    index: int
    operator: str
    taken: bool | None
    refusal: Refusal | None = None
    partition: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The main graph's nodes, in the file's order. `partitions`: delegate kernels; None where a node is unknown.

    `macs_share`: of the multiply-accumulates, those in nodes taken; None where the graph has none.
    """

    delegate: str
    runtime: str
    nodes: tuple[NodeForecast, ...]
    partitions: int | None
    macs_share: float | None
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def taken(self) -> int:
        """Nodes that are taken for certain."""
        return sum(node.taken is True for node in self.nodes)

    @property
    def unknown(self) -> int:
        """Nodes that the file alone does not decide."""
        return sum(node.taken is None for node in self.nodes)

    @property
    def share(self) -> float:
        """Nodes taken for certain, of all; 1 for a graph without nodes."""
        return self.taken / self.total if self.nodes else 1.0


def conclude(
    model: ModelFile,
    judged: Sequence[Refusal | None],
    *,
    delegate: str,
    runtime: str,
    notes: Sequence[str] = (),
) -> Coverage:
    """A forecast from one verdict a node of the main graph: None (taken), a Refusal, or Unknown."""
    graph = model.main
    taken = {index for index, refusal in enumerate(judged) if refusal is None}
    certain = not any(isinstance(refusal, Unknown) for refusal in judged)
    kernels = partition(graph, taken) if certain else None
    place = {index: number for number, kernel in enumerate(kernels or ()) for index in kernel}
    macs = [operator_macs(graph, operator) for operator in graph.operators]
    nodes = tuple(
        NodeForecast(
            index=index,
            operator=operator.name,
            taken=None if isinstance(refusal, Unknown) else refusal is None,
            refusal=refusal,
            partition=place.get(index),
        )
        for index, (operator, refusal) in enumerate(zip(graph.operators, judged, strict=True))
    )
    return Coverage(
        delegate=delegate,
        runtime=runtime,
        nodes=nodes,
        partitions=None if kernels is None else len(kernels),
        macs_share=sum(macs[index] for index in taken) / sum(macs) if sum(macs) else None,
        notes=tuple(notes),
    )
