"""What disturbs a measurement, from evidence outside it; a launch is never dropped for being slow."""

from collections.abc import Sequence

from edgekit.result import LaunchRecord, Status
from edgekit.runner.protocol import CaseResult
from edgekit.stats import bimodal, geometric_interval, lag_one, outlier_share, quarter_drift

CANARY_RISE = 1.10
"""The canary loop after the samples over the one before: clocks fell, or the core was shared."""
DRIFT = 1.05
"""Median of a launch's last quarter over its first."""
THERMAL_NONE = 0
UNSTABLE_SHARE = 0.5
"""A series with a larger share of disturbed launches is `unstable`."""
WIDE = 0.05
"""Half-width of the interval, as a share, above which the measurement carries a caution."""
EMULATOR = "emulator: functional, how long it took is no latency"
"""The caution of every row that an emulator gave."""


def launch_problem(result: CaseResult) -> str:
    """Why a launch was disturbed, or nothing."""
    before, after = result.before, result.after
    if before and after:
        if (after.thermal_status or 0) > THERMAL_NONE:
            return f"thermal status {after.thermal_status}"
        if before.cpu_max_khz and after.cpu_max_khz and max(after.cpu_max_khz) < max(before.cpu_max_khz):
            return f"the frequency cap fell from {max(before.cpu_max_khz)} to {max(after.cpu_max_khz)} kHz"
        if before.canary_ns and after.canary_ns and after.canary_ns > CANARY_RISE * before.canary_ns:
            return f"the canary loop became {after.canary_ns / before.canary_ns:.2f} times slower"
    drift = quarter_drift(result.samples.latency_ns)
    if drift > DRIFT:
        return f"the last quarter of the samples is {drift:.2f} times the first"
    return ""


def series_state(
    records: Sequence[LaunchRecord], results: Sequence[CaseResult], target: str
) -> tuple[Status, tuple[str, ...]]:
    """The measurement's status, and what its reader should know."""
    cautions = []
    disturbed = [record for record in records if not record.valid]
    if disturbed:
        cautions.append(f"{len(disturbed)} of {len(records)} launches disturbed: {disturbed[0].reason}")
    if target.startswith("loopback:"):
        cautions.append("this computer's CPU through the loopback device, not a phone's")
    elif target.startswith("desktop:"):
        cautions.append("desktop reference, not a device estimate")
    slow_to_warm = sum(result.samples.warmup_converged is False for result in results)
    if slow_to_warm:
        cautions.append(f"warm-up did not settle in {slow_to_warm} of {len(results)} launches")
    medians = [float(record.median_latency_ns or 0) for record in records]
    found = geometric_interval(medians) if all(medians) else None
    if found is not None and (found[2] - found[1]) / 2 > WIDE * found[0]:
        cautions.append(f"the interval is wider than ±{WIDE:.0%}: more launches, or a quieter machine")
    if bimodal(medians):
        listed = ", ".join(f"{median / 1e3:.1f}" for median in sorted(medians))
        cautions.append(f"launches fall into two groups (µs: {listed})")
    if results and max(outlier_share(result.samples.latency_ns) for result in results) > 0.05:
        cautions.append("over 5 % of a launch's samples are outliers (kept)")
    if results and max(abs(lag_one(result.samples.latency_ns)) for result in results) > 0.2:
        cautions.append("samples within a launch depend on each other (lag-1 above 0.2)")
    unstable = len(disturbed) > UNSTABLE_SHARE * len(records)
    return ("unstable" if unstable else "ok"), tuple(cautions)
