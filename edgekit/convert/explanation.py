"""What a comparison of two graphs found, tensor by tensor, as frozen data and as text. docs/parity.md"""

import itertools
import math
import re
from dataclasses import dataclass
from typing import Literal

from edgekit import units
from edgekit.convert.parity import FLOAT32_ERROR, FP16_COSINE, PTQ_COSINE

Measure = Literal["max error / range", "SNR in dB"]
ITSELF = "the network itself"
"""Stands for the module path of what no part of the network computes."""
NO_ERROR_DB = 999.0
"""Stands for `not a bit of error` where signal to noise ratios are put in order."""
_NEIGHBOURS = 1
"""Operators before and after in order of execution that are printed beside producers and consumers."""
_MODULE = re.compile(r"[^/;]*\.[A-Za-z0-9]+_([^/;]+)|[^/;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How far a tensor's values are from the reference's, over all samples and elements.

    Both errors are shares of the reference's range (largest minus smallest value; 1 where it is constant). `snr_db`:
    the reference's variance over the mean square error; None: not a bit of error. `not_finite`: elements that are NaN
    or infinite where the reference's are not, or the other way round; they are in no other figure.
    """

    max_error_of_range: float
    rmse_of_range: float
    snr_db: float | None
    not_finite: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What one tensor may differ: at most `limit` of the range, or at least `limit` dB."""

    measure: Measure
    limit: float

    def left_by(self, figures: Figures) -> bool:
        """Whether these figures are outside."""
        if figures.not_finite:
            return True
        if self.measure == "max error / range":
            return not figures.max_error_of_range <= self.limit
        return snr_of(figures) < self.limit

    def badness(self, figures: Figures) -> tuple[int, float]:
        """Puts figures in order, the worst last."""
        by_error = self.measure == "max error / range"
        return figures.not_finite, figures.max_error_of_range if by_error else -snr_of(figures)

    def words(self) -> str:
        """`max error / range at most 0.0001`."""
        return f"{self.measure} {'at most' if self.measure == 'max error / range' else 'at least'} {self.limit:.4g}"


def snr_of(figures: Figures) -> float:
    """In dB; NO_ERROR_DB where there is no error."""
    return NO_ERROR_DB if figures.snr_db is None else figures.snr_db


def snr_at_cosine(cosine: float) -> float:
    """dB of a noise that is orthogonal to the signal and leaves this cosine between the two."""
    return -10 * math.log10(1 / cosine**2 - 1)


def tolerance_of(precision: str) -> Tolerance:
    """Of one tensor: parity's limit for float32; elsewhere parity's cosine, as signal to noise ratio."""
    if precision == "float32":
        return Tolerance(measure="max error / range", limit=FLOAT32_ERROR)
    return Tolerance(measure="SNR in dB", limit=snr_at_cosine(FP16_COSINE if precision == "fp16" else PTQ_COSINE))


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorNote:
    """One input or output of an operator. `partner`: what it was compared with; `figures` None: with nothing."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    constant: bool
    partner: str = ""
    figures: Figures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorNote:
    """One operator of the examined file's main graph.

    `local`: figures of its worst output where its inputs were the reference's own values (rounded to its inputs' scales
    where it is quantized): its own damage, nothing of what came before (what computed an input that the reference does
    not have ran with it). None: not computed.
    """

    index: int
    operator: str
    inputs: tuple[TensorNote, ...]
    outputs: tuple[TensorNote, ...]
    local: Figures | None = None

    @property
    def label(self) -> str:
        """Where in the network: module paths, or the output's name."""
        return module_path(self.outputs[0].name) if self.outputs else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Both graphs, tensor by tensor. Numbers of operators count from 0 in order of execution.

    `first`: the first operator whose inputs are within the tolerance and an output is not. `steepest`: the one with the
    most damage of its own. `blamed`: the one to look at: `first` where its own damage leaves the tolerance or is not
    known; else, as errors add up, the one with the most damage of its own up to there. None: no operator leaves it.
    """

    reference: str
    examined: str
    tolerance: Tolerance
    samples: int
    operators: tuple[OperatorNote, ...]
    compared: int
    first: int | None
    steepest: int | None
    blamed: int | None
    suspects: tuple[int, ...] = ()
    """Operators just before `blamed` that share its figures: the reference has no values to compare theirs with."""
    sentence: str
    notes: tuple[str, ...] = ()


def module_path(name: str, *, most: int | None = 3) -> str:
    """`...Sequential_stem/torch.nn.modules.conv.Conv2d_0;1` -> `stem.0`; joined by `+`; other names shortened."""
    if "/" not in name:
        return units.printable(name if len(name) <= 40 else f"...{name[-37:]}")
    paths: list[str] = []
    for part in reversed([piece for piece in name.split(";") if "/" in piece]):
        steps = [match.group(1) or match.group(0) for match in _MODULE.finditer(part)]
        inner = [step for step in steps[1:] if step != "wrapped"]
        path = ".".join(inner) or ITSELF
        if path not in paths:
            paths.append(path)
    return units.printable("+".join(paths[:most]))


def text(found: Explanation, *, every: bool = False) -> str:
    """The sentence, then the blamed operator and its neighbours (all operators where `every`)."""
    of_inputs = sum(any(not note.constant for note in operator.outputs) for operator in found.operators)
    lines = [
        f"{found.examined} against {found.reference}: {found.sentence}",
        f"  {found.compared} of {of_inputs} operators compared on {found.samples} samples; "
        f"tolerance: {found.tolerance.words()}",
        *(f"  {note}" for note in found.notes),
    ]
    shown = range(len(found.operators)) if every else _neighbourhood(found)
    for before, after in itertools.pairwise([*shown, None]):
        assert before is not None
        lines += _operator_lines(found, found.operators[before])
        if after is not None and after > before + 1:
            lines.append("     ...")
    return "\n".join(units.printable(line) for line in lines)


def _neighbourhood(found: Explanation) -> list[int]:
    """The operators that are named, those around them, the makers of their inputs and the takers of their outputs."""
    if found.blamed is None:
        return []
    shown: set[int] = set()
    for centre in {found.blamed, found.blamed if found.first is None else found.first}:
        shown |= set(range(max(0, centre - _NEIGHBOURS), min(len(found.operators), centre + _NEIGHBOURS + 1)))
        inputs = {note.index for note in found.operators[centre].inputs}
        outputs = {note.index for note in found.operators[centre].outputs}
        for operator in found.operators:
            made, taken = {note.index for note in operator.outputs}, {note.index for note in operator.inputs}
            if made & inputs or taken & outputs:
                shown.add(operator.index)
    return sorted(shown)


def _operator_lines(found: Explanation, operator: OperatorNote) -> list[str]:
    mark = ">" if operator.index == found.blamed else ("!" if operator.index == found.first else " ")
    own = f"  by itself: {_figures(found, operator.local)}" if operator.local is not None else ""
    lines = [f"{mark} {operator.index:>4}  {operator.operator}  {operator.label}{own}"]
    for side, notes in (("in", operator.inputs), ("out", operator.outputs)):
        for note in notes:
            shape = "x".join(str(size) for size in note.shape) or "scalar"
            told = "constant" if note.constant else _figures(found, note.figures)
            partner = f"  = {note.partner}" if note.partner else ""
            lines.append(f"          {side:<3} {note.index:>4}  {note.dtype} {shape}  {told}{partner}")
    return lines


def _figures(found: Explanation, figures: Figures | None) -> str:
    if figures is None:
        return "not compared"
    outside = "  OUTSIDE" if found.tolerance.left_by(figures) else ""
    if figures.not_finite:
        return f"{figures.not_finite} values are NaN or infinite{outside}"
    if figures.snr_db is None:
        return "equal"
    return f"max error {figures.max_error_of_range:.3g} of range, SNR {figures.snr_db:.1f} dB{outside}"
