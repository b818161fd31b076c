"""Which form of a recurrent network a target is told to take."""

from edgekit.pipeline.forms import fastest, form_notes
from edgekit.recipe.spec import VariantSpec
from edgekit.result import Interval, LaunchRecord, Measurement, Row

FORMS = {"v": "unrolled", "v-looped": "looped", "v-fused": "fused"}
VARIANTS = [
    *(
        VariantSpec(name=name, steps=(), precision="float32", recurrent=form, form_of="v")
        for name, form in FORMS.items()
    ),
    VariantSpec(name="other", steps=(), precision="float32"),
]


def row(variant, target, medians, status="ok"):
    launches = tuple(
        LaunchRecord(
            block=block, order=0, run_file="", samples=9, median_latency_ns=int(ns), median_invoke_ns=None, valid=True
        )
        for block, ns in enumerate(medians)
    )
    centre = sum(medians) / len(medians)
    measurement = Measurement(
        series="s", target=target, artifact_sha256="", variant=variant, status=status, launches=launches
    )
    return Row(
        variant=variant, target=target, precision="float32", status=status, measurement=measurement,
        latency_ns=Interval(value=centre),
    )  # fmt: skip


def test_the_fastest_form_of_each_target():
    rows = [
        row("v", "desktop:cpu", [10e3, 10.1e3, 9.9e3]),
        row("v-looped", "desktop:cpu", [20e3, 20.1e3, 19.9e3]),
        row("v-fused", "desktop:cpu", [10.05e3, 10.0e3, 10.05e3]),
        row("v", "android:1:cpu", [40e3, 40.1e3, 39.9e3]),
        row("v-looped", "android:1:cpu", [20e3, 20.1e3, 19.9e3]),
        row("v-fused", "android:1:cpu", [5e3, 5e3, 5e3], status="incorrect"),
        row("v", "android:2:cpu", [1e3, 1.5e3, 2e3], status="unstable"),
        row("v-looped", "android:2:cpu", [4e3, 4e3, 4e3]),
        row("other", "android:1:cpu", [1e3, 1e3, 1e3]),
    ]
    desktop, android, unsteady = form_notes(rows, VARIANTS)
    assert desktop == (
        "recurrent = auto, v on desktop:cpu: unrolled (v, 10.0 µs), 2.00x faster than looped and "
        "1.00x faster than fused, a difference that is not shown"
    )
    assert android == "recurrent = auto, v on android:1:cpu: looped (v-looped, 20.0 µs), 2.00x faster than unrolled"
    assert unsteady.startswith("recurrent = auto, v on android:2:cpu: unrolled (v, 1.50 µs), 2.7")
    assert fastest(rows[3:6]).variant == "v-looped"


def test_nothing_is_said_where_nothing_ran_or_nothing_was_asked():
    rows = [row("v", "desktop:cpu", [1e3, 1e3, 1e3], status="failed")]
    assert form_notes(rows, VARIANTS) == ()
    assert form_notes([row("other", "desktop:cpu", [1e3, 1e3, 1e3])], VARIANTS[3:]) == ()
