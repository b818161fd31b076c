"""The picture of a sensitivity: whole XML, a bar a layer, nothing taken from names as markup."""

import xml.etree.ElementTree as ET

import pytest

from edgekit.artifact import LayerDamage, Sensitivity
from edgekit.report.sensitivity import chart

SVG = "{http://www.w3.org/2000/svg}"


def layer(name, snr, lost=0.0, exception=""):
    return LayerDamage(name=name, operators=2, parameters=10, snr_db=snr, lost_points=lost, exception=exception)


def sensitivity(*layers, **values):
    return Sensitivity(metric="top-1", unit="share", samples=200, layers=layers, **values)


def bars(found, title="v"):
    root = ET.fromstring(chart(found, title))
    rects = [
        (item.get("fill"), float(item.get("width"))) for item in root.iter(f"{SVG}rect") if item.get("height") == "14"
    ]
    return root, rects


def test_longer_bars_for_more_noise_and_a_colour_for_exceptions():
    found = sensitivity(layer("a", 60.0), layer("b", 10.0, 1.5, "float"), layer("c", 35.0), layer("d", None))
    _, rects = bars(found)
    widths = [width for _, width in rects]
    assert widths[1] > widths[2] > widths[0] > widths[3] == 1.0
    assert widths[1] - widths[2] == pytest.approx(widths[2] - widths[0], abs=0.2)  # 25 dB each
    assert [fill == rects[1][0] for fill, _ in rects] == [False, True, False, False]


def test_what_the_words_say():
    made = {"judged": 180, "budget_points": 0.5, "float_points": 98.0, "files_judged": 4}
    found = sensitivity(layer("a", 9.0, 1.5, "int16"), int8_lost_points=1.667, mixed_lost_points=0.0, **made)
    text = "".join(ET.fromstring(chart(found, "v")).itertext())
    assert "int8 loses 1.67 points; with 1 of 1 layers kept out of int8 0.00 (budget 0.5, 180 samples)" in text
    assert "kept in int16" in text
    assert "no mixed file was made of it" in "".join(ET.fromstring(chart(sensitivity(layer("a", 9.0)), "v")).itertext())


def test_names_are_text():
    root, _ = bars(sensitivity(layer("<script>x</script>&", 20.0), layer("y" * 90, -5.0)), "<b>")
    texts = [item.text for item in root.iter(f"{SVG}text")]
    assert "<script>x</script>&" in texts
    assert "…" + "y" * 33 in texts
    assert "Damage of int8 by layer: <b>" in texts


def test_no_layers_and_extreme_noise():
    assert bars(sensitivity())[1] == []
    _, rects = bars(sensitivity(layer("a", -500.0), layer("b", 200.0)))
    assert rects[0][1] < 600
    assert rects[1][1] == 1.0
