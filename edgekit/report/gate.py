"""A recipe's gates against a report: the pipeline worked, did the model meet its budget?"""

from collections.abc import Sequence

from edgekit.errors import GateFailed
from edgekit.recipe.spec import Gate
from edgekit.result import Report, Row


def failed_gates(report: Report, gates: Sequence[Gate]) -> list[GateFailed]:
    """One entry for each missed limit. Rows without a measurement (unsupported) are not judged, nor
    is the speed of an emulator."""
    failures = []
    for gate in gates:
        for row in report.rows:
            if row.variant == gate.variant and row.status not in ("unsupported", "unreachable"):
                failures += _failures(row, gate, report.higher_is_better)
    return failures


def _failures(row: Row, gate: Gate, higher_is_better: bool) -> list[GateFailed]:
    change = row.accuracy.change.value if row.accuracy and row.accuracy.change else None
    drop = None if change is None else (-change if higher_is_better else change)
    speedup = row.comparison.ratio.value if row.comparison else None
    found = []
    if gate.max_metric_drop is not None and (drop is None or drop > gate.max_metric_drop):
        found.append(GateFailed("max_metric_drop", gate.max_metric_drop, drop, row.variant))
    if gate.max_size_bytes is not None and (row.size_bytes or 0) > gate.max_size_bytes:
        found.append(GateFailed("max_size_bytes", gate.max_size_bytes, row.size_bytes, row.variant))
    if gate.min_speedup is not None and not row.functional and (speedup is None or speedup < gate.min_speedup):
        found.append(GateFailed("min_speedup", gate.min_speedup, speedup, row.variant))
    return found
