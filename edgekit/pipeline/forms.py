"""Which form of a recurrent network is the faster one on each target: the answer to `recurrent = "auto"`."""

from collections.abc import Mapping, Sequence

from edgekit import units
from edgekit.recipe.spec import VariantSpec
from edgekit.report.build import compare
from edgekit.result import Row

MEASURED = ("ok", "unstable", "throttled")
"""States of rows whose outputs were right and whose latency was taken."""


def form_notes(rows: Sequence[Row], variants: Sequence[VariantSpec]) -> tuple[str, ...]:
    """One sentence a target and variant of several forms: which is the fastest there, and by how much."""
    notes = []
    for name in dict.fromkeys(variant.form_of for variant in variants if variant.form_of):
        forms = {variant.name: variant.recurrent for variant in variants if variant.form_of == name}
        for target in dict.fromkeys(row.target for row in rows):
            found = [row for row in rows if row.target == target and row.variant in forms]
            note = _note(name, target, found, forms)
            notes += [note] if note else []
    return tuple(notes)


def fastest(rows: Sequence[Row]) -> Row | None:
    """The row of the smallest latency among those that ran right; all are of one series."""
    ran = [row for row in rows if row.status in MEASURED and row.latency_ns]
    return min(ran, key=lambda row: row.latency_ns.value if row.latency_ns else 0.0, default=None)


def _note(name: str, target: str, rows: Sequence[Row], forms: Mapping[str, str]) -> str:
    best = fastest(rows)
    if best is None or best.latency_ns is None:
        return ""
    others = []
    for row in rows:
        if row is best or row.status not in MEASURED or row.latency_ns is None:
            continue
        found = compare(row.measurement, best.measurement) if row.measurement and best.measurement else None
        ratio = row.latency_ns.value / best.latency_ns.value if found is None else found.ratio.value
        shown = "" if found is not None and found.finding == "faster" else ", a difference that is not shown"
        others.append(f"{ratio:.2f}x faster than {forms[row.variant]}{shown}")
    time = units.duration(best.latency_ns.value)
    said = f"recurrent = auto, {name} on {target}: {forms[best.variant]} ({best.variant}, {time})"
    return f"{said}, {' and '.join(others)}" if others else f"{said}, the only form that ran there"
