"""Which quantities of a target's rows stand against each other."""

from collections.abc import Callable, Sequence

from edgekit.report import cells
from edgekit.report.html import axis
from edgekit.report.html.axis import Axis, Words, drawable
from edgekit.report.html.scatter import Point, key, scatter
from edgekit.report.html.tag import Html, tag
from edgekit.result import Interval, Report, Row

Rows = Sequence[tuple[Row, str]]


def charts(target: str, rows: Rows, base: Row | None, report: Report) -> Html | None:
    """Size and latency against accuracy; where no accuracy was measured, size against latency."""
    judged = [(row, verdict) for row, verdict in rows if row.accuracy and drawable(row.accuracy.value)]
    figures = []
    if judged:
        sizes = [(row, verdict) for row, verdict in judged if _size(row)]
        times = [(row, verdict) for row, verdict in judged if _time(row)]
        figures.append(_against_accuracy("Size", target, sizes, base, report, _size, axis.size_words))
        figures.append(_against_accuracy("Latency", target, times, base, report, _time, axis.time_words))
    else:
        figures.append(_size_and_latency(target, [item for item in rows if _size(item[0]) and _time(item[0])], report))
    drawn = [figure for figure in figures if figure is not None]
    if not drawn:
        return None
    words = tag("p", BARS, class_="below-key note") if judged else None
    return tag("div", tag("div", *drawn, class_="pair"), key([verdict for _, verdict in rows]), words)


BARS = (
    "Dashed: the baseline's accuracy. Bars are 95 % intervals: vertical of the change, laid at the baseline's "
    "accuracy; horizontal of the latency."
)


def _size(row: Row) -> Interval | None:
    given = row.size_bytes or 0
    return Interval(value=float(given)) if given > 0 and drawable(given) else None


def _time(row: Row) -> Interval | None:
    given = row.latency_ns
    return given if given and given.value > 0 and drawable(given.value) else None


def _against_accuracy(
    name: str,
    target: str,
    rows: Rows,
    base: Row | None,
    report: Report,
    x_of: Callable[[Row], Interval | None],
    words: Words,
) -> Html | None:
    if not rows:
        return None
    zero = base.accuracy.value if base and base.accuracy and drawable(base.accuracy.value) else None
    points = [_point(row, verdict, report, x_of(row), _accuracy_interval(row, zero)) for row, verdict in rows]
    metric = rows[0][0].accuracy.metric if rows[0][0].accuracy else report.metric
    y = _accuracy_axis(points, metric)
    x_name = "size of the file" if name == "Size" else "latency of one inference"
    label = f"{name} against {metric} on {target}"
    drawing = scatter(points, _x_axis(points, words), y, label=label, x_name=x_name, line=zero)
    return _figure(f"{name} against {metric}", drawing)


def _size_and_latency(target: str, rows: Rows, report: Report) -> Html | None:
    if not rows:
        return None
    points = [_point(row, verdict, report, _size(row), _time(row)) for row, verdict in rows]
    y = axis.amounts([point.y for point in points], axis.time_words)
    label = f"Size against latency on {target}"
    drawing = scatter(points, _x_axis(points, axis.size_words), y, label=label, x_name="size of the file", line=None)
    return _figure("Size against latency", drawing)


def _figure(title: str, drawing: Html) -> Html:
    return tag("figure", tag("figcaption", title), tag("div", drawing, class_="frame"), class_="card")


def _point(row: Row, verdict: str, report: Report, x: Interval | None, y: Interval | None) -> Point:
    return Point(
        name=row.variant,
        verdict=verdict,
        words=_words(row, verdict, report),
        x=x.value if x else 0.0,
        y=y.value if y else 0.0,
        x_range=_range(x),
        y_range=_range(y),
    )


def _range(interval: Interval | None) -> tuple[float, float] | None:
    if interval is None or interval.low is None or interval.high is None or not drawable(interval.low, interval.high):
        return None
    return interval.low, interval.high


def _accuracy_interval(row: Row, zero: float | None) -> Interval:
    """The accuracy, with the interval of its change laid at the baseline's accuracy."""
    value = row.accuracy.value if row.accuracy else 0.0
    change = row.accuracy.change if row.accuracy else None
    if zero is None or change is None or change.low is None or change.high is None:
        return Interval(value=value)
    return Interval(value=value, low=zero + change.low, high=zero + change.high)


def _accuracy_axis(points: Sequence[Point], metric: str) -> Axis:
    values = [point.y for point in points]
    values += [end for point in points for end in point.y_range or ()]
    if metric == "top-1":
        return axis.span(values, axis.share_words, least_width=0.01, most=1.0)
    return axis.span(values, axis.plain_words, least_width=0.02 * max(abs(value) for value in values) or 1e-9)


def _x_axis(points: Sequence[Point], words: Words) -> Axis:
    return axis.amounts([point.x for point in points], words)


def _words(row: Row, verdict: str, report: Report) -> str:
    """`int8: 107 kB, 4.75 µs ±1.8%, 2.09x [2.06, 2.12], top-1 98.4% (500), change +0.0 [-0.4, +0.4]; paid`."""
    shown = dict(zip(cells.run_headings(report), cells.run_cells(row, verdict, report), strict=True))
    change = shown.pop("change")
    metric = f"{report.metric or 'accuracy'} (n)"
    parts = [
        axis.short(cells.size_words(row)),
        shown["latency"],
        f"speed-up {shown['speed-up']}",
        f"{report.metric or 'accuracy'} {shown[metric]}",
        f"change {change}",
    ]
    return f"{row.variant}: {', '.join(part for part in parts if not part.endswith('-'))}; {verdict}"
