"""Which variant a bundle takes and how it is run, by what a report measured. An emulator's times never decide."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from edgekit import units
from edgekit.bundle.contents import Measured, Running
from edgekit.errors import UsageError
from edgekit.result import Report, Row
from edgekit.target import TargetSpec, parse_target
from edgekit.verdict import baselines, verdict

ON_PHONES = ("cpu", "cpu-default", "gpu", "nnapi")
NO_PHONE = "no phone was measured"


def choose_variant(report: Report | None, variants: Sequence[str], baseline: str) -> tuple[str, str]:
    """(name, why): the fastest of the variants that paid, on phones where one was measured, else elsewhere."""
    if report is None:
        return baseline, "the baseline, for nothing was measured"
    known = [row for row in report.rows if row.variant in variants]
    bases = baselines(report)
    for rows, where in ((_phones(known), ""), (_others(known), f"; {NO_PHONE}")):
        paid = [(row, latency) for row, _, latency in rows if verdict(row, bases.get(row.target), report) == "paid"]
        if paid:
            row, latency = min(paid, key=lambda item: item[1])
            return (
                row.variant,
                f"the fastest of those that paid: {units.duration(latency)} on {units.printable(row.target)}{where}",
            )
        if rows:
            return baseline, f"the baseline, for no variant paid on {_targets(rows)}{where}"
    return baseline, "the baseline, for the report holds no latency"


def choose_running(report: Report | None, variant: str, sha256: str, threads: int) -> Running:
    """The delegate that measured best for this very file on phones; XNNPACK where none did."""
    rows = [row for row in report.rows if row.variant == variant] if report else []
    own = [row for row in rows if row.artifact_sha256 == sha256]
    listed = tuple(
        Measured(target=row.target, status="functional" if row.functional else row.status, latency_ns=_latency(row))
        for row in own
    )
    threads = max(1, round(report.plan.get("threads", threads))) if report and own else threads
    phones = _phones(own)
    if phones:
        delegate, why = _best(phones)
        threads = 1 if delegate == "cpu-default" else threads
        return Running(delegate=delegate, threads=threads, why=why, on_a_phone=True, rows=listed)
    return Running(
        delegate="cpu", threads=threads, why=_without_phone(rows, own, threads), on_a_phone=False, rows=listed
    )


def without_an_iphone(found: Running, threads: int) -> Running:
    """For iOS: edgekit measures no iPhone, and another device's delegate is no answer for one."""
    said = "1 thread is" if threads == 1 else f"{threads} threads are"
    why = f"no iPhone was measured: {said} the plan's"
    return replace(found, delegate="cpu", threads=threads, why=why, on_a_phone=False)


def _best(rows: Sequence[tuple[Row, TargetSpec, float]]) -> tuple[str, str]:
    """The delegate with the lowest geometric mean over phones, of those measured on every one of them."""
    phones = {spec.address for _, spec, _ in rows}
    by_delegate: dict[str, dict[str, float]] = {}
    for _, spec, latency in rows:
        by_delegate.setdefault(spec.delegate, {})[spec.address] = latency
    whole = {name: found for name, found in by_delegate.items() if found.keys() == phones} or by_delegate
    means = {name: math.exp(math.fsum(map(math.log, found.values())) / len(found)) for name, found in whole.items()}
    best = min(means, key=lambda name: means[name])
    listed = ", ".join(
        f"{name} {units.duration(mean)}" for name, mean in sorted(means.items(), key=lambda item: item[1])
    )
    if len(means) == 1:
        return best, f"the only delegate measured on {_targets(rows)}: {listed}"
    over = f" (geometric means over {len(phones)} phones)" if len(phones) > 1 else ""
    return best, f"the fastest on {_targets(rows)}: {listed}{over}"


def _without_phone(rows: Sequence[Row], own: Sequence[Row], threads: int) -> str:
    default = f"XNNPACK on {threads} thread{'' if threads == 1 else 's'} is a default, not a finding"
    if not rows:
        return f"nothing was measured: {default}"
    if not own:
        return f"the report measured another file of this variant: {default}"
    times = [f"{units.printable(str(spec))} {units.duration(latency)}" for _, spec, latency in _others(own)]
    emulator = " but an emulator, whose times say nothing" if any(row.functional for row in own) else ""
    if not times:
        return f"{NO_PHONE}{emulator}: {default}"
    return f"{NO_PHONE}{emulator}: {default}; with it {', '.join(times)}"


def _phones(rows: Iterable[Row]) -> list[tuple[Row, TargetSpec, float]]:
    return [item for item in _timed(rows) if item[1].kind == "android" and item[1].delegate in ON_PHONES]


def _others(rows: Iterable[Row]) -> list[tuple[Row, TargetSpec, float]]:
    return [item for item in _timed(rows) if item[1].kind != "android" and item[1].delegate == "cpu"]


def _timed(rows: Iterable[Row]) -> list[tuple[Row, TargetSpec, float]]:
    """Rows of LiteRT that are ok and have a latency that means something."""
    found = []
    for row in rows:
        latency, spec = _latency(row), _spec(row.target)
        if row.status == "ok" and latency is not None and spec is not None and spec.runtime == "litert":
            found.append((row, spec, latency))
    return found


def _latency(row: Row) -> float | None:
    return None if row.latency_ns is None or row.functional or row.latency_ns.value <= 0 else row.latency_ns.value


def _spec(target: str) -> TargetSpec | None:
    try:
        return parse_target(target)
    except UsageError:  # a report from elsewhere
        return None


def _targets(rows: Sequence[tuple[Row, TargetSpec, float]]) -> str:
    return units.printable(", ".join(dict.fromkeys(str(spec) for _, spec, _ in rows)))  # a report from elsewhere
