"""What the rules of the GPU delegate, NNAPI and Core ML share: a node, its tensors and neighbours, checks of it."""

from collections.abc import Sequence
from dataclasses import replace

from edgekit.delegates.coverage import Refusal
from edgekit.delegates.run_time_sizes import Sizes
from edgekit.tflite.structure import ModelFile, Operator, Subgraph, Tensor, integers

DYNAMIC = Refusal(
    rule="a tensor of the graph gets its shape at run time, and the delegate takes graphs of fixed shapes alone",
    source="tensorflow/lite/core/subgraph.cc: ModifyGraphWithDelegate",
    mend="convert with fixed shapes: make every shape a constant of the graph",
)


class Refused(Exception):
    """The rule that refuses a node; `source`: file: function."""

    def __init__(self, rule: str, source: str, mend: str = "") -> None:
        super().__init__(rule)
        self.rule, self.source, self.mend = rule, source, mend

    def refusal(self) -> Refusal:
        """As a forecast has it."""
        return Refusal(rule=self.rule, source=self.source, mend=self.mend)


class Around:
    """A graph's nodes by the tensors they make and read; which constants are float16 behind a DEQUANTIZE."""

    def __init__(self, model: ModelFile, graph: Subgraph) -> None:
        self.model, self.graph = model, graph
        self.producers: dict[int, list[int]] = {}
        self.readers: dict[int, list[int]] = {}
        self.half: dict[int, int] = {}
        """Output of a float16 constant's DEQUANTIZE -> the constant: delegates read that one instead."""
        self.unpacks: set[int] = set()
        """Those DEQUANTIZE nodes."""
        for index, operator in enumerate(graph.operators):
            for tensor in operator.outputs:
                self.producers.setdefault(tensor, []).append(index)
            for tensor in operator.inputs:
                self.readers.setdefault(tensor, []).append(index)
            if operator.name == "DEQUANTIZE" and operator.inputs and operator.inputs[0] >= 0 and operator.outputs:
                given = graph.tensors[operator.inputs[0]]
                if given.dtype == "float16" and given.is_constant:
                    self.half[operator.outputs[0]] = given.index
                    self.unpacks.add(index)

    def nodes(self) -> "list[Node]":
        """All of them, in the file's order."""
        return [Node(self, index) for index in range(len(self.graph.operators))]

    def dynamic(self) -> Refusal | None:
        """Why a graph that has a tensor of unknown size is left whole; None where all sizes are fixed."""
        place = Sizes(self.graph).cause
        if place is None:
            return None
        return replace(DYNAMIC, rule=f"{DYNAMIC.rule}: node {place} ({self.graph.operators[place].name})")


class Node:
    """One operator with its tensors; float16 constants stand where their DEQUANTIZE's output is read."""

    def __init__(self, around: Around, index: int) -> None:
        self.around, self.index = around, index
        self.operator: Operator = around.graph.operators[index]
        tensors = around.graph.tensors
        places = [around.half.get(place, place) for place in self.operator.inputs]
        self.inputs: list[Tensor | None] = [tensors[place] if place >= 0 else None for place in places]
        self.outputs: list[Tensor] = [tensors[place] for place in self.operator.outputs if place >= 0]
        self.source = ""

    # -- what it has
    @property
    def name(self) -> str:
        return self.operator.name

    def input(self, number: int) -> Tensor:
        found = self.inputs[number] if number < len(self.inputs) else None
        if found is None:
            raise Refused(f"input {number} is not given", self.source)
        return found

    def output(self, number: int = 0) -> Tensor:
        if number >= len(self.outputs):
            raise Refused(f"output {number} is not given", self.source)
        return self.outputs[number]

    def has(self, number: int) -> bool:
        return number < len(self.inputs) and self.inputs[number] is not None

    def option(self, name: str) -> int | float | bool | str | tuple[int, ...]:
        return self.operator.options.get(name, 0)

    def number(self, name: str) -> int:
        value = self.option(name)
        return int(value) if isinstance(value, int | float) else 0

    def list_of(self, number: int) -> tuple[int, ...] | None:
        """An integer constant's values; None where it is none."""
        return integers(self.around.model, self.input(number))

    # -- checks
    def need(self, holds: bool, rule: str, mend: str = "", source: str = "") -> None:
        if not holds:
            raise Refused(rule, source or self.source, mend)

    def version(self, most: int, least: int = 1, source: str = "", mend: str = "") -> None:
        wanted = str(most) if least == most else f"up to {most}" if least == 1 else f"{least} to {most}"
        found = self.operator.version
        self.need(
            least <= found <= most, f"{self.name} is of version {found}; the delegate takes {wanted}", mend, source
        )

    def typed(
        self, tensor: Tensor, kinds: Sequence[str], what: str = "the input", mend: str = "", source: str = ""
    ) -> None:
        self.need(
            tensor.dtype in kinds,
            f"{what} is {tensor.dtype}; the delegate takes {listed(kinds)} here",
            mend or mend_type(tensor.dtype, kinds),
            source,
        )

    def constant(self, tensor: Tensor, what: str, source: str = "") -> None:
        self.need(
            tensor.is_constant,
            f"{what} is computed at run time; the delegate takes a constant",
            "make it a constant of the graph",
            source,
        )


def listed(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def shape(tensor: Tensor) -> str:
    """For sentences: `1x8x8x3`."""
    return "x".join(map(str, tensor.shape)) or "a scalar"


def mend_type(found: str, kinds: Sequence[str]) -> str:
    """What would help against a type, in a word."""
    if found == "int64" and "int32" in kinds:
        return "store it as int32"
    if found == "int16":
        return "use int8 activations, or float"
    if found in ("int8", "uint8"):
        return "leave this operator in float"
    if found in ("int64", "int32", "bool"):
        return "compute it in float32, or outside the model"
    return ""


def half_unpacks(around: Around, judged: list[Refusal | None], source: str) -> list[Refusal | None]:
    """FP16GraphPartitionHelper: float16 constants' DEQUANTIZE nodes go along where everything else is taken."""
    rest = [refusal for index, refusal in enumerate(judged) if index not in around.unpacks]
    if all(refusal is None for refusal in rest):
        return [None] * len(judged)
    left = Refusal(
        rule="it unpacks a float16 constant, which goes along only where every other node is taken",
        source=source,
        mend="mend the other nodes",
    )
    return [left if index in around.unpacks else refusal for index, refusal in enumerate(judged)]
