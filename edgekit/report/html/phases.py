"""What it costs to get ready: the phases from opening the file to the first result, warm-up and memory."""

from collections.abc import Sequence

from edgekit import units
from edgekit.report.html import axis
from edgekit.report.html.scatter import percent
from edgekit.report.html.tag import Html, tag
from edgekit.result import Row
from edgekit.runner.protocol import Phases

DRAWN = 24
"""Variants of a target that get a bar."""
BEFORE_RESULT = {
    "file_open_ns": "open the file",
    "model_build_ns": "build the model",
    "delegate_create_ns": "create the delegate",
    "delegate_apply_ns": "apply the delegate",
    "allocate_ns": "allocate",
    "first_inference_ns": "first inference",
}
"""The parts of a bar, in the order in which they happen."""


def phases(rows: Sequence[tuple[Row, str]]) -> Html | None:
    """A bar a variant, all of a target on one scale."""
    measured = [
        (row, _durations(row.measurement.phases)) for row, _ in rows if row.measurement and row.measurement.phases
    ]
    measured = [(row, durations) for row, durations in measured if durations]
    if not measured:
        return None
    shown = measured[:DRAWN]
    longest = max(sum(durations.values()) for _, durations in shown)
    used = {name for _, durations in shown for name in durations}
    keys = [
        tag("span", tag("i", class_=f"swatch p-{number}"), words, class_="badge")
        for number, (name, words) in enumerate(BEFORE_RESULT.items())
        if name in used
    ]
    left = len(measured) - len(shown)
    return tag(
        "section",
        tag("h3", "From the file to the first result"),
        tag("p", WORDS, class_="note"),
        tag("div", *(_bar(row, durations, longest) for row, durations in shown), class_="card bars"),
        tag("p", *keys, class_="key"),
        tag("p", f"{left} more variants are not drawn; report.json has their phases.", class_="note") if left else None,
    )


WORDS = (
    "Medians over the launches. A phase that the runtime does not separate is part of the one after or before it. "
    "The warm-up that follows belongs to the measurement: it lasts as long as it takes to become steady."
)


def _durations(found: Phases) -> dict[str, int]:
    """Nanoseconds of the phases that were measured, in order."""
    values = {name: getattr(found, name) for name in BEFORE_RESULT}
    return {name: value for name, value in values.items() if value is not None and value > 0}


def _bar(row: Row, durations: dict[str, int], longest: int) -> Html:
    numbers = {name: number for number, name in enumerate(BEFORE_RESULT)}
    parts, at = [], 0.0
    for number, (name, value) in enumerate(durations.items()):
        width = 100 * value / longest
        words = f"{row.variant}, {BEFORE_RESULT[name]}: {units.duration(value)}"
        parts.append(
            tag(
                "rect",
                tag("title", words),
                x=percent(at),
                width=percent(width),
                height="100%",
                class_=f"mark p-{numbers[name]}",
                role="img",
                tabindex=0 if number == 0 else -1,
            )
        )
        at += width
    after = []
    if row.measurement and row.measurement.phases and row.measurement.phases.warmup_ns:
        after.append(f"warm-up {axis.short(units.duration(row.measurement.phases.warmup_ns))}")
    if row.measurement and row.measurement.memory and row.measurement.memory.peak_bytes:
        after.append(f"peak memory {units.size(row.measurement.memory.peak_bytes)}")
    return tag(
        "div",
        tag("span", tag("bdi", row.variant), class_="who"),
        tag("span", units.duration(sum(durations.values())), class_="value"),
        tag("svg", *parts, class_="stack", role="group", aria_label=f"Phases of {row.variant}. Arrow keys go on."),
        tag("span", ", ".join(after), class_="after") if after else None,
        class_="line",
    )
