"""Where the figures come from: program, recipe, plan, machines, tools, files."""

import json
from collections.abc import Iterable

from edgekit.report import cells
from edgekit.report.html.tag import Html, tag
from edgekit.result import Report, Row
from edgekit.runner import codec
from edgekit.runner.protocol import Environment


def provenance(report: Report) -> Html:
    """What is needed to measure the same again."""
    plan = ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in report.plan.items())
    facts = [
        ("edgekit", report.edgekit),
        ("written", report.created_utc),
        ("recipe", report.title),
        ("recipe sha256", report.recipe_sha256 or "no recipe: files as they are"),
        ("seed", str(report.seed)),
        ("plan", plan),
        ("baseline", report.baseline),
        (
            "metric",
            f"{report.metric}, {'higher' if report.higher_is_better else 'lower'} is better" if report.metric else "-",
        ),
        ("report format", str(report.version)),
    ]
    tools = dict.fromkeys(_tools(row) for row in report.rows if row.tools)
    facts += [("converted with", text) for text in tools]
    places = [tag("div", tag("h3", place), _facts(facts_of)) for place, facts_of in _environments(report)]
    return tag(
        "section",
        tag("h2", "Provenance"),
        tag("div", _facts(facts), class_="card"),
        tag("div", *places, class_="card places") if places else None,
        _files(report),
        class_="provenance",
    )


def _facts(facts: Iterable[tuple[str, str]]) -> Html:
    pairs = [tag("div", tag("dt", name), tag("dd", tag("bdi", text))) for name, text in facts if text]
    return tag("dl", *pairs)


def _tools(row: Row) -> str:
    return ", ".join(f"{name} {version}" for name, version in row.tools.items())


def _environments(report: Report) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each target's machine; a target whose rows ran on two gives two."""
    found: dict[tuple[str, str], Environment] = {}
    for row in report.rows:
        environment = row.measurement.environment if row.measurement else None
        if environment is not None:
            found.setdefault((row.target, json.dumps(codec.encode(environment))), environment)
    return [(target, _environment(environment)) for (target, _), environment in found.items()]


def _environment(found: Environment) -> list[tuple[str, str]]:
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    return [
        ("device", f"{found.device}{' (emulator)' if found.emulator else ''}"),
        ("system", f"{found.system}, {found.machine}"),
        ("processor", f"{found.cpu}, {found.cores} cores"),
        ("runtime", f"{found.runtime} {found.runtime_version}"),
        ("runner", f"{found.runner} {found.runner_version}, started as {found.context}"),
        ("versions", versions),
    ]


def _files(report: Report) -> Html | None:
    rows = [row for row in cells.files(report) if row.artifact_sha256]
    if not rows:
        return None
    lines = [
        tag(
            "tr",
            tag("th", tag("bdi", row.variant), scope="row"),
            tag("td", row.precision),
            tag("td", tag("code", row.artifact_sha256)),
        )
        for row in rows
    ]
    head = tag("tr", *(tag("th", name, scope="col") for name in ("variant", "precision", "sha256 of the file")))
    whole = tag("table", tag("thead", head), tag("tbody", *lines), class_="files")
    return tag("div", whole, class_="card scroll", role="region", aria_label="Files", tabindex=0)
