"""The report as JSON: everything it holds, and what `edgekit report` reads back."""

from edgekit.result import Report
from edgekit.runner import codec


def render(report: Report) -> str:
    """docs/report.md describes the keys."""
    return codec.dumps(report) + "\n"
