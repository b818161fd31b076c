"""The HTML page without a browser: well-formed, nothing from outside, everything escaped, scales and labels."""

import base64
import dataclasses
import hashlib
import re
from html.parser import HTMLParser

import pytest
from golden.report_data import CHANGE, REPORT, compared, many, row

from edgekit.report import render
from edgekit.report.html import axis, scatter
from edgekit.report.html.tag import joined, tag
from edgekit.result import Accuracy, Interval, LaunchRecord

PLACES = {"x", "y", "x1", "x2", "y1", "y2", "width", "height"}
VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """Elements as (name, attributes), their texts; fails where an end tag has no beginning."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.open = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, name, part=""):
        """Attributes of the elements called so whose class holds `part`."""
        return [found for tag, found in self.elements if tag == name and part in ["", *found.get("class", "").split()]]


def page(report=REPORT):
    return Page(render(report, "html"))


def test_the_frame_of_the_page():
    found = page()
    assert render(REPORT, "html").startswith('<!doctype html>\n<html lang="en">')
    assert ("title", "golden | <b>*recipe*</b> - edgekit report") in found.texts
    assert {"charset": "utf-8"} in found.all("meta")
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in found.all("meta")
    assert len(found.all("h1")) == 1


def test_nothing_comes_from_outside():
    """No address but the icon's empty one, no handler and no style in an attribute, the policy's hashes right."""
    found, text = page(), render(REPORT, "html")
    for name, attributes in found.elements:
        assert not {"src", "srcset", "action", "style", "data", "xlink:href"} & set(attributes), name
        assert not [key for key in attributes if key.startswith("on")], name
        assert attributes.get("href") in (None, "data:,")
    assert "://" not in text
    assert "url(" not in text and "@import" not in text
    (policy,) = (item["content"] for item in found.all("meta") if item.get("http-equiv"))
    for kind in ("style", "script"):
        (content,) = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")


HOSTILE = "\"'><script>alert(1)</script></style><!--\u202e&amp;\ud800\n{{7*7}}"


def hostile(text):
    """The text at every place of a report."""
    first = row(
        f"float32{text}",
        f"desktop{text}:cpu",
        7000.0,
        reason=text,
        cautions=(text,),
        runtime=text,
        precision=text,
        artifact_sha256=text,
        operators={text: 1},
        tools={text: text},
        accuracy=Accuracy(metric=text, where="target", samples=5, value=0.5),
    )
    ran = first.measurement
    launches = tuple(dataclasses.replace(launch, valid=False, reason=text, run_file=text) for launch in ran.launches)
    where = dataclasses.replace(ran.environment, cpu=text, device=text, system=text, versions={text: text})
    first = dataclasses.replace(first, measurement=dataclasses.replace(ran, launches=launches, environment=where))
    second = dataclasses.replace(first, variant=text, status="incorrect")
    return dataclasses.replace(
        REPORT,
        title=text,
        edgekit=text,
        created_utc=text,
        recipe_sha256=text,
        metric=text,
        baseline=first.variant,
        plan={text: 1.0},
        notes=(text,),
        rows=(first, second),
    )


def test_a_hostile_text_is_text_everywhere():
    harmless, found = page(hostile("x")), page(hostile(HOSTILE))
    assert [name for name, _ in found.elements] == [name for name, _ in harmless.elements]
    text = render(hostile(HOSTILE), "html")
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert text.count("<script>") == text.count("</style>") == 1
    shown = HOSTILE.replace("\u202e", "?").replace("\ud800", "?").replace("\n", "?")
    assert ("title", f"{shown} - edgekit report") in found.texts
    assert f"{shown} x" not in shown and sum(shown in words for _, words in found.texts) > 30
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_tags_escape_what_is_no_markup():
    assert tag("p", "a<b", tag("b", '"&'), None, title='"<', hidden=True, open=False, id=None) == (
        '<p title="&quot;&lt;" hidden>a&lt;b<b>&quot;&amp;</b></p>'
    )
    assert tag("meta", http_equiv="x") == '<meta http-equiv="x">'
    assert joined([tag("i"), "<", None], ", ") == "<i></i>, &lt;"


def test_every_variant_is_a_point_that_says_what_it_is():
    text = render(REPORT, "html")
    assert text.count("<title>int8: 34.1 kB, 3.50 µs ±2.0%, speed-up 2.00x [1.95, 2.05], top-1 98.2% (500), ") == 2
    assert "change -0.2 [-0.8, +0.4]; paid</title>" in text
    assert "<title>int8, block 4: 3.64 µs (+4.0%)</title>" in text
    assert "<title>half, build the model: 500 µs</title>" in text
    assert text.count('aria-label="Size against top-1 on desktop:cpu.') == 1
    marks = page().all("svg", "mark")
    assert len(marks) == 3 + 3 + 3 * 5
    assert [mark["tabindex"] for mark in marks].count("0") == 2 + 3, "one point of a chart is reached by the tab key"


def test_a_disturbed_launch_says_why():
    ran = REPORT.rows[0].measurement
    last = dataclasses.replace(ran.launches[-1], valid=False, reason="thermal status 2")
    ran = dataclasses.replace(ran, launches=(*ran.launches[:-1], last))
    report = dataclasses.replace(REPORT, rows=(dataclasses.replace(REPORT.rows[0], measurement=ran),))
    assert "<title>float32, block 4: 7.28 µs (+4.0%); disturbed: thermal status 2</title>" in render(report, "html")


def test_operators_stand_together_and_what_differs_is_marked():
    found = render(REPORT, "html")
    assert "<bdi>float32</bdi>, <bdi>half</bdi>, <bdi>broken</bdi></p>" in found
    assert '<span class="chip changed"><b>1</b>QUANTIZE<small>baseline 0</small></span>' in found
    assert '<span class="chip"><b>3</b>CONV_2D</span>' in found


def test_numbers_carry_their_value_for_sorting():
    found = page()
    headings = [attributes.get("class") for name, attributes in found.elements if name == "th"][:8]
    assert headings == ["text", "text", "text", "number", "number", "number", "number", "number"]
    values = [cell.get("data-v") for cell in found.all("td", "number")]
    assert {"34104", "3500.0", "2.0", "0.982", "-0.002", "24058", "157312", "1.0", "5"} <= set(values)
    assert values.count(None) > 5, "what was not measured has no value"


def test_files_as_they_are_have_no_accuracy():
    rows = tuple(dataclasses.replace(item, accuracy=None) for item in REPORT.rows[:2])
    text = render(dataclasses.replace(REPORT, rows=rows, metric="", recipe_sha256=""), "html")
    assert "Size against latency" in text
    assert "Dashed" not in text
    assert "no recipe: files as they are" in text


def test_an_empty_report_is_a_page():
    found = page(dataclasses.replace(REPORT, rows=(), notes=()))
    assert found.all("table") == []
    assert [text for name, text in found.texts if name == "h2"] == ["Provenance"]


@pytest.mark.parametrize("value", [0.0, -1.0, 5e-324, 1e-300, 1e-29, 1e29, 1e300, 1.7e308])
def test_numbers_of_a_damaged_file_are_drawn_or_left_out(value):
    wild = Interval(value=value, low=-value, high=value)
    ran = REPORT.rows[1].measurement
    launch = LaunchRecord(
        block=2**62, order=0, run_file="", samples=0, median_latency_ns=2**62, median_invoke_ns=0, valid=True
    )
    ran = dataclasses.replace(ran, launches=(launch, *ran.launches), latency_ns=wild)
    bad = dataclasses.replace(
        REPORT.rows[1],
        latency_ns=wild,
        throughput_hz=value,
        size_bytes=int(min(max(value, -1.0), 2**62)),
        compressed_bytes=-1,
        comparison=compared(value, "faster"),
        accuracy=Accuracy(metric="top-1", where="target", samples=0, value=value, change=wild),
        measurement=ran,
    )
    for rows in ((REPORT.rows[0], bad), (bad,), (dataclasses.replace(bad, variant="float32"), bad)):
        found = page(dataclasses.replace(REPORT, rows=rows))
        places = [value for _, attributes in found.elements for key, value in attributes.items() if key in PLACES]
        assert all(0 <= float(place.rstrip("%")) <= 100 for place in places)


def test_charts_of_many_variants_are_bounded():
    report = many(400)
    text = render(report, "html")
    found = Page(text)
    assert len(found.all("figure", "panel")) == 4 * 24
    assert "76 more variants are not drawn; report.json has their launches." in text
    assert len(found.all("td", "number")) % 400 == 0
    points = [mark for mark in found.all("svg", "mark")]
    assert len(points) == 2 * 400 + 4 * 24 * 5
    assert '<text class="label' not in text and 'class="label ' not in text, "too many names to stand side by side"


@pytest.mark.parametrize(
    ("values", "ticks", "log"),
    [
        ([54264.0, 382264.0], ["0", "200 kB", "400 kB"], False),
        ([1000.0, 100000.0], ["1 kB", "2 kB", "5 kB", "10 kB", "20 kB", "50 kB", "100 kB"][:7], True),
        ([7.0, 7.0], ["0", "2 B", "4 B", "6 B"], False),
        ([1.0, 1e12], None, True),
    ],
)
def test_axes_of_amounts(values, ticks, log):
    found = axis.amounts(values, axis.size_words)
    assert found.log is log
    if ticks and len(ticks) <= 6:
        assert [words for _, words in found.ticks] == ticks
    assert 2 <= len(found.ticks) <= 6
    places = [found.at(value) for value, _ in found.ticks]
    assert places == sorted(places) and places[0] >= 0 and places[-1] <= 100
    assert all(0 < found.at(value) < 100 for value in values)


def test_axes_of_shares():
    found = axis.span([0.976, 0.984], axis.share_words, least_width=0.01, most=1.0)
    assert [words for _, words in found.ticks] == ["97.50 %", "97.75 %", "98.00 %", "98.25 %", "98.50 %"]
    top = axis.span([0.99, 1.0], axis.share_words, least_width=0.01, most=1.0)
    assert top.ticks[-1][0] == pytest.approx(1.0)
    flat = axis.span([0.5, 0.5], axis.share_words, least_width=0.01, most=1.0)
    assert flat.high - flat.low == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("text", "short"), [("50.0 kB", "50 kB"), ("2.50 µs", "2.5 µs"), ("100 ns", "100 ns"), ("1.00 s", "1 s")]
)
def test_short_numbers(text, short):
    assert axis.short(text) == short


def test_labels_never_cover_a_point_or_each_other():
    points = [
        scatter.Point(name=f"variant-{number}", verdict="paid", words="", x=float(x), y=float(y))
        for number, (x, y) in enumerate([(10, 5), (11, 5), (50, 5), (50, 5.1), (90, 5), (99, 5)])
    ]
    x = axis.amounts([point.x for point in points], axis.size_words)
    y = axis.span([point.y for point in points], axis.plain_words, least_width=1.0)
    drawn = str(scatter.scatter(points, x, y, label="", x_name="", line=None))
    names = re.findall(r'class="label \w+">([^<]*)<', drawn)
    assert len(set(names)) == len(names) >= 4
    one = str(scatter.scatter([dataclasses.replace(points[0], name="n" * 40)], x, y, label="", x_name="", line=None))
    assert f">{'n' * 21}…<" in one


def test_the_bar_of_an_interval_lies_at_the_baselines_accuracy():
    """The change's interval, not the accuracy's own: a bar that reaches the dashed line shows no difference."""
    text = render(REPORT, "html")
    change = Accuracy(metric="top-1", where="target", samples=500, value=0.982, change=CHANGE)
    assert change.change.high > 0
    (reference,) = set(re.findall(r'y1="([\d.]+)%" x2="100.00%" y2="\1%" class="reference"', text))
    bars = re.findall(r'y1="([\d.]+)%" x2="[\d.]+%" y2="([\d.]+)%" class="bar v-paid"', text)
    assert any(float(low) > float(reference) > float(high) for low, high in bars)
