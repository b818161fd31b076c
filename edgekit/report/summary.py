"""What came out, in one sentence a target: what paid and by how much, what did not and why.

Every word is computed from a row and the baseline's row on the same target, by the rules of edgekit/verdict.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgekit import units
from edgekit.report import cells
from edgekit.result import Report, Row
from edgekit.verdict import SMALLER, baselines, costs_accuracy, is_smaller

DEVICES = ("android", "linux", "ssh")
"""Kinds of target that are devices of their own: what a report is read for first."""
NAMED = 4
"""Variants that a sentence names of those that paid, and as many of the others; the rest is counted."""
LONGEST = 140
"""Characters of a reason in the sentence; the remarks have all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """`pieces`: (text, whether it is a variant's name), one after the other."""

    target: str
    pieces: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The whole sentence."""
        return "".join(text for text, _ in self.pieces)


def sentences(report: Report) -> tuple[Sentence, ...]:
    """One a target: a measured device's first, then what else was measured, then the rest."""
    bases = baselines(report)
    groups = cells.by_target(report)

    def rank(target: str) -> int:
        measured = any(row.latency_ns for row, _ in groups[target])
        return 2 if not measured else 0 if target.partition(":")[0] in DEVICES else 1

    ordered = sorted(groups, key=rank)
    return tuple(_sentence(target, groups[target], bases.get(target), report) for target in ordered)


def _sentence(target: str, rows: Sequence[tuple[Row, str]], base: Row | None, report: Report) -> Sentence:
    if base is None:
        pieces = [(f"On {target} nothing is compared: it has no row of the baseline", False)]
    elif base.status != "ok":
        pieces = [(f"On {target} nothing is compared: ", False), (base.variant, True)]
        pieces.append((f" is {_status(base)}", False))
    elif len(rows) == 1:
        time = f" takes {units.duration(base.latency_ns.value)} an inference" if base.latency_ns else " ran"
        pieces = [
            (f"On {target} ", False),
            (base.variant, True),
            (f"{time}; there is nothing to compare it with", False),
        ]
    else:
        pieces = [(f"On {target}, compared with ", False), (base.variant, True), (": ", False)]
        pieces += _clauses(rows, base, report)
    return Sentence(target=target, pieces=(*pieces, (".", False)))


def _clauses(rows: Sequence[tuple[Row, str]], base: Row, report: Report) -> list[tuple[str, bool]]:
    paid = [row for row, word in rows if word == "paid"]
    paid.sort(key=lambda row: -(row.comparison.ratio.value if row.comparison else 0))
    said = [([row.variant], f" is {_gain(row, base)}{_at(row)}") for row in paid[:NAMED]]
    others: dict[tuple[str, str], list[str]] = {}  # several that were not judged for one reason are named together
    for row, word in rows:
        if word not in ("paid", "baseline"):
            why = _why_not(row, word, base, report)
            others.setdefault((why, "" if why.startswith(" was ") else row.variant), []).append(row.variant)
    shown = list(others.items())[:NAMED]
    said += [(names, why) for (why, _), names in shown]
    pieces: list[tuple[str, bool]] = []
    for names, words in said:
        pieces += [("; ", False)] if pieces else []
        pieces += _names(names)
        pieces.append((words if len(names) == 1 else words.replace(" was ", " were ", 1), False))
    more_paid = len(paid) - len(paid[:NAMED])
    more_not = sum(map(len, others.values())) - sum(len(names) for _, names in shown)
    if more_paid:
        pieces.append((f"; {more_paid} more paid", False))
    if more_not:
        pieces.append((f"; {more_not} more did not pay or were not judged", False))
    return pieces


def _names(names: Sequence[str]) -> Iterable[tuple[str, bool]]:
    for number, name in enumerate(names[:NAMED]):
        if number:
            yield (" and " if number == len(names) - 1 else ", ", False)
        yield name, True
    if len(names) > NAMED:
        yield (f" and {len(names) - NAMED} more", False)


def _gain(row: Row, base: Row) -> str:
    """`3.0x smaller and 2.0x faster`."""
    size = _size(row, base)
    comparison = row.comparison
    speed = f"{_times(comparison.ratio.value)} faster" if comparison and comparison.finding == "faster" else "as fast"
    return f"{size} and {speed}" if size else speed


def _size(row: Row, base: Row) -> str:
    """In bytes of the file; after zlib where only that is smaller."""
    if not row.size_bytes or not base.size_bytes:
        return ""
    if row.size_bytes <= SMALLER * base.size_bytes:
        return f"{_times(base.size_bytes / row.size_bytes)} smaller"
    if is_smaller(row, base):
        return f"{_times((base.compressed_bytes or 0) / (row.compressed_bytes or 1))} smaller after zlib"
    if row.size_bytes * SMALLER >= base.size_bytes:
        return f"{_times(row.size_bytes / base.size_bytes)} larger"
    return "as large"


def _times(ratio: float) -> str:
    return f"{ratio:.0f}x" if ratio >= 9.95 else f"{ratio:.1f}x" if ratio >= 1.095 else f"{ratio:.2f}x"


def _at(row: Row) -> str:
    """` at -0.1 points of top-1`."""
    accuracy = row.accuracy
    if accuracy is None or accuracy.change is None:
        return ", accuracy not compared"
    where = " (computed on the desktop)" if accuracy.where == "desktop" else ""
    return f" at {cells.change_words(accuracy, interval=False)}{where}"


def _why_not(row: Row, word: str, base: Row, report: Report) -> str:
    """Why the verdict is not `paid`, by the rule that decided it."""
    if row.status != "ok":
        return f" was not judged: {_status(row)}"
    comparison = row.comparison
    if row.accuracy and costs_accuracy(row, report):
        return f" did not pay because it costs accuracy: {cells.change_words(row.accuracy)}"
    if word == "inconclusive" or comparison is None:
        if row.functional:
            return " was not judged: it ran on an emulator, whose times say nothing"
        if comparison is None:
            return " was not judged: it has no launches in the baseline's series"
        return f" was not judged: too few launches ({comparison.blocks}) to tell its speed"
    ratio = comparison.ratio
    interval = "" if ratio.low is None or ratio.high is None else f" [{ratio.low:.2f}, {ratio.high:.2f}]"
    if comparison.finding == "slower":
        return f" did not pay because it is slower: speed-up {ratio.value:.2f}x{interval}"
    return (
        f" did not pay because it is not faster (speed-up {ratio.value:.2f}x{interval}) and {_not_smaller(row, base)}"
    )


def _not_smaller(row: Row, base: Row) -> str:
    if not row.compressed_bytes or not base.compressed_bytes:
        return "its size is not known"
    share = row.compressed_bytes / base.compressed_bytes
    return f"not smaller: {share:.1%} of the baseline after zlib, at most {SMALLER:.0%} counts"


def _status(row: Row) -> str:
    reason = row.reason if len(row.reason) <= LONGEST else f"{row.reason[: LONGEST - 3]}..."
    return f"{row.status} ({reason})" if reason else row.status
