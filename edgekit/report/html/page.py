"""The whole page. docs/report.md#the-html-page says what it shows."""

import base64
import functools
import hashlib
import importlib.resources

from edgekit.report import cells
from edgekit.report.html.charts import charts
from edgekit.report.html.launches import launches
from edgekit.report.html.operators import operators
from edgekit.report.html.phases import phases
from edgekit.report.html.provenance import provenance
from edgekit.report.html.table import table
from edgekit.report.html.tag import Html, tag, trusted
from edgekit.report.summary import Sentence, sentences
from edgekit.result import Report
from edgekit.verdict import baselines


def render(report: Report) -> str:
    """HTML 5, one file."""
    said = sentences(report)
    groups = cells.by_target(report)
    bases = baselines(report)
    order = [sentence.target for sentence in said]
    main = tag(
        "main",
        _header(report, said),
        *(_target(target, groups, bases, report, opened=number == 0) for number, target in enumerate(order)),
        operators(report),
        table(report),
        _list("Remarks", cells.remarks(report)),
        _list("What the columns mean", cells.legend(report)),
        provenance(report),
    )
    return f"<!doctype html>\n{tag('html', _head(report), tag('body', main, _script()), lang='en')}\n"


def _header(report: Report, said: tuple[Sentence, ...]) -> Html:
    lines = [_sentence(sentence, "lead" if number == 0 else "also") for number, sentence in enumerate(said)]
    by = f"edgekit {report.edgekit}, {report.created_utc}"
    return tag("header", tag("h1", tag("bdi", report.title)), tag("p", by, class_="by"), *lines)


def _sentence(sentence: Sentence, kind: str) -> Html:
    pieces = (tag("strong", tag("bdi", text)) if strong else text for text, strong in sentence.pieces)
    return tag("p", *pieces, class_=kind)


def _target(target: str, groups: cells.Groups, bases: cells.Bases, report: Report, *, opened: bool) -> Html | None:
    rows = groups[target]
    parts = [charts(target, rows, bases.get(target), report), launches(rows), phases(rows)]
    drawn = [part for part in parts if part is not None]
    if not drawn:
        return None
    heading = tag("summary", tag("h2", tag("bdi", target)), tag("span", cells.runtime_of(rows), class_="value"))
    return tag("details", heading, *drawn, class_="target", open=opened)


def _list(title: str, lines: tuple[str, ...]) -> Html | None:
    if not lines:
        return None
    return tag("section", tag("h2", title), tag("ul", *(tag("li", line) for line in lines), class_="card list"))


def _head(report: Report) -> Html:
    policy = (
        f"default-src 'none'; style-src '{_digest(_text('page.css'))}'; script-src '{_digest(_text('page.js'))}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{report.title} - edgekit report"),
        tag("link", rel="icon", href="data:,"),
        tag("style", trusted(_text("page.css"))),
    )


def _script() -> Html:
    return tag("script", trusted(_text("page.js")))


@functools.cache
def _text(name: str) -> str:
    """A file of the package."""
    return (importlib.resources.files(__package__) / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
