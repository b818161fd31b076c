"""The report for a pull request."""

from edgekit.report import cells
from edgekit.result import Report


def render(report: Report) -> str:
    """One Markdown table a target."""
    lines = [f"### {_escape(report.title)}", ""]
    lines += _table([cells.FILE_HEADINGS, *(cells.file_cells(row, report) for row in cells.files(report))])
    for target in cells.targets(report):
        rows = [row for row in report.rows if row.target == target]
        runtime = next((row.runtime for row in rows if row.runtime), "")
        lines += [f"**{_escape(target)}** {_escape(runtime)}".rstrip(), ""]
        lines += _table([cells.run_headings(report), *(cells.run_cells(row, report) for row in rows)])
    lines += [f"{_escape(line)}  " for line in cells.legend(report)]
    lines.append("")
    lines += [f"- {_escape(remark)}" for remark in cells.remarks(report)]
    return "\n".join(lines)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    written = ["| " + " | ".join(_escape(cell) for cell in row) + " |" for row in rows]
    return [written[0], "|" + "---|" * len(rows[0]), *written[1:], ""]


def _escape(text: str) -> str:
    for character in "\\|*<>_`":
        text = text.replace(character, f"\\{character}")
    return text
