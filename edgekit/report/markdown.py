"""The report for a pull request."""

from edgekit import units
from edgekit.report import cells
from edgekit.report.summary import sentences
from edgekit.result import Report


def render(report: Report) -> str:
    """A sentence a target, then the files, then a table a target."""
    lines = [f"### {_escape(report.title)}", ""]
    for sentence in sentences(report):
        lines += [_escape(sentence.text), ""]
    if report.rows:
        lines += _table([cells.FILE_HEADINGS, *(cells.file_cells(row, report) for row in cells.files(report))])
    for target, rows in cells.by_target(report).items():
        runtime = cells.runtime_of(rows)
        lines += [f"**{_escape(target)}** {_escape(runtime)}".rstrip(), ""]
        lines += _table([cells.run_headings(report), *(cells.run_cells(row, verdict, report) for row, verdict in rows)])
    if legend := cells.legend(report):
        lines += [*(f"{_escape(line)}  " for line in legend), ""]
    lines += [f"- {_escape(remark)}" for remark in cells.remarks(report)]
    return "\n".join(lines)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    written = ["| " + " | ".join(_escape(cell) for cell in row) + " |" for row in rows]
    return [written[0], "|" + "---|" * len(rows[0]), *written[1:], ""]


def _escape(text: str) -> str:
    """One line whose characters stand for themselves: no markup, no HTML, no link."""
    text = units.printable(text)
    for character in "\\|*<>_`":
        text = text.replace(character, f"\\{character}")
    return text.replace("](", "]\\(").replace("]:", "]\\:")
