"""The operators in the files: variants whose files hold the same ones stand together."""

from edgekit.report import cells
from edgekit.report.html.tag import Html, joined, tag
from edgekit.result import Report, Row

SHOWN = 24
"""Groups of variants that are listed, and variants that are named in one."""


def operators(report: Report) -> Html | None:
    """A line a group: its variants, then each operator and how often it occurs; what the baseline has not is marked."""
    groups: dict[tuple[tuple[str, int], ...], list[Row]] = {}
    for row in cells.files(report):
        if row.operators:
            groups.setdefault(tuple(sorted(row.operators.items())), []).append(row)
    if not groups:
        return None
    base = next((row.operators for rows in groups.values() for row in rows if row.variant == report.baseline), None)
    left = sum(len(rows) for rows in list(groups.values())[SHOWN:])
    return tag(
        "section",
        tag("h2", "Operators in the files"),
        tag("p", WORDS if base is not None else WORDS_ALONE, class_="note"),
        tag("div", *(_group(rows, base) for rows in list(groups.values())[:SHOWN]), class_="card groups"),
        tag("p", f"{left} more files are not listed; report.json has their operators.", class_="note")
        if left
        else None,
    )


WORDS_ALONE = (
    "How often each operator occurs in the file, before a delegate takes nodes (the table says how many it took)."
)
WORDS = f"{WORDS_ALONE} A marked one occurs more or less often than in the baseline."


def _group(rows: list[Row], base: object) -> Html:
    names = joined((tag("bdi", row.variant) for row in rows[:SHOWN]), ", ")
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else None
    known = base if isinstance(base, dict) else None
    counts = sorted(rows[0].operators.items(), key=lambda item: (-item[1], item[0]))
    chips = [_chip(name, count, known) for name, count in counts]
    if known is not None:
        chips += [_chip(name, 0, known) for name in known if name not in rows[0].operators]
    return tag("div", tag("p", names, more, class_="who"), tag("p", *chips, class_="chips"))


def _chip(name: str, count: int, base: dict[str, int] | None) -> Html:
    before = None if base is None else base.get(name, 0)
    changed = before is not None and before != count
    was = tag("small", f"baseline {before}") if changed else None
    return tag("span", tag("b", str(count)), name, was, class_="chip changed" if changed else "chip")
