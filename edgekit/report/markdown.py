"""The report for a pull request."""

from edgekit.report import cells
from edgekit.result import Report


def render(report: Report) -> str:
    """One Markdown table a target."""
    lines = [f"### {_escape(report.title)}", ""]
    for target in cells.targets(report):
        rows = [row for row in report.rows if row.target == target]
        runtime = next((row.runtime for row in rows if row.runtime), "")
        lines += [f"**{_escape(target)}** {_escape(runtime)}".rstrip(), ""]
        lines.append("| " + " | ".join(cells.HEADINGS) + " |")
        lines.append("|" + "---|" * len(cells.HEADINGS))
        lines += ["| " + " | ".join(_escape(cell) for cell in cells.cells(row, report)) + " |" for row in rows]
        lines.append("")
    lines += [_escape(cells.legend(report)).replace("\n", "  \n"), ""]
    lines += [f"- {_escape(remark)}" for remark in cells.remarks(report)]
    return "\n".join(lines)


def _escape(text: str) -> str:
    for character in "\\|*<>_`":
        text = text.replace(character, f"\\{character}")
    return text
