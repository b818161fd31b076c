"""The report for a terminal: the files once, then one table a target, remarks below."""

import textwrap

from edgekit import units
from edgekit.report import cells
from edgekit.result import Report

WIDTH = 120
"""Columns of the lines below the tables."""


def render(report: Report) -> str:
    """Plain text without colour."""
    lines = [f"{report.title}   edgekit {report.edgekit}, {report.created_utc}"]
    if report.rows:
        lines += ["", "files"]
        lines += _table([cells.FILE_HEADINGS, *(cells.file_cells(row, report) for row in cells.files(report))])
    for target, rows in cells.by_target(report).items():
        runtime = cells.runtime_of(rows)
        lines += ["", f"{target}{f'   {runtime}' if runtime else ''}"]
        lines += _table([cells.run_headings(report), *(cells.run_cells(row, verdict, report) for row, verdict in rows)])
    below = (*cells.legend(report), *(f"- {remark}" for remark in cells.remarks(report)))
    lines += [""] if below else []
    for text in below:
        lines += textwrap.wrap(
            units.printable(text), WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    return "".join(f"{units.printable(line)}\n" for line in lines)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    used = [column for column in range(len(rows[0])) if any(row[column] != "-" for row in rows[1:])]
    widths = {column: max(len(row[column]) for row in rows) for column in used}
    return ["  " + "  ".join(row[column].ljust(widths[column]) for column in used).rstrip() for row in rows]
