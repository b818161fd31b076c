"""Every row with everything that was measured; a click, Enter or Space on a heading sorts by it."""

from collections.abc import Callable
from dataclasses import dataclass

from edgekit.report import cells
from edgekit.report.html.scatter import badge
from edgekit.report.html.tag import Html, tag, trusted
from edgekit.result import Report, Row
from edgekit.verdict import verdicts

Value = Callable[[Row], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`value`: what a column of numbers is sorted by; None: a column of text."""

    heading: str
    value: Value | None = None


def table(report: Report) -> Html | None:
    """A column in which every cell is `-` is left out."""
    if not report.rows:
        return None
    columns = _columns(report)
    rows = [_texts(row, verdict, report) for row, verdict in zip(report.rows, verdicts(report), strict=True)]
    used = [number for number in range(len(columns)) if number < 2 or any(texts[number] != "-" for texts in rows)]
    head = tag("tr", *(_heading(columns[number]) for number in used))
    body = [_row(row, texts, columns, used) for row, texts in zip(report.rows, rows, strict=True)]
    whole = tag("table", tag("thead", head), tag("tbody", *body), class_="sortable")
    return tag(
        "section",
        tag("h2", "All rows"),
        tag("p", "A heading sorts by its column, a second time the other way round. * is the baseline.", class_="note"),
        tag("div", whole, class_="card scroll", role="region", aria_label="All rows", tabindex=0),
    )


def _columns(report: Report) -> tuple[Column, ...]:
    values: dict[str, Value] = {
        "latency": lambda row: row.latency_ns and row.latency_ns.value,
        "per second": lambda row: row.throughput_hz,
        "speed-up": lambda row: row.comparison and row.comparison.ratio.value,
        f"{report.metric or 'accuracy'} (n)": lambda row: row.accuracy and row.accuracy.value,
        "change": lambda row: row.accuracy and row.accuracy.change and row.accuracy.change.value,
        "delegated": _delegated,
        "bytes": lambda row: row.size_bytes,
        "after zlib 9": lambda row: row.compressed_bytes,
        "parameters": lambda row: row.parameters,
        "MACs": lambda row: row.macs,
    }
    values["launches"] = _launches
    return tuple(Column(heading=heading, value=values.get(heading)) for heading in _headings(report))


def _headings(report: Report) -> tuple[str, ...]:
    """What a reader asks first stands first; then the rest of the files' table and of the targets' tables."""
    run, files = cells.run_headings(report), cells.FILE_HEADINGS
    first = ("variant", "target", "verdict", "bytes", "latency", "speed-up", run[4], "change")
    rest = [heading for heading in (*run, *files) if heading not in first]
    return (*first, *rest, "launches", "runtime")


def _texts(row: Row, verdict: str, report: Report) -> tuple[str, ...]:
    """One text for each of `_headings`."""
    found = dict(zip(cells.FILE_HEADINGS, cells.file_cells(row, report), strict=True))
    found |= zip(cells.run_headings(report), cells.run_cells(row, verdict, report), strict=True)
    launched = _launches(row)
    found |= {"target": row.target, "launches": str(launched) if launched else "-", "runtime": row.runtime or "-"}
    return tuple(found[heading] for heading in _headings(report))


def _launches(row: Row) -> int | None:
    return len(row.measurement.launches) or None if row.measurement else None


def _delegated(row: Row) -> float | None:
    nodes = row.measurement.nodes if row.measurement else None
    return None if nodes is None or not nodes.total or nodes.delegated is None else nodes.delegated / nodes.total


def _heading(column: Column) -> Html:
    kind = "number" if column.value else "text"
    return tag("th", tag("button", column.heading, type="button"), scope="col", class_=kind)


def _row(row: Row, texts: tuple[str, ...], columns: tuple[Column, ...], used: list[int]) -> Html:
    parts = []
    for number in used:
        value = columns[number].value
        if number == 0:
            parts.append(tag("th", tag("bdi", texts[0]), scope="row"))
        elif columns[number].heading == "verdict":
            parts.append(tag("td", badge(texts[number])))
        elif value is None:
            parts.append(tag("td", tag("bdi", texts[number])))
        else:
            parts.append(tag("td", texts[number], class_="number", data_v=_plain(value(row))))
    return trusted(f"{tag('tr', *parts)}\n")


def _plain(value: object) -> str | None:
    return None if value is None else repr(value)
