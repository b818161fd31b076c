"""The report as tidy CSV: one row a variant and target, units in the headings."""

import csv
import io
from collections.abc import Callable

from edgekit import units
from edgekit.result import Interval, Report, Row
from edgekit.verdict import verdicts

Cell = Callable[[Row], object]


def _low(interval: Interval | None) -> float | None:
    return interval.low if interval else None


def _high(interval: Interval | None) -> float | None:
    return interval.high if interval else None


COLUMNS: dict[str, Cell] = {
    "variant": lambda row: row.variant,
    "target": lambda row: row.target,
    "runtime": lambda row: row.runtime,
    "precision": lambda row: row.precision,
    "status": lambda row: row.status,
    "size_bytes": lambda row: row.size_bytes,
    "compressed_bytes": lambda row: row.compressed_bytes,
    "parameters": lambda row: row.parameters,
    "macs": lambda row: row.macs,
    "latency_ns": lambda row: row.latency_ns and row.latency_ns.value,
    "latency_low_ns": lambda row: _low(row.latency_ns),
    "latency_high_ns": lambda row: _high(row.latency_ns),
    "invoke_ns": lambda row: row.invoke_ns and row.invoke_ns.value,
    "throughput_hz": lambda row: row.throughput_hz,
    "speedup": lambda row: row.comparison and row.comparison.ratio.value,
    "speedup_low": lambda row: _low(row.comparison.ratio if row.comparison else None),
    "speedup_high": lambda row: _high(row.comparison.ratio if row.comparison else None),
    "finding": lambda row: row.comparison and row.comparison.finding,
    "metric": lambda row: row.accuracy and row.accuracy.metric,
    "metric_where": lambda row: row.accuracy and row.accuracy.where,
    "metric_samples": lambda row: row.accuracy and row.accuracy.samples,
    "metric_value": lambda row: row.accuracy and row.accuracy.value,
    "metric_change": lambda row: row.accuracy and row.accuracy.change and row.accuracy.change.value,
    "metric_change_low": lambda row: _low(row.accuracy.change if row.accuracy else None),
    "metric_change_high": lambda row: _high(row.accuracy.change if row.accuracy else None),
    "parity_passed": lambda row: row.parity and row.parity.passed,
    "parity_value": lambda row: row.parity and row.parity.value,
    "nodes_total": lambda row: row.measurement and row.measurement.nodes.total,
    "nodes_delegated": lambda row: row.measurement and row.measurement.nodes.delegated,
    "partitions": lambda row: row.measurement and row.measurement.nodes.partitions,
    "launches": lambda row: len(row.measurement.launches) if row.measurement else 0,
    "reason": lambda row: row.reason,
    "artifact_sha256": lambda row: row.artifact_sha256,
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may take for the beginning of a formula."""


def render(report: Report) -> str:
    """RFC 4180 with a heading line; empty cells: not measured. Text is one line, and no formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, "verdict"])
    for row, verdict in zip(report.rows, verdicts(report), strict=True):
        writer.writerow([*(_written(cell(row)) for cell in COLUMNS.values()), verdict])
    return text.getvalue()


def _written(value: object) -> object:
    if isinstance(value, str):
        return units.printable(f"'{value}" if value.startswith(_FORMULA) else value)
    return "" if value is None else value
