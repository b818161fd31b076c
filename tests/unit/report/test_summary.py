"""The sentence of a target: every reason comes from the rule that decided, with the row's own numbers."""

import dataclasses

import pytest
from golden.report_data import CHANGE, LOSS, REPORT, compared, measurement, row

from edgekit.report import render
from edgekit.report.summary import LONGEST, sentences
from edgekit.result import Accuracy, Comparison, Interval
from edgekit.verdict import verdicts

BASE = row("float32", "desktop:cpu", 7000.0)


def said(*rows, **changes):
    """The first target's sentence after what every such sentence begins with."""
    text = sentences(dataclasses.replace(REPORT, rows=rows, **changes))[0].text
    start = "On desktop:cpu, compared with float32: "
    assert text.startswith(start)
    return text.removeprefix(start)


def accuracy(change, metric="top-1", where="target"):
    return Accuracy(metric=metric, where=where, samples=500, value=0.982, change=change)


def small(name="int8", **changes):
    """3.0x smaller in bytes, 2x faster, -0.2 points."""
    values = {"size_bytes": 34104, "compressed_bytes": 25673, "comparison": compared(2.0, "faster")}
    return row(name, "desktop:cpu", 3500.0, **(values | {"accuracy": accuracy(CHANGE)} | changes))


def test_the_golden_report():
    assert [sentence.text for sentence in sentences(REPORT)] == [
        "On desktop:cpu, compared with float32: int8 is 3.0x smaller and 2.0x faster at -0.2 points of top-1; "
        "half did not pay because it costs accuracy: -5.0 points of top-1 [-7.0, -3.0]; "
        "broken was not judged: incorrect (centred cosine is 0.5, at least 0.98 is asked).",
        "On android:*:gpu nothing is compared: float32 is unsupported (no OpenCL on this device).",
    ]


NONE = "no difference shown"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"comparison": compared(1.0, NONE)}, "is 3.0x smaller and as fast at -0.2 points of top-1"),
        ({"size_bytes": 102200, "comparison": compared(1.0, NONE)}, "is 3.5x smaller after zlib and as fast"),
        ({"size_bytes": 204400, "compressed_bytes": 99999}, "is 2.0x larger and 2.0x faster at -0.2 points of top-1"),
        ({"size_bytes": 102199, "compressed_bytes": 90711}, "is as large and 2.0x faster"),
        ({"size_bytes": None}, "is 2.0x faster at -0.2 points of top-1"),
        ({"size_bytes": 1022, "comparison": compared(12.3, "faster")}, "is 100x smaller and 12x faster"),
        ({"comparison": compared(1.06, "faster")}, "is 3.0x smaller and 1.06x faster"),
        ({"accuracy": None}, "is 3.0x smaller and 2.0x faster, accuracy not compared."),
        ({"accuracy": accuracy(CHANGE, where="desktop")}, "at -0.2 points of top-1 (computed on the desktop)."),
        ({"accuracy": accuracy(Interval(value=0.0123), "mse")}, "at +0.0123 mse."),
    ],
)
def test_what_paid(changes, words):
    found = small(**changes)
    assert verdicts(dataclasses.replace(REPORT, rows=(BASE, found)))[1] == "paid"
    assert words in said(BASE, found)


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        (
            {"comparison": compared(0.8, "slower")},
            "did not pay",
            "did not pay because it is slower: speed-up 0.80x [0.75, 0.85].",
        ),
        (
            {"comparison": compared(1.0, NONE), "compressed_bytes": 90000},
            "did not pay",
            "did not pay because it is not faster (speed-up 1.00x [0.95, 1.05]) "
            "and not smaller: 99.2% of the baseline after zlib, at most 95% counts.",
        ),
        (
            {"comparison": compared(1.0, NONE), "compressed_bytes": None},
            "did not pay",
            "did not pay because it is not faster (speed-up 1.00x [0.95, 1.05]) and its size is not known.",
        ),
        (
            {"accuracy": accuracy(LOSS)},
            "costs accuracy",
            "did not pay because it costs accuracy: -5.0 points of top-1 [-7.0, -3.0].",
        ),
        (
            {"comparison": Comparison(ratio=Interval(value=2.0), blocks=2, finding="too few launches")},
            "inconclusive",
            "was not judged: too few launches (2) to tell its speed.",
        ),
        ({"comparison": None}, "inconclusive", "was not judged: it has no launches in the baseline's series."),
        ({"status": "unstable"}, "inconclusive", "was not judged: unstable."),
        (
            {"status": "fell back", "reason": "x" * 500},
            "inconclusive",
            f"was not judged: fell back ({'x' * (LONGEST - 3)}...).",
        ),
    ],
)
def test_what_did_not_pay_and_why(changes, verdict, words):
    found = small(**changes)
    assert verdicts(dataclasses.replace(REPORT, rows=(BASE, found)))[1] == verdict
    assert said(BASE, found) == f"int8 {words}"


