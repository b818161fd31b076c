"""Two reports, row by row. Their series are two, so nothing here is paired; intervals overlap or they do not."""

from dataclasses import dataclass

from edgekit import units
from edgekit.result import Interval, Report, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`latency_ratio`: after / before. `overlap`: whether the 95 % intervals overlap (None: one has none)."""

    variant: str
    target: str
    status_before: str
    status_after: str
    size_change_bytes: int | None
    latency_ratio: float | None
    overlap: bool | None
    metric_change: float | None


def compare(before: Report, after: Report) -> tuple[Difference, ...]:
    """Rows of both, by variant and target; a row that only one has is `absent` in the other."""
    old = {(row.variant, row.target): row for row in before.rows}
    new = {(row.variant, row.target): row for row in after.rows}
    return tuple(_difference(key, old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new]))


def _difference(key: tuple[str, str], old: Row | None, new: Row | None) -> Difference:
    both = old is not None and new is not None
    a, b = (old.latency_ns, new.latency_ns) if old and new else (None, None)
    sizes = (old.size_bytes, new.size_bytes) if old and new else (None, None)
    metrics = (old.accuracy, new.accuracy) if old and new else (None, None)
    return Difference(
        variant=key[0],
        target=key[1],
        status_before=old.status if old else "absent",
        status_after=new.status if new else "absent",
        size_change_bytes=sizes[1] - sizes[0] if both and sizes[0] is not None and sizes[1] is not None else None,
        latency_ratio=b.value / a.value if a and b else None,
        overlap=_overlap(a, b),
        metric_change=metrics[1].value - metrics[0].value if metrics[0] and metrics[1] else None,
    )


def _overlap(a: Interval | None, b: Interval | None) -> bool | None:
    if a is None or b is None or a.low is None or a.high is None or b.low is None or b.high is None:
        return None
    return a.low <= b.high and b.low <= a.high


def render(differences: tuple[Difference, ...]) -> str:
    """One line a row."""
    lines = ["not paired: two series, two times; intervals that overlap show no difference", ""]
    for item in differences:
        parts = [f"{item.variant:<20} {item.target:<28}"]
        if item.status_before != item.status_after:
            parts.append(f"{item.status_before} -> {item.status_after}")
        if item.size_change_bytes is not None:
            sign = "-" if item.size_change_bytes < 0 else "+"
            parts.append(f"size {sign}{units.size(abs(item.size_change_bytes))}")
        if item.latency_ratio is not None:
            words = {True: "intervals overlap", False: "intervals apart", None: "no intervals"}[item.overlap]
            parts.append(f"latency x{item.latency_ratio:.3f} ({words})")
        if item.metric_change is not None:
            parts.append(f"metric {item.metric_change:+.4f}")
        lines.append("  ".join(parts))
    return "\n".join(units.printable(line) for line in lines)
