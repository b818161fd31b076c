"""The recurrent recipes from their data to the report, sequences cut short: what people rely on, as numbers."""

import pytest
from recipes.conftest import by_place

pytestmark = pytest.mark.slow  # minutes with the rest: make test-all
TARGETS = ("desktop:cpu", "loopback:0:cpu")
ACCURACY = {"vowels-rnn": 0.8, "digits-speech-rnn": 0.5}
"""Least accuracy of 6 frames: chance is 0.11 and 0.10."""
VARIANTS = ("float32", "int8", "pruned-int8")
PARAMETERS = {"vowels-rnn": (4617, 2889), "digits-speech-rnn": (20618, 12394)}


def test_every_variant_reaches_both_targets(recurrent):
    name, _, report = recurrent
    rows = by_place(report)
    assert set(rows) == {(variant, target) for variant in VARIANTS for target in TARGETS}
    for place, row in rows.items():
        assert row["status"] in ("ok", "unstable"), (place, row["reason"])
        assert row["parity"]["passed"]
        assert row["accuracy"]["where"] == "target"
        assert row["accuracy"]["samples"] == {"vowels-rnn": 370, "digits-speech-rnn": 600}[name]
        assert row["accuracy"]["value"] >= ACCURACY[name]
        assert row["measurement"]["target_parity"]["passed"]
        nodes = row["measurement"]["nodes"]
        assert nodes["delegated"] == nodes["total"] > 0
        assert nodes["partitions"] == 1


def test_a_quarter_of_the_units_goes(recurrent):
    name, _, report = recurrent
    rows = by_place(report)
    before, after = (rows[(variant, "desktop:cpu")] for variant in ("float32", "pruned-int8"))
    assert (before["parameters"], after["parameters"]) == PARAMETERS[name]
    assert after["macs"] < 0.65 * before["macs"]
    assert after["size_bytes"] < before["size_bytes"]


def test_integers_lose_little(recurrent):
    """What a small run can say; three seeds at full size are in docs/figures."""
    rows = by_place(recurrent[2])
    float32, int8 = (rows[(variant, "desktop:cpu")]["accuracy"]["value"] for variant in ("float32", "int8"))
    assert abs(int8 - float32) < 0.02
