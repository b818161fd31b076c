"""Where does a file leave its reference? Both graphs run, every tensor is compared, operators are judged in order.

`explain_files`: two .tflite files of one graph (a float file and what was made of it). `examine` is what it shares with
`explain_torch`: the reference's values by tensor of the examined file. Everything runs without a delegate.
"""

import difflib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.convert.apart import Apart, fixed_tensors, take_apart
from edgekit.convert.explanation import (
    Explanation,
    Figures,
    OperatorNote,
    TensorNote,
    Tolerance,
    tolerance_of,
)
from edgekit.convert.kept import Kept, Sample, Tally, as_real, as_tensor, one_line
from edgekit.convert.schema import Unknown
from edgekit.errors import ModelFileError
from edgekit.progress import Tick, ignored
from edgekit.tflite import ModelFile, Operator, read
from edgekit.tflite.structure import branch

CARRIERS = ("QUANTIZE", "DEQUANTIZE")
"""Operators that only change how a value is written."""


def most_different(want: Sequence[NDArray[Any]], got: Sequence[NDArray[Any]], count: int) -> list[int]:
    """Positions of `count` samples, in order: the first quarter of it and those whose outputs differ most."""
    errors = np.zeros(len(want[0]))
    for source, output in zip(want, got, strict=True):
        apart = np.abs(source.astype(np.float64) - output.astype(np.float64)).reshape(len(source), -1).max(axis=1)
        errors = np.maximum(errors, np.where(np.isnan(apart), np.inf, apart))
    first = list(range(min(len(errors), count // 4)))
    rest = [int(place) for place in np.argsort(-errors, kind="stable") if place not in first]
    return sorted(first + rest[: count - len(first)])


def explain_files(
    reference: bytes,
    examined: bytes,
    samples: Sequence[Sample],
    *,
    precision: str,
    titles: tuple[str, str] = ("the reference", "the file"),
    names: Mapping[str, str] | None = None,
    tick: Tick = ignored,
) -> Explanation:
    """Compare two .tflite files of one graph. Raises ModelFileError where inputs differ or a file does not run.

    Operators correspond by their order (QUANTIZE and DEQUANTIZE aside, which only one file may have), and by name and
    shapes of outputs where the files have not the same operators; tensors through them, never by name, as shrunk files
    number theirs. `precision` of `examined` gives the tolerance; `names`: its short tensor names -> the converter's;
    `tick(1, "")` after each sample.
    """
    before, after = read(reference, titles[0]), read(examined, titles[1])
    for file, title in ((before, titles[0]), (after, titles[1])):
        if found := branch(file):
            raise ModelFileError(
                f"{title} has {found}: what runs inside is not compared tensor by tensor", "compare unrolled forms"
            )
    pairs = counterparts(before, after)
    if not samples:
        raise ModelFileError("there is no sample to compare the files on")
    wanted = sorted({index for index in pairs.values() if index not in before.main.inputs})
    source = Kept(reference, before, titles[0])

    def values() -> Iterator[dict[int, NDArray[Any]]]:
        for sample in samples:
            found = source.values(sample, wanted)
            found |= {index: array for index, array in zip(before.main.inputs, sample, strict=True)}
            yield {place: found[index] for place, index in pairs.items()}

    partners = {place: f"tensor {index}" for place, index in pairs.items()} if _differ(pairs) else {}
    return examine(
        examined, after, samples, values, tolerance_of(precision), titles, partners=partners, names=names, tick=tick
    )


def _differ(pairs: Mapping[int, int]) -> bool:
    return any(place != index for place, index in pairs.items())


def counterparts(before: ModelFile, after: ModelFile) -> dict[int, int]:
    """Tensor of `after` -> the tensor of `before` that stands for the same values."""
    shapes = [[graph.tensors[i].shape for i in graph.inputs] for graph in (before.main, after.main)]
    if shapes[0] != shapes[1]:
        told = " and ".join(str([list(shape) for shape in side]) for side in shapes)
        raise ModelFileError(f"the files take other inputs: {told}", "compare two files of one network")
    pairs = dict(zip(after.main.inputs, before.main.inputs, strict=True))

    def join(old: Sequence[int], new: Sequence[int]) -> None:
        for x, y in zip(old, new, strict=False):
            if min(x, y) >= 0 and before.main.tensors[x].elements == after.main.tensors[y].elements:
                pairs.setdefault(y, x)

    for left, right in _aligned(before, after):
        join(left.outputs, right.outputs)
    if len(before.main.outputs) == len(after.main.outputs):
        join(before.main.outputs, after.main.outputs)
    for operator in after.main.operators:
        if operator.name in CARRIERS and operator.inputs[0] in pairs:
            join((pairs[operator.inputs[0]],), operator.outputs)
    return pairs


def _aligned(before: ModelFile, after: ModelFile) -> list[tuple[Operator, Operator]]:
    sides = [[op for op in file.main.operators if op.name not in CARRIERS] for file in (before, after)]
    if [op.name for op in sides[0]] == [op.name for op in sides[1]]:
        return list(zip(*sides, strict=True))

    def keys(file: ModelFile, operators: list[Operator]) -> list[Any]:
        return [(op.name, *(file.main.tensors[i].shape for i in op.outputs if i >= 0)) for op in operators]

    matcher = difflib.SequenceMatcher(a=keys(before, sides[0]), b=keys(after, sides[1]), autojunk=False)
    return [
        (sides[0][block.a + step], sides[1][block.b + step])
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    ]


def examine(
    content: bytes,
    file: ModelFile,
    samples: Sequence[Sample],
    values: Callable[[], Iterator[dict[int, NDArray[Any]]]],
    tolerance: Tolerance,
    titles: tuple[str, str],
    *,
    partners: Mapping[int, str],
    names: Mapping[str, str] | None,
    guessed: Container[int] = (),
    tick: Tick = ignored,
) -> Explanation:
    """`values` gives, for each sample, the reference's real values by tensor of `file`, in the tensor's own layout.

    `guessed`: tensors whose counterpart is not sure; their operators are never called those with the most damage.
    """
    fixed = fixed_tensors(file)
    looked_at = [i for op in file.main.operators for i in op.outputs if i >= 0 and i not in fixed]
    runs = Kept(content, file, titles[1])
    parts: tuple[Apart, Any] | None = None
    said: list[str] = []
    tallies: dict[int, Tally] = {}
    own: dict[int, Tally] = {}
    for place, (sample, want) in enumerate(zip(samples, values(), strict=True)):
        if place == 0:
            try:
                parts = _parts(content, want)
            except (Unknown, ValueError, RuntimeError) as error:
                said.append(f"operators cannot be run one by one: {one_line(error)}")
        got = runs.values(sample, looked_at)
        got |= {i: as_real(as_tensor(a, file.main.tensors[i]), file.main.tensors[i]) for i, a in _inputs(file, sample)}
        _add(tallies, want, got)
        if parts is not None:
            fed = tuple(as_tensor(want[i] if i in want else got[i], file.main.tensors[i]) for i in parts[0].fed)
            try:
                alone = parts[1].values(fed, [i for i in parts[0].made if i in want])
            except (ValueError, RuntimeError) as error:
                parts, own = None, {}
                said.append(f"operators cannot be run one by one: {one_line(error)}")
            else:
                _add(own, want, {i: as_real(array, file.main.tensors[i]) for i, array in alone.items()})
        tick(1, "")
    figures = {index: found for index, tally in tallies.items() if (found := tally.figures()) is not None}
    local = {index: found for index, tally in own.items() if (found := tally.figures()) is not None}
    return _judged(
        file, figures, local, tolerance, titles, len(samples), partners, names or {}, guessed, fixed, tuple(said)
    )


def _inputs(file: ModelFile, sample: Sample) -> Iterator[tuple[int, NDArray[Any]]]:
    return zip(file.main.inputs, sample, strict=True)


def _parts(content: bytes, known: Container[int]) -> tuple[Apart, Any]:
    from edgekit.runner.engine_litert import Undelegated

    apart = take_apart(content, known)
    return apart, Undelegated(apart.content)


def _add(tallies: dict[int, Tally], want: Mapping[int, NDArray[Any]], got: Mapping[int, NDArray[Any]]) -> None:
    for index, array in got.items():
        if index in want and want[index].size == array.size and array.dtype.kind in "fiub":
            tallies.setdefault(index, Tally()).add(want[index], array)


def _judged(
    file: ModelFile,
    figures: Mapping[int, Figures],
    local: Mapping[int, Figures],
    tolerance: Tolerance,
    titles: tuple[str, str],
    samples: int,
    partners: Mapping[int, str],
    names: Mapping[str, str],
    guessed: Container[int],
    fixed: set[int],
    notes: tuple[str, ...],
) -> Explanation:
    def note(index: int) -> TensorNote:
        tensor = file.main.tensors[index]
        return TensorNote(
            index=index,
            name=names.get(tensor.name, tensor.name),
            shape=tensor.shape,
            dtype=tensor.dtype,
            constant=index in fixed,
            partner=partners.get(index, ""),
            figures=figures.get(index),
        )

    def worst(found: list[Figures]) -> Figures | None:
        return max(found, key=tolerance.badness, default=None)

    operators = tuple(
        OperatorNote(
            index=place,
            operator=operator.name,
            inputs=tuple(note(index) for index in operator.inputs if index >= 0),
            outputs=tuple(note(index) for index in operator.outputs if index >= 0),
            local=worst([local[index] for index in operator.outputs if index in local]),
        )
        for place, operator in enumerate(file.main.operators)
    )
    outside: set[int] = set()  # the graph's inputs never are: what rounding them costs counts with who takes them
    first: int | None = None
    for operator in operators:  # what was not compared counts as its inputs do
        spoilt = any(item.index in outside for item in operator.inputs)
        leaving = [item for item in operator.outputs if item.figures is not None and tolerance.left_by(item.figures)]
        outside |= {item.index for item in operator.outputs if item in leaving or (item.figures is None and spoilt)}
        if leaving and not spoilt and first is None:
            first = operator.index
    damaging = [
        op
        for op in operators
        if op.local is not None
        and (op.local.snr_db is not None or op.local.not_finite)
        and not any(item.index in guessed for item in op.outputs)
    ]
    steepest = max(damaging, key=lambda op: tolerance.badness(_own(op)), default=None)
    blamed = first
    if first is not None and (alone := operators[first].local) is not None and not tolerance.left_by(alone):
        before = [op for op in damaging if op.index <= first]
        blamed = max(before, key=lambda op: tolerance.badness(_own(op))).index if before else first
    suspects = () if blamed is None else _together(file, blamed, figures, fixed)
    return Explanation(
        reference=titles[0],
        examined=titles[1],
        tolerance=tolerance,
        samples=samples,
        operators=operators,
        compared=sum(any(item.figures is not None for item in op.outputs) for op in operators),
        first=first,
        steepest=None if steepest is None else steepest.index,
        blamed=blamed,
        suspects=suspects,
        sentence=_sentence(operators, first, steepest, blamed, tolerance) + _unseen(operators, suspects),
        notes=notes,
    )


def _together(file: ModelFile, blamed: int, figures: Mapping[int, Figures], fixed: set[int]) -> tuple[int, ...]:
    """Operators whose outputs nothing was compared with and that the blamed one's values come through."""
    makers = {index: place for place, op in enumerate(file.main.operators) for index in op.outputs}
    found: set[int] = set()
    left = [blamed]
    while left:
        for index in file.main.operators[left.pop()].inputs:
            if index in makers and index not in figures and index not in fixed and makers[index] not in found:
                found.add(makers[index])
                left.append(makers[index])
    return tuple(sorted(found))


def _unseen(operators: tuple[OperatorNote, ...], suspects: tuple[int, ...]) -> str:
    if not suspects:
        return ""
    told = ", ".join(f"{place} {operators[place].operator}" for place in suspects[:6])
    return f"; not told apart from {told}{', ...' if len(suspects) > 6 else ''}, of which the reference has no values"


def _own(operator: OperatorNote) -> Figures:
    assert operator.local is not None
    return operator.local


def _sentence(
    operators: tuple[OperatorNote, ...],
    first: int | None,
    steepest: OperatorNote | None,
    blamed: int | None,
    tolerance: Tolerance,
) -> str:
    def called(operator: OperatorNote) -> str:
        return f"operator {operator.index} {operator.operator} ({operator.label})"

    most = ""
    telling = steepest is not None and (tolerance.measure == "SNR in dB" or tolerance.left_by(_own(steepest)))
    if telling and steepest is not None and steepest.index != blamed:
        most = f"; most damage of its own: {called(steepest)}"
    if first is None:
        return f"no operator leaves the tolerance{most}"
    if blamed == first or blamed is None:
        return f"{called(operators[first])} is the first that leaves the tolerance{most}"
    return (
        f"{called(operators[first])} is the first that leaves the tolerance, but not by itself: errors before it add "
        f"up, most of it from {called(operators[blamed])}{most}"
    )
