"""What stands in a row's cells and below the tables, shared by the renderers for people.

The texts come from the report as they are: a renderer makes them printable.
"""

from collections.abc import Mapping, Sequence

from edgekit import units
from edgekit.result import Accuracy, Interval, Report, Row
from edgekit.verdict import SMALLER, verdicts

Groups = dict[str, list[tuple[Row, str]]]
Bases = dict[str, Row]
FILE_HEADINGS = ("variant", "bytes", "after zlib 9", "parameters", "MACs", "parity with its source")


def run_headings(report: Report) -> tuple[str, ...]:
    """Headings of `run_cells`."""
    before = ("variant", "latency", "per second", "speed-up")
    return (*before, f"{report.metric or 'accuracy'} (n)", "change", "delegated", "status", "verdict")


def by_target(report: Report) -> Groups:
    """Target -> its rows, each with its verdict; both in the report's order."""
    found: Groups = {}
    for row, word in zip(report.rows, verdicts(report), strict=True):
        found.setdefault(row.target, []).append((row, word))
    return found


def runtime_of(rows: Sequence[tuple[Row, str]]) -> str:
    """Name and version of a target's runtime; empty where nothing ran."""
    return next((row.runtime for row, _ in rows if row.runtime), "")


def files(report: Report) -> tuple[Row, ...]:
    """One row a file: a variant's .tflite, and its torch program where one was measured."""
    found: dict[tuple[str, str], Row] = {}
    for row in report.rows:
        found.setdefault((row.variant, row.artifact_sha256), row)
    return tuple(found.values())


def file_cells(row: Row, report: Report) -> tuple[str, ...]:
    """One text for each of FILE_HEADINGS; `-` where there is nothing to say."""
    return (
        _name(row, report),
        str(row.size_bytes) if row.size_bytes else "-",
        str(row.compressed_bytes) if row.compressed_bytes else "-",
        units.count(row.parameters) if row.parameters else "-",
        units.count(row.macs) if row.macs else "-",
        _parity(row),
    )


def run_cells(row: Row, verdict: str, report: Report) -> tuple[str, ...]:
    """One text for each of `run_headings`."""
    return (
        _name(row, report),
        "functional" if row.functional else _latency(row.latency_ns),
        units.count(row.throughput_hz) if row.throughput_hz else "-",
        _speedup(row),
        _accuracy(row),
        _change(row),
        _delegated(row),
        row.status,
        verdict,
    )


def size_words(row: Row) -> str:
    """`107 kB`."""
    return units.size(row.size_bytes) if row.size_bytes else "-"


def _name(row: Row, report: Report) -> str:
    return f"{row.variant}{' *' if row.variant == report.baseline else ''}"


def _parity(row: Row) -> str:
    if row.parity is None:
        return "-"
    return f"{'ok' if row.parity.passed else 'FAILED'}: {row.parity.measure} {row.parity.value:.4g}"


