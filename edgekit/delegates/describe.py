"""A forecast as text for a terminal, and as plain data."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgekit import units
from edgekit.delegates.coverage import Coverage, NodeForecast

_SHOWN = 12
"""Node numbers of a group that are listed before it says how many more there are."""


def render(found: Coverage) -> str:
    """One line for the delegate; below it the nodes left behind, alike ones together. Names come from the file."""
    lines = [headline(found), *(f"  note: {note}" for note in found.notes)]
    for group in groups(found):
        first = group[0]
        refusal = first.refusal
        numbers = _numbers([node.index for node in group])
        verdict = "unknown" if first.taken is None else "left"
        count = f" ({len(group)} nodes)" if len(group) > 1 else ""
        lines.append(f"  {verdict} {first.operator}{count}, {'nodes' if len(group) > 1 else 'node'} {numbers}")
        if refusal:
            lines += [f"    {refusal.rule}", f"    source: {refusal.source}"]
            lines += [f"    mend: {refusal.mend}"] if refusal.mend else []
    return "\n".join(units.printable(line) for line in lines)


def headline(found: Coverage) -> str:
    """Nodes taken, partitions, share of the multiply-accumulates."""
    parts = "unknown partitions" if found.partitions is None else _plural(found.partitions, "partition")
    unknown = f" ({found.unknown} unknown)" if found.unknown else ""
    macs = "" if found.macs_share is None else f", {100 * found.macs_share:.1f} % of the MACs"
    return f"{found.delegate} ({found.runtime}): {found.taken} of {found.total} nodes{unknown}, {parts}{macs}"


def groups(found: Coverage) -> list[list[NodeForecast]]:
    """Nodes that are not taken, those of one operator and one rule together, in the order of their first."""
    alike: dict[tuple[object, ...], list[NodeForecast]] = {}
    for node in found.nodes:
        if node.taken is not True:
            alike.setdefault((node.operator, node.refusal, node.taken), []).append(node)
    return list(alike.values())


def _numbers(indices: Sequence[int]) -> str:
    """3, 7-9, 12."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    more = f" and {len(texts) - _SHOWN} more places" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def as_data(found: Coverage) -> Mapping[str, Any]:
    """For JSON: what a Coverage holds, and what follows from it."""
    return {
        "delegate": found.delegate,
        "runtime": found.runtime,
        "total": found.total,
        "taken": found.taken,
        "unknown": found.unknown,
        "share": found.share,
        "partitions": found.partitions,
        "macs_share": found.macs_share,
        "notes": found.notes,
        "nodes": tuple(
            {
                "index": node.index,
                "operator": node.operator,
                "taken": node.taken,
                "partition": node.partition,
                "rule": node.refusal.rule if node.refusal else None,
                "source": node.refusal.source if node.refusal else None,
                "mend": (node.refusal.mend or None) if node.refusal else None,
            }
            for node in found.nodes
        ),
    }