def test_a_metric_that_should_fall():
    rise = accuracy(Interval(value=0.02, low=0.01, high=0.03), "mse")
    text = said(BASE, small(accuracy=rise), metric="mse", higher_is_better=False)
    assert text == "int8 did not pay because it costs accuracy: +0.02 mse [+0.01, +0.03]."


def test_an_emulator_tells_no_speed():
    ran = measurement("int8", "desktop:cpu", 3500.0)
    ran = dataclasses.replace(ran, environment=dataclasses.replace(ran.environment, emulator=True))
    assert said(BASE, small(measurement=ran, comparison=None)).endswith("emulator, whose times say nothing.")


def test_the_fastest_first_and_the_same_reason_once():
    rows = [small("a", comparison=compared(1.5, "faster")), small("b")]
    rows += [row(name, "desktop:cpu", status="unsupported", reason="no such kernel") for name in "cde"]
    assert said(BASE, *rows) == (
        "b is 3.0x smaller and 2.0x faster at -0.2 points of top-1; a is 3.0x smaller and 1.5x faster at -0.2 points "
        "of top-1; c, d and e were not judged: unsupported (no such kernel)."
    )


def test_many_variants_are_counted():
    rows = [small(f"v{number}") for number in range(10)]
    rows += [row(f"w{number}", "desktop:cpu", status="incorrect", reason=f"{number}") for number in range(7)]
    text = said(BASE, *rows)
    assert text.endswith("w3 was not judged: incorrect (3); 6 more paid; 3 more did not pay or were not judged.")
    assert text.count(" is 3.0x smaller") == 4
    alike = [row(f"w{number}", "desktop:cpu", status="incorrect", reason="x") for number in range(7)]
    assert said(BASE, *alike) == "w0, w1, w2, w3 and 3 more were not judged: incorrect (x)."


def test_a_device_comes_first_and_nothing_measured_last():
    places = ("loopback:0:cpu", "android:a:gpu", "desktop:cpu", "android:b:cpu")
    rows = [row("float32", place, None if place.endswith("gpu") else 7000.0) for place in places]
    found = sentences(dataclasses.replace(REPORT, rows=tuple(rows)))
    assert [sentence.target for sentence in found] == [places[3], places[0], places[2], places[1]]
    assert found[0].text == "On android:b:cpu float32 takes 7.00 µs an inference; there is nothing to compare it with."


def test_without_a_baseline():
    (sentence,) = sentences(dataclasses.replace(REPORT, rows=(small(),)))
    assert sentence.text == "On desktop:cpu nothing is compared: it has no row of the baseline."


def test_markdown_has_it_escaped():
    report = dataclasses.replace(REPORT, rows=(BASE, small("<b>|*x*")))
    assert "\n\nOn desktop:cpu, compared with float32: \\<b\\>\\|\\*x\\* is 3.0x smaller" in render(report, "md")
