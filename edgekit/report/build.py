"""Artifacts and measurements -> Report."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgekit.artifact import Artifact
from edgekit.result import Accuracy, Comparison, Interval, Measurement, Report, Row
from edgekit.stats import geometric_interval, paired_change

SMALL_CHANGE = 0.01
"""A difference of latency below this share is never called faster or slower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Per-sample scores of one variant, and where they were computed."""

    where: str
    values: tuple[float, ...]


def rows_of_target(
    measurements: Sequence[Measurement],
    artifacts: Mapping[str, Artifact],
    scores: Mapping[str, Scores],
    *,
    operators: Mapping[str, Mapping[str, int]],
    baseline: str,
    metric: str,
) -> tuple[Row, ...]:
    """The rows of one target's series, in the artifacts' order. `artifacts`, `scores` and `operators` by variant."""
    base = next((item for item in measurements if item.variant == baseline), None)
    rows = (
        _row(item, artifacts.get(item.variant), base, scores, baseline=baseline, metric=metric) for item in measurements
    )
    return tuple(replace(row, operators=operators.get(row.variant, {})) for row in rows)


def _row(
    measurement: Measurement,
    artifact: Artifact | None,
    base: Measurement | None,
    scores: Mapping[str, Scores],
    *,
    baseline: str,
    metric: str,
) -> Row:
    environment = measurement.environment
    row = Row(
        variant=measurement.variant,
        target=measurement.target,
        precision=artifact.precision if artifact else "",
        status=measurement.status,
        reason=measurement.reason,
        cautions=measurement.cautions,
        accuracy=_accuracy(measurement.variant, scores, baseline, metric),
        measurement=measurement,
        artifact_sha256=measurement.artifact_sha256,
        runtime=f"{environment.runtime} {environment.runtime_version}".strip() if environment else "",
    )
    if artifact is not None:
        row = replace(
            row,
            size_bytes=artifact.size_bytes,
            compressed_bytes=artifact.compressed_bytes,
            parameters=artifact.parameters or None,
            macs=artifact.macs or None,
            parity=artifact.parity,
            tools=artifact.tools,
        )
    latency = measurement.latency_ns
    if latency is None:
        return row
    return replace(
        row,
        latency_ns=latency,
        invoke_ns=measurement.invoke_ns,
        throughput_hz=1e9 / latency.value,
        comparison=compare(base, measurement) if base and measurement.variant != baseline else None,
    )


def _accuracy(variant: str, scores: Mapping[str, Scores], baseline: str, metric: str) -> Accuracy | None:
    own, base = scores.get(variant), scores.get(baseline)
    if own is None or not own.values:
        return None
    change = None
    paired = base is not None and base.where == own.where and len(base.values) == len(own.values)
    if base is not None and paired and variant != baseline:
        mean, low, high = paired_change(base.values, own.values)
        change = Interval(value=mean, low=low, high=high)
    return Accuracy(
        metric=metric,
        where="target" if own.where == "target" else "desktop",
        samples=len(own.values),
        value=math.fsum(own.values) / len(own.values),
        change=change,
    )


def compare(base: Measurement, other: Measurement) -> Comparison | None:
    """Speed-up over the baseline, paired by block: the t interval of log(baseline / other); None without launches."""
    by_block = {launch.block: launch.median_latency_ns for launch in base.launches}
    ratios = [
        by_block[launch.block] / launch.median_latency_ns  # type: ignore[operator]
        for launch in other.launches
        if by_block.get(launch.block) and launch.median_latency_ns
    ]
    if not ratios or base.series != other.series:
        return None
    found = geometric_interval(ratios)
    if found is None or len(ratios) < 3:
        centre = math.exp(math.fsum(math.log(ratio) for ratio in ratios) / len(ratios))
        return Comparison(ratio=Interval(value=centre), blocks=len(ratios), finding="too few launches")
    centre, low, high = found
    if low > 1 and centre > 1 + SMALL_CHANGE:
        return Comparison(ratio=Interval(value=centre, low=low, high=high), blocks=len(ratios), finding="faster")
    if high < 1 and centre < 1 / (1 + SMALL_CHANGE):
        return Comparison(ratio=Interval(value=centre, low=low, high=high), blocks=len(ratios), finding="slower")
    return Comparison(
        ratio=Interval(value=centre, low=low, high=high), blocks=len(ratios), finding="no difference shown"
    )


DEVICE_KINDS = ("android", "linux", "ssh", "loopback")


def exit_code(report: Report) -> int:
    """0: every row measured or unsupported; 6: some row failed; 4: device rows were asked for and none was measured."""
    device = [row for row in report.rows if row.target.partition(":")[0] in DEVICE_KINDS]
    if device and all(row.status == "unreachable" for row in device):
        return 4
    failed = ("incorrect", "fell back", "unreachable")
    return 6 if any(row.status in failed for row in report.rows) else 0
