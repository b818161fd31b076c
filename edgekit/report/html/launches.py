"""The median of every launch by its block: does a variant drift, or fall into two groups?"""

from collections.abc import Sequence
from itertools import pairwise

from edgekit import units
from edgekit.report.html import axis
from edgekit.report.html.axis import Axis, drawable
from edgekit.report.html.scatter import mark, percent
from edgekit.report.html.tag import Html, tag
from edgekit.result import Interval, LaunchRecord, Row

DRAWN = 24
"""Variants of a target that get a panel."""
LEAST = 0.01
"""The panels reach at least so far from the centre, as a share."""


def launches(rows: Sequence[tuple[Row, str]]) -> Html | None:
    """A panel a variant, all of a target on one scale: the difference from the variant's own latency."""
    measured = [row for row, _ in rows if row.latency_ns and row.latency_ns.value > 0 and _medians(row)]
    if not measured:
        return None
    shown = measured[:DRAWN]
    shares = [abs(share) for row in shown for _, share in _medians(row)]
    shares += [abs(share) for row in shown for share in _band(row.latency_ns)]
    scale = axis.span([-max(*shares, LEAST), max(*shares, LEAST)], axis.change_words, least_width=0.0)
    left = len(measured) - len(shown)
    return tag(
        "section",
        tag("h3", "Latency of each launch"),
        tag("p", WORDS, class_="note"),
        tag("div", *(_panel(row, scale) for row in shown), class_="panels"),
        tag("p", f"{left} more variants are not drawn; report.json has their launches.", class_="note")
        if left
        else None,
    )


WORDS = (
    "Median of every launch, a fresh process each, by block, as the difference from the variant's own latency. "
    "The band is its 95 % interval; a triangle is a launch that was disturbed."
)


def _medians(row: Row) -> list[tuple[LaunchRecord, float]]:
    """Every launch with its difference from the row's latency, as a share."""
    centre = row.latency_ns.value if row.latency_ns else 0.0
    records = row.measurement.launches if row.measurement else ()
    found = [(record, record.median_latency_ns / centre - 1) for record in records if record.median_latency_ns]
    return [(record, share) for record, share in found if drawable(share)]


def _band(latency: Interval | None) -> tuple[float, ...]:
    if latency is None or latency.low is None or latency.high is None:
        return ()
    ends = (latency.low / latency.value - 1, latency.high / latency.value - 1)
    return ends if drawable(*ends) else ()


def _panel(row: Row, scale: Axis) -> Html:
    found = sorted(_medians(row), key=lambda item: item[0].block)
    last = max(record.block for record, _ in found)
    first = min(record.block for record, _ in found)

    def across(block: int) -> float:
        return 50.0 if last == first else 4 + 92 * (block - first) / (last - first)

    places = [(across(record.block), 100 - scale.at(share)) for record, share in found]
    parts = [
        tag(
            "line",
            x1="0",
            x2="100%",
            y1=percent(100 - scale.at(value)),
            y2=percent(100 - scale.at(value)),
            class_="grid",
        )
        for value, _ in scale.ticks
    ]
    parts += [
        tag("text", words, x=0, y=percent(100 - scale.at(value)), dx=-8, dy=4, class_="tick end")
        for value, words in scale.ticks
    ]
    if band := _band(row.latency_ns):
        top, bottom = 100 - scale.at(band[1]), 100 - scale.at(band[0])
        parts.append(tag("rect", x="0", width="100%", y=percent(top), height=percent(bottom - top), class_="band"))
    for (x1, y1), (x2, y2) in pairwise(places):
        parts.append(tag("line", x1=percent(x1), y1=percent(y1), x2=percent(x2), y2=percent(y2), class_="path"))
    for number, ((record, share), place) in enumerate(zip(found, places, strict=True)):
        words = f"{row.variant}, block {record.block}: {units.duration(record.median_latency_ns or 0)} ({share:+.1%})"
        words += "" if record.valid else f"; disturbed: {record.reason}"
        parts.append(mark("paid" if record.valid else "costs accuracy", words, *place, first=number == 0))
    centre = units.duration(row.latency_ns.value) if row.latency_ns else ""
    return tag(
        "figure",
        tag("figcaption", tag("bdi", row.variant), tag("span", centre, class_="value")),
        tag(
            "div",
            tag("svg", *parts, class_="plot", role="group", aria_label=f"Launches of {row.variant}. Arrow keys go on."),
            class_="frame low",
        ),
        tag("p", f"blocks {first} to {last}" if last > first else "1 block", class_="below"),
        class_="card panel",
    )
