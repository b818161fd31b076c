"""Measurements side by side: how they are compared, and one renderer a file (Report -> text)."""

import importlib

from edgekit.result import Report

RENDERERS: dict[str, str] = {
    "terminal": "edgekit.report.terminal:render",
    "json": "edgekit.report.as_json:render",
    "md": "edgekit.report.markdown:render",
    "csv": "edgekit.report.as_csv:render",
    "html": "edgekit.report.html.page:render",
}
"""Format -> module:function(report) -> text."""
EXTENSIONS: dict[str, str] = {"terminal": "txt", "json": "json", "md": "md", "csv": "csv", "html": "html"}
"""Format -> ending of its file."""


def render(report: Report, format: str) -> str:
    """The report in one of RENDERERS' formats."""
    module, _, function = RENDERERS[format].partition(":")
    text: str = getattr(importlib.import_module(module), function)(report)
    return text
