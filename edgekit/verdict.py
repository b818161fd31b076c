"""Did a technique pay? One word from a row and its comparison with the baseline. docs/report.md"""

from typing import Literal

from edgekit.result import Report, Row

Verdict = Literal["baseline", "paid", "did not pay", "costs accuracy", "inconclusive"]

SMALLER = 0.95
"""A compressed file at most this share of the baseline's counts as smaller."""


def baselines(report: Report) -> dict[str, Row]:
    """Target -> its row of the baseline."""
    found: dict[str, Row] = {}
    for row in report.rows:
        if row.variant == report.baseline:
            found.setdefault(row.target, row)
    return found


def verdicts(report: Report) -> tuple[Verdict, ...]:
    """One for each of the report's rows."""
    bases = baselines(report)
    return tuple(verdict(row, bases.get(row.target), report) for row in report.rows)


def verdict(row: Row, base: Row | None, report: Report) -> Verdict:
    """Against the baseline on the same target: accuracy first, then latency, then the compressed size."""
    if row.variant == report.baseline:
        return "baseline"
    if row.status != "ok" or base is None or base.status != "ok":
        return "inconclusive"
    if costs_accuracy(row, report):
        return "costs accuracy"
    finding = row.comparison.finding if row.comparison else "too few launches"
    if finding == "faster" or (is_smaller(row, base) and finding == "no difference shown"):
        return "paid"
    if finding == "too few launches":
        return "inconclusive"
    return "did not pay"


def costs_accuracy(row: Row, report: Report) -> bool:
    """The whole interval of the change lies on the metric's worse side."""
    change = row.accuracy.change if row.accuracy else None
    worst = None if change is None else change.high if report.higher_is_better else change.low
    return worst is not None and (worst < 0 if report.higher_is_better else worst > 0)


def is_smaller(row: Row, base: Row) -> bool:
    """The compressed file is at most SMALLER of the baseline's."""
    known = row.compressed_bytes and base.compressed_bytes
    return bool(known and row.compressed_bytes <= SMALLER * base.compressed_bytes)  # type: ignore[operator]