def _latency(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    value = units.duration(interval.value)
    if interval.low is None or interval.high is None or not interval.value:
        return value
    return f"{value} ±{(interval.high - interval.low) / 2 / interval.value:.1%}"


def _speedup(row: Row) -> str:
    comparison = row.comparison
    if comparison is None:
        return "-"
    ratio = comparison.ratio
    if ratio.low is None or ratio.high is None:
        return f"{ratio.value:.2f}x (too few launches)"
    mark = {"faster": "", "slower": "", "no difference shown": " ns"}.get(comparison.finding, "")
    return f"{ratio.value:.2f}x [{ratio.low:.2f}, {ratio.high:.2f}]{mark}"


def _accuracy(row: Row) -> str:
    if row.accuracy is None:
        return "-"
    value = f"{row.accuracy.value:.1%}" if row.accuracy.metric == "top-1" else f"{row.accuracy.value:.4g}"
    where = "" if row.accuracy.where == "target" else ", desktop"
    return f"{value} ({row.accuracy.samples}{where})"


def _change(row: Row) -> str:
    change = row.accuracy.change if row.accuracy else None
    if row.accuracy is None or change is None:
        return "-"
    factor, form = _scale(row.accuracy)
    return f"{change.value * factor:{form}}{_brackets(change, factor, form)}"


def change_words(accuracy: Accuracy, *, interval: bool = True) -> str:
    """`-0.2 points of top-1 [-0.8, +0.4]`, of a metric without points `+0.003 mse [+0.001, +0.005]`."""
    if accuracy.change is None:
        return "not compared"
    factor, form = _scale(accuracy)
    unit = "points of top-1" if accuracy.metric == "top-1" else accuracy.metric
    brackets = _brackets(accuracy.change, factor, form) if interval else ""
    return f"{accuracy.change.value * factor:{form}} {unit}{brackets}"


def _scale(accuracy: Accuracy) -> tuple[float, str]:
    return (100, "+.1f") if accuracy.metric == "top-1" else (1, "+.3g")


def _brackets(change: Interval, factor: float, form: str) -> str:
    if change.low is None or change.high is None:
        return ""
    return f" [{change.low * factor:{form}}, {change.high * factor:{form}}]"


def _delegated(row: Row) -> str:
    nodes = row.measurement.nodes if row.measurement else None
    if nodes is None or nodes.total is None:
        return "-"
    return f"{nodes.delegated}/{nodes.total} in {nodes.partitions}"


def remarks(report: Report) -> tuple[str, ...]:
    """Reasons and cautions, each once, with the rows it belongs to."""
    found: dict[str, dict[str, list[str]]] = {}  # text -> target -> variants
    total: dict[str, int] = {}
    for row in report.rows:
        total[row.target] = total.get(row.target, 0) + 1
        for text in ((row.reason,) if row.reason else ()) + row.cautions:
            found.setdefault(text, {}).setdefault(row.target, []).append(row.variant)
    return (*report.notes, *(f"{text} ({_places(places, total)})" for text, places in found.items()))


def _places(places: Mapping[str, Sequence[str]], total: Mapping[str, int]) -> str:
    """`every row of desktop:cpu; int8 on loopback:0:cpu`."""
    return "; ".join(
        f"every row of {target}" if len(variants) == total[target] else f"{', '.join(variants)} on {target}"
        for target, variants in places.items()
    )


def legend(report: Report) -> tuple[str, ...]:
    """What the columns mean, one line a statement; only of what the report shows."""
    rows = report.rows
    latencies = [row.latency_ns for row in rows if row.latency_ns]
    comparisons = [row.comparison for row in rows if row.comparison]
    changes = [row.accuracy for row in rows if row.accuracy and row.accuracy.change]
    lines = []
    if any(row.variant == report.baseline for row in rows):
        lines.append(f"* baseline.{f' {_design(report)}' if latencies else ''}")
    if latencies:
        widths = any(latency.low is not None for latency in latencies)
        spread = " ± half their 95 % interval (t, on logarithms)" if widths else ""
        lines.append(f"latency: input copied to output read; centre of launch medians{spread}.")
    if comparisons:
        none = any(item.finding == "no difference shown" for item in comparisons)
        lines.append(f"speed-up: paired by block with the baseline{'; ns: no difference shown' if none else ''}.")
    if changes:
        widths = any(item.change and item.change.low is not None for item in changes)
        unit = "; of top-1 in points" if any(item.metric == "top-1" for item in changes) else ""
        said = f"sample by sample{', 95 % interval' if widths else ''}{unit}"
        lines.append(f"change: paired with the baseline {said}.")
    if any(_delegated(row) != "-" for row in rows):
        lines.append("delegated: nodes that the delegate took, of all nodes, and in how many partitions.")
    if "paid" in verdicts(report):
        share = f"{100 * (1 - SMALLER):.0f} %"
        lines.append(f"paid: faster, or as fast and at least {share} smaller after zlib.")
    return tuple(lines)


def _design(report: Report) -> str:
    launches, threads = (f"{report.plan.get(key, 0):.0f}" for key in ("launches", "threads"))
    started = f"{launches} launches, each a fresh process, in randomised blocks"
    if launches == "1":
        started = "1 launch, a fresh process, in random order"
    return f"{started} (seed {report.seed}); {threads} thread{'' if threads == '1' else 's'}."
