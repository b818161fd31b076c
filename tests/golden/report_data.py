"""One report with every kind of row: measured, faster, slower, incorrect, unsupported, desktop-only accuracy."""

import dataclasses

from edgekit.artifact import Parity
from edgekit.result import Accuracy, Comparison, Interval, LaunchRecord, Measurement, Report, Row
from edgekit.runner.protocol import Environment, Memory, Nodes, Phases, Threads

ENVIRONMENT = Environment(
    runner="portable",
    runner_version="0.1.0",
    context="shell",
    runtime="litert",
    runtime_version="2.3.0",
    system="Linux 6.1",
    machine="x86_64",
    cpu="A processor",
    cores=2,
    page_bytes=4096,
)
GOOD = Parity(rule="float32", passed=True, measure="max error / output range", value=3e-7, limit=1e-4, samples=100)
BAD = Parity(
    rule="int8-ptq",
    passed=False,
    measure="centred cosine",
    value=0.5,
    limit=0.98,
    samples=100,
    reason="centred cosine is 0.5, at least 0.98 is asked",
)


def measurement(variant, target, latency):
    launches = tuple(
        LaunchRecord(
            block=block,
            order=0,
            run_file=f"block-{block:03d}-0.run.json",
            samples=100,
            median_latency_ns=round(latency * (1 + 0.01 * block)),
            median_invoke_ns=round(latency * 0.9),
            valid=True,
        )
        for block in range(5)
    )
    return Measurement(
        series="a1b2",
        target=target,
        artifact_sha256="0" * 64,
        variant=variant,
        status="ok",
        latency_ns=Interval(value=latency, low=latency * 0.98, high=latency * 1.02),
        launches=launches,
        nodes=Nodes(total=7, delegated=7, partitions=1),
        threads=Threads(asked=1, seen_before=1, seen_after=1),
        environment=ENVIRONMENT,
        phases=Phases(model_build_ns=500_000, allocate_ns=400_000, first_inference_ns=40_000, warmup_ns=250_000_000),
        memory=Memory(peak_bytes=60_000_000),
    )


def row(variant, target, latency=None, **changes):
    values = {
        "variant": variant,
        "target": target,
        "precision": "float32",
        "status": "ok",
        "size_bytes": 102200,
        "compressed_bytes": 90711,
        "parameters": 24058,
        "macs": 157312,
        "parity": GOOD,
        "runtime": "litert 2.3.0",
        "operators": {"CONV_2D": 3, "FULLY_CONNECTED": 2},
        "tools": {"torch": "2.13.0"},
        "artifact_sha256": "0" * 64,
        "accuracy": Accuracy(metric="top-1", where="target", samples=500, value=0.984),
    }
    if latency is not None:
        found = measurement(variant, target, latency)
        values |= {"measurement": found, "latency_ns": found.latency_ns, "throughput_hz": 1e9 / latency}
    return Row(**(values | changes))


CHANGE = Interval(value=-0.002, low=-0.008, high=0.004)
LOSS = Interval(value=-0.05, low=-0.07, high=-0.03)


def compared(ratio, finding):
    return Comparison(ratio=Interval(value=ratio, low=ratio - 0.05, high=ratio + 0.05), blocks=5, finding=finding)


REPORT = Report(
    edgekit="0.1.0",
    title="golden | <b>*recipe*</b>",
    recipe_sha256="1" * 64,
    created_utc="2026-11-23 12:00 UTC",
    seed=3,
    baseline="float32",
    metric="top-1",
    plan={"launches": 5.0, "min_seconds": 0.5, "min_samples": 64.0, "threads": 1.0, "accuracy_samples": 500.0},
    rows=(
        row("float32", "desktop:cpu", 7000.0),
        row(
            "int8",
            "desktop:cpu",
            3500.0,
            size_bytes=34104,
            compressed_bytes=25673,
            operators={"CONV_2D": 3, "FULLY_CONNECTED": 2, "QUANTIZE": 1},
            artifact_sha256="2" * 64,
            comparison=compared(2.0, "faster"),
            accuracy=Accuracy(metric="top-1", where="target", samples=500, value=0.982, change=CHANGE),
            cautions=("1 of 5 launches disturbed: thermal status 1",),
        ),
        row(
            "half",
            "desktop:cpu",
            7010.0,
            compressed_bytes=90000,
            comparison=compared(0.999, "no difference shown"),
            accuracy=Accuracy(metric="top-1", where="desktop", samples=500, value=0.934, change=LOSS),
        ),
        row("broken", "desktop:cpu", status="incorrect", reason=BAD.reason, parity=BAD, accuracy=None),
        row(
            "float32",
            "android:*:gpu",
            status="unsupported",
            reason="no OpenCL on this device",
            accuracy=None,
            runtime="",
        ),
    ),
    notes=("a note",),
)


def many(count):
    """A report of `count` rows: variants on four targets, of every verdict, each with five launches."""
    rows = []
    for number in range(count // 4):
        finding, ratio = (("faster", 2.0), ("slower", 0.8), ("no difference shown", 1.0))[number % 3]
        change = LOSS if number % 5 == 4 else CHANGE
        for place in range(4):
            values = {"size_bytes": 100_000 + 7 * number, "operators": {"CONV_2D": 3, "ADD": 1 + number % 5}}
            if number:
                value = 0.984 + change.value - number % 50 / 1e4
                values["accuracy"] = Accuracy(metric="top-1", where="target", samples=500, value=value, change=change)
                values["comparison"] = compared(ratio, finding)
                values["cautions"] = (f"caution {number % 10}",)
                values["artifact_sha256"] = f"{number:064x}"
            latency = (7000.0 + (number * 7919 + place) % 97) / ratio if number else 7000.0
            name = f"variant-{number:03d}" if number else "float32"
            rows.append(row(name, f"loopback:{place}:cpu", latency, **values))
    return dataclasses.replace(REPORT, title=f"{count} rows", rows=tuple(rows))
