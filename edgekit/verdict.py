"""Did a technique pay? One word from a row and its comparison with the baseline. docs/report.md"""

from typing import Literal

from edgekit.result import Report, Row

Verdict = Literal["baseline", "paid", "did not pay", "costs accuracy", "inconclusive"]

SMALLER = 0.95
"""A compressed file at most this share of the baseline's counts as smaller."""


def verdict(row: Row, report: Report) -> Verdict:
    """Against the baseline on the same target: accuracy first, then latency, then the compressed size."""
    if row.variant == report.baseline:
        return "baseline"
    base = next((item for item in report.rows if item.variant == report.baseline and item.target == row.target), None)
    if row.status != "ok" or base is None or base.status != "ok":
        return "inconclusive"
    change = row.accuracy.change if row.accuracy else None
    worst = None if change is None else change.high if report.higher_is_better else change.low
    if worst is not None and (worst < 0 if report.higher_is_better else worst > 0):
        return "costs accuracy"
    finding = row.comparison.finding if row.comparison else "too few launches"
    smaller = bool(
        row.compressed_bytes and base.compressed_bytes and row.compressed_bytes <= SMALLER * base.compressed_bytes
    )
    if finding == "faster" or (smaller and finding == "no difference shown"):
        return "paid"
    if finding == "too few launches":
        return "inconclusive"
    return "did not pay"
