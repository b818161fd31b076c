"""Two quantities of every variant against each other, each point labelled where there is room for its name."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgekit.report.html.axis import Axis
from edgekit.report.html.tag import Html, joined, tag

LABELLED = 16
"""A chart of more points names them by hover and focus alone."""
LONGEST = 22
"""Characters of a name in a chart."""
WIDTH, HEIGHT = 245.0, 190.0
"""Pixels of the plot on a phone: labels that have room there have it everywhere."""
CHARACTER, LINE = 6.8, 15.0
"""Pixels of a label's character and line, rather too many than too few."""
SHAPES = {
    "baseline": "M0-9.5L9.5 0 0 9.5-9.5 0z",
    "paid": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z",
    "costs accuracy": "M0-7L7 5.5H-7z",
    "did not pay": "M-5.5-5.5h11v11h-11z",
    "inconclusive": "M-5-5L5 5M-5 5L5-5",
}
"""A shape for every verdict, so that nobody needs its colour."""
OFFSETS = (("start", 8, -11), ("end", -8, -11), ("start", 8, 21), ("end", -8, 21), ("start", 12, 4), ("end", -12, 4))
"""Anchor, and pixels from the point to the text's foot: where a label may stand, the best place first."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`words`: what hover and focus say. `x_range`, `y_range`: intervals, drawn as bars."""

    name: str
    verdict: str
    words: str
    x: float
    y: float
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None


def scatter(points: Sequence[Point], x: Axis, y: Axis, *, label: str, x_name: str, line: float | None) -> Html:
    """An SVG. `label` says what it is; `line`: a value of y across the whole width."""
    ordered = sorted(points, key=lambda point: (point.x, -point.y))
    places = [(x.at(point.x), 100 - y.at(point.y)) for point in ordered]
    labels = _labels(ordered, places, y) if len(ordered) <= LABELLED else [None] * len(ordered)
    drawn = [*(_bars(point, x, y) for point in ordered)]
    for number, (point, place, text) in enumerate(zip(ordered, places, labels, strict=True)):
        drawn.append(mark(point.verdict, point.words, *place, first=number == 0, text=text))
    grid = _grid(x, y, x_name)
    if line is not None:
        grid += [_line(0, 100 - y.at(line), 100, 100 - y.at(line), "reference")]
    return tag(
        "svg", *grid, *drawn, class_="plot", role="group", aria_label=f"{label}. Arrow keys go from point to point."
    )


def mark(kind: str, words: str, x: float, y: float, *, first: bool, text: Html | None = None) -> Html:
    """A point at (x, y) percent. One of a chart's points is reached by the tab key, the others by arrow keys."""
    return tag(
        "svg",
        tag("title", words),
        tag("circle", r=12, class_="hit"),
        tag("path", d=SHAPES[kind], class_="shape"),
        text,
        x=percent(x),
        y=percent(y),
        class_=f"mark {css_class(kind)}",
        role="img",
        tabindex=0 if first else -1,
    )


def css_class(verdict: str) -> str:
    """`costs accuracy` -> `v-costs-accuracy`."""
    return f"v-{verdict.replace(' ', '-')}"


def percent(value: float) -> str:
    """`12.34%`."""
    return f"{value:.2f}%"


def key(verdicts: Sequence[str]) -> Html:
    """What the shapes mean, of those that are drawn."""
    return tag("p", *(badge(word) for word in SHAPES if word in verdicts), class_="key")


def badge(verdict: str) -> Html:
    """A verdict with its shape."""
    shape = tag("svg", tag("path", d=SHAPES[verdict], class_="shape"), viewBox="-10 -10 20 20", aria_hidden="true")
    return tag("span", shape, verdict, class_=f"badge {css_class(verdict)}")


def _grid(x: Axis, y: Axis, x_name: str) -> list[Html]:
    parts = []
    for value, words in y.ticks:
        place = 100 - y.at(value)
        parts.append(_line(0, place, 100, place, "grid"))
        parts.append(tag("text", words, x=0, y=percent(place), dx=-8, dy=4, class_="tick end"))
    for value, words in x.ticks:
        parts.append(_line(x.at(value), 0, x.at(value), 100, "grid"))
        parts.append(tag("text", words, x=percent(x.at(value)), y="100%", dy=18, class_="tick middle"))
    scale = ", logarithmic" if x.log else ""
    parts.append(_line(0, 100, 100, 100, "axis"))
    return [*parts, tag("text", f"{x_name}{scale}", x="50%", y="100%", dy=38, class_="middle name")]


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    return tag("line", x1=percent(x1), y1=percent(y1), x2=percent(x2), y2=percent(y2), class_=kind)


def _bars(point: Point, x: Axis, y: Axis) -> Html:
    across, up = x.at(point.x), 100 - y.at(point.y)
    kind = f"bar {css_class(point.verdict)}"
    parts = []
    if point.x_range:
        parts.append(_line(x.at(point.x_range[0]), up, x.at(point.x_range[1]), up, kind))
    if point.y_range:
        parts.append(_line(across, 100 - y.at(point.y_range[0]), across, 100 - y.at(point.y_range[1]), kind))
    return joined(parts)


def _labels(points: Sequence[Point], places: Sequence[tuple[float, float]], y: Axis) -> list[Html | None]:
    """A label for every point that has room for one; where there is none beside the bars, across a bar; else None."""
    centres = [(across * WIDTH / 100, down * HEIGHT / 100) for across, down in places]
    taken: list[Box] = [(left - 8, top - 8, left + 8, top + 8) for left, top in centres]
    bars: list[Box] = []
    for point, (left, _) in zip(points, centres, strict=True):
        if point.y_range:
            low, high = (HEIGHT - y.at(end) * HEIGHT / 100 for end in point.y_range)
            bars.append((left - 2, high, left + 2, low))
    found: list[Html | None] = []
    for number, (point, (left, top)) in enumerate(zip(points, centres, strict=True)):
        name = point.name if len(point.name) <= LONGEST else f"{point.name[: LONGEST - 1]}…"
        width = CHARACTER * len(name)
        others = taken[:number] + taken[number + 1 :]
        label = None
        for obstacles in (others + bars, others):
            for anchor, dx, dy in OFFSETS:
                start = left + dx - {"start": 0.0, "end": width}[anchor]
                box = (start, top + dy - LINE + 3, start + width, top + dy + 3)
                inside = box[0] > -2 and box[2] < WIDTH + 14 and box[1] > -4 and box[3] < HEIGHT - 2
                if label is None and inside and not any(_overlap(box, other) for other in obstacles):
                    label = tag("text", name, dx=dx, dy=dy, class_=f"label {anchor}")
                    taken.append(box)
        found.append(label)
    return found


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
