"""Which variant and which delegate a report speaks for: phones first, never an emulator, never another file."""

import dataclasses

from golden.report_data import CHANGE, ENVIRONMENT, LOSS, compared, row

from edgekit.pipeline.bundle_choice import choose_running, choose_variant
from edgekit.result import Accuracy, Report

SHA = "0" * 64
VARIANTS = ("float32", "int8", "half")
DEFAULT = "XNNPACK on 1 thread is a default, not a finding"


def report(*rows, threads=1.0):
    return Report(
        edgekit="0.1.0",
        title="tiny",
        recipe_sha256="1" * 64,
        created_utc="2026-11-25 12:00 UTC",
        seed=0,
        baseline="float32",
        metric="top-1",
        plan={"threads": threads},
        rows=rows,
    )


def faster(variant, target, latency, **changes):
    accuracy = Accuracy(metric="top-1", where="target", samples=500, value=0.98, change=CHANGE)
    return row(variant, target, latency, **{"comparison": compared(2.0, "faster"), "accuracy": accuracy, **changes})


def on_an_emulator(made):
    environment = dataclasses.replace(ENVIRONMENT, emulator=True)
    return dataclasses.replace(made, measurement=dataclasses.replace(made.measurement, environment=environment))


def variant(*rows):
    return choose_variant(report(*rows), VARIANTS, "float32")


def running(*rows, name="int8", sha=SHA, threads=1.0):
    return choose_running(report(*rows, threads=threads), name, sha, 1)


def test_nothing_measured():
    assert choose_variant(None, VARIANTS, "float32") == ("float32", "the baseline, for nothing was measured")
    found = choose_running(None, "int8", SHA, 1)
    assert (found.delegate, found.threads, found.on_a_phone, found.rows) == ("cpu", 1, False, ())
    assert found.why == f"nothing was measured: {DEFAULT}"


def test_the_fastest_that_paid_on_the_desktop_where_no_phone_was_measured():
    rows = (
        row("float32", "desktop:cpu", 7000.0),
        faster("int8", "desktop:cpu", 3500.0),
        faster("half", "desktop:cpu", 3400.0),
    )
    assert variant(*rows) == ("half", "the fastest of those that paid: 3.40 µs on desktop:cpu; no phone was measured")


def test_a_phone_decides_against_the_desktop():
    rows = (
        row("float32", "desktop:cpu", 7000.0),
        faster("half", "desktop:cpu", 100.0),
        row("float32", "android:X:cpu", 9000.0),
        faster("int8", "android:X:cpu", 5000.0),
    )
    assert variant(*rows) == ("int8", "the fastest of those that paid: 5.00 µs on android:X:cpu")


def test_no_variant_paid_on_the_phone():
    """What paid on the desktop is no answer then."""
    loss = Accuracy(metric="top-1", where="target", samples=500, value=0.93, change=LOSS)
    rows = (
        row("float32", "desktop:cpu", 7000.0),
        faster("int8", "desktop:cpu", 100.0),
        row("float32", "android:X:cpu", 9000.0),
        faster("int8", "android:X:cpu", 5000.0, accuracy=loss),
    )
    assert variant(*rows) == ("float32", "the baseline, for no variant paid on android:X:cpu")


def test_an_emulator_decides_nothing():
    rows = (
        on_an_emulator(row("float32", "android:E:cpu", 9000.0)),
        on_an_emulator(faster("int8", "android:E:gpu", 10.0)),
    )
    assert variant(*rows) == ("float32", "the baseline, for the report holds no latency")
    found = running(*rows)
    assert (found.delegate, found.on_a_phone) == ("cpu", False)
    assert found.why == f"no phone was measured but an emulator, whose times say nothing: {DEFAULT}"
    assert [(item.status, item.latency_ns) for item in found.rows] == [("functional", None)]


def test_variants_that_the_recipe_no_longer_has_are_not_chosen():
    rows = (row("float32", "desktop:cpu", 7000.0), faster("gone", "desktop:cpu", 100.0))
    assert variant(*rows)[0] == "float32"


def test_the_fastest_delegate_on_a_phone():
    rows = (
        faster("int8", "android:X:cpu", 5000.0),
        faster("int8", "android:X:gpu", 3000.0),
        faster("int8", "android:X:nnapi", 1000.0, status="fell back"),
        faster("int8", "android:X:cpu-default", 100.0, status="unstable"),
        faster("half", "android:X:nnapi", 10.0),
        faster("int8", "desktop:cpu", 10.0),
    )
    found = running(*rows, threads=2.0)
    assert (found.delegate, found.threads, found.on_a_phone) == ("gpu", 2, True)
    assert found.why == "the fastest on android:X:cpu, android:X:gpu: gpu 3.00 µs, cpu 5.00 µs"
    assert len(found.rows) == 5


def test_cpu_default_has_one_thread_whatever_was_asked():
    found = running(faster("int8", "android:X:cpu-default", 100.0), threads=4.0)
    assert (found.delegate, found.threads) == ("cpu-default", 1)
    assert found.why == "the only delegate measured on android:X:cpu-default: cpu-default 100 ns"


def test_several_phones_a_delegate_must_run_on_all():
    rows = (
        faster("int8", "android:X:cpu", 4000.0),
        faster("int8", "android:X:gpu", 1000.0),
        faster("int8", "android:X:nnapi", 10.0),
        faster("int8", "android:Y:cpu", 1000.0),
        faster("int8", "android:Y:gpu", 9000.0),
    )
    found = running(*rows)
    assert found.delegate == "cpu", "sqrt(4 * 1) < sqrt(1 * 9), and nnapi ran on one of the two"
    assert found.why.endswith("cpu 2.00 µs, gpu 3.00 µs (geometric means over 2 phones)")


def test_a_desktops_gpu_is_no_phones():
    """Nor another runtime, nor a target that this edgekit cannot read."""
    rows = (
        faster("int8", "desktop:gpu", 10.0),
        faster("int8", "desktop:cpu@tensorflow", 20.0),
        faster("int8", "somewhere", 30.0),
        faster("int8", "desktop:cpu", 3500.0),
    )
    found = running(*rows, threads=4.0)
    assert (found.delegate, found.threads, found.on_a_phone) == ("cpu", 4, False)
    assert found.why == (
        "no phone was measured: XNNPACK on 4 threads is a default, not a finding; with it desktop:cpu 3.50 µs"
    )


def test_rows_of_another_file_decide_nothing():
    found = running(faster("int8", "android:X:gpu", 10.0), sha="1" * 64, threads=4.0)
    assert (found.delegate, found.threads, found.on_a_phone, found.rows) == ("cpu", 1, False, ())
    assert found.why == f"the report measured another file of this variant: {DEFAULT}"


def test_a_target_that_would_speak_to_the_terminal():
    """And a plan without a thread."""
    found = running(faster("int8", "android:X\x1b[2J:gpu", 10.0), threads=0.0)
    assert found.threads == 1
    assert found.why == "the only delegate measured on android:X?[2J:gpu: gpu 10 ns"
