"""The HTML report in Chromium: what it shows, sorting, the keyboard, both schemes, a phone, hostile texts."""

import dataclasses

import pytest
from golden.report_data import REPORT, many, row

from edgekit.result import Accuracy, Interval

COLUMN = """
const at = [...document.querySelectorAll('table.sortable thead th')].findIndex((th) => th.textContent === arguments[0]);
return [...document.querySelectorAll('table.sortable tbody tr')].map((row) => row.cells[at].textContent);
"""
SORTED = "return [...document.querySelectorAll('[aria-sort]')].map((th) => [th.textContent, th.ariaSort]);"
HEADINGS = "return [...document.querySelectorAll('table.sortable thead th')].map((th) => th.textContent)"
TIP = "const tip = document.querySelector('.tip'); return tip.hidden ? null : tip.textContent"
WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


def heading(browser, name):
    """A selector of the button that sorts by a column."""
    return f"table.sortable thead th:nth-child({browser.run(HEADINGS).index(name) + 1}) button"


def test_it_shows_everything(show):
    page = show(REPORT)
    assert page.run("return document.title") == "golden | <b>*recipe*</b> - edgekit report"
    assert page.run("return document.querySelector('.lead').textContent").startswith(
        "On desktop:cpu, compared with float32: int8 is 3.0x smaller and 2.0x faster at -0.2 points of top-1;"
    )
    assert page.run(COLUMN, "variant") == ["float32 *", "int8", "half", "broken", "float32 *"]
    count = "return document.querySelectorAll(arguments[0]).length"
    assert page.run(count, ".pair figure") == 2
    assert page.run(count, ".pair .mark") == 6
    assert page.run(count, ".panel") == 3
    assert page.run(count, ".panel .mark") == 15
    assert page.run(count, ".bars .line") == 3
    assert page.run("return [...document.querySelectorAll('.label')].map((item) => item.textContent).sort()") == [
        *("float32", "float32", "half", "half", "int8", "int8"),
    ]


@pytest.mark.parametrize("width", [380, 1280])
def test_every_point_lies_in_its_frame_and_where_its_value_is(show, width):
    page = show(REPORT, width=width, height=800)
    places = page.run("""
        const shown = document.querySelector('.pair .plot').getBoundingClientRect();
        return [...document.querySelectorAll('.pair figure:first-child .mark')].map((mark) => {
          const box = mark.querySelector('.shape').getBoundingClientRect();
          const name = mark.querySelector('title').textContent.split(':')[0];
          const [left, top] = [box.left + box.width / 2 - shown.left, box.top + box.height / 2 - shown.top];
          return [name, left / shown.width, top / shown.height];
        });
    """)
    where = {name: (x, y) for name, x, y in places}
    assert all(0 < x < 1 and 0 < y < 1 for x, y in where.values())
    assert where["int8"][0] / where["float32"][0] == pytest.approx(34104 / 102200, abs=0.02)
    assert where["float32"][1] < where["int8"][1] < where["half"][1], "the most accurate stands highest"


def test_numbers_sort_by_value_both_ways(show):
    values = {"a": 9_000.0, "b": 12_000.0, "c": 1_000_000.0, "d": None, "e": 900.0}
    rows = [row("float32", "desktop:cpu", 20_000.0)]
    rows += [row(name, "desktop:cpu", value, status="ok" if value else "incorrect") for name, value in values.items()]
    page = show(dataclasses.replace(REPORT, rows=tuple(rows)))
    page.click(heading(page, "latency"))
    assert page.run(SORTED) == [["latency", "ascending"]]
    assert page.run(COLUMN, "variant") == ["e", "a", "b", "float32 *", "c", "d"]
    page.click(heading(page, "latency"))
    assert page.run(SORTED) == [["latency", "descending"]]
    assert page.run(COLUMN, "variant") == ["c", "float32 *", "b", "a", "e", "d"], "what was not measured stays last"
    page.click(heading(page, "variant"))
    assert page.run(SORTED) == [["variant", "ascending"]]
    assert page.run(COLUMN, "variant") == ["a", "b", "c", "d", "e", "float32 *"]
    assert page.messages() == []


def test_the_keyboard_sorts(show):
    page = show(REPORT)
    page.run(f"document.querySelector('{heading(page, 'bytes')}').focus()")
    page.press("Enter")
    assert page.run(SORTED) == [["bytes", "ascending"]]
    assert page.run(COLUMN, "variant")[0] == "int8"
    page.press("Space")
    assert page.run(SORTED) == [["bytes", "descending"]]
    assert page.run(COLUMN, "variant")[-1] == "int8"
    page.press("Tab")
    assert page.run("return document.activeElement.textContent") == "latency"


def test_the_keyboard_goes_through_a_chart(show):
    page = show(REPORT)
    page.run("document.querySelector('summary').focus()")
    page.press("Tab")
    assert page.run(TIP).startswith("int8: 34.1 kB, 3.50 µs ±2.0%, speed-up 2.00x")
    page.press("Right")
    assert page.run(TIP).startswith("float32: 102 kB")
    page.press("End")
    assert page.run(TIP).startswith("half: 102 kB")
    page.press("Escape")
    assert page.run(TIP) is None
    page.press("Tab")
    assert page.run("return document.activeElement.closest('figure').querySelector('figcaption').textContent") == (
        "Latency against top-1"
    )
    assert page.messages() == []


def test_hover_names_the_variant(show):
    page = show(REPORT)
    page.point_at(".pair .mark.v-costs-accuracy .hit")
    assert page.run(TIP).startswith("half: 102 kB")
    page.point_at(".stack .mark")
    assert page.run(TIP) == "float32, build the model: 500 µs"
    page.point_at("h1")
    assert page.run(TIP) is None


@pytest.mark.parametrize("dark", [False, True])
def test_both_schemes_can_be_read(show, dark):
    """WCAG's contrast of text: 4.5 at least, of every element that holds text, on the background it stands on."""
    page = show(REPORT, dark=dark)
    light = page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(244, 245, 247)"
    assert light is not dark
    found = page.run("""
        const parse = (text) => text.match(/[\\d.]+/g).map(Number);
        const linear = (value) => (value /= 255) <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
        const luminance = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
        const behind = (element) => {
          for (; element; element = element.parentElement) {
            const color = parse(getComputedStyle(element).backgroundColor);
            if (color.length === 3 || color[3] === 1) return color;
          }
        };
        const least = [];
        for (const element of document.querySelectorAll('main *')) {
          if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
          if (element.tagName === 'title') continue;
          const style = getComputedStyle(element);
          const color = parse(element instanceof SVGElement ? style.fill : style.color);
          const [a, b] = [luminance(color), luminance(behind(element))].sort((x, y) => y - x);
          least.push([(a + .05) / (b + .05), element.textContent]);
        }
        return [least.length, least.sort((x, y) => x[0] - y[0])[0]];
    """)
    assert found[0] > 100
    assert found[1][0] >= 4.5, found[1]


@pytest.mark.parametrize("width", [320, 380, 768, 1280])
def test_the_page_never_scrolls_sideways(show, width):
    long = row("n" * 200, "android:" + "x" * 100 + ":cpu", 7000.0, reason="r" * 300, status="unstable")
    report = dataclasses.replace(REPORT, rows=(*REPORT.rows, long), title="t" * 120)
    page = show(report, width=width, height=800)
    page.run("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    assert page.run(WIDE) == 0
    table = "const box = document.querySelector('.scroll'); return [box.scrollWidth > box.clientWidth, box.clientWidth]"
    scrolls, shown = page.run(table)
    assert scrolls and shown <= width


@pytest.mark.parametrize("width", [380, 1280])
def test_no_text_of_a_chart_covers_another_or_leaves_the_page(show, width):
    near = Accuracy(metric="top-1", where="target", samples=500, value=0.983, change=Interval(value=-0.001))
    rows = [
        row(f"another-variant-{number}", "desktop:cpu", 6900.0 + 40 * number, accuracy=near, size_bytes=99_000 + number)
        for number in range(5)
    ]
    page = show(dataclasses.replace(REPORT, rows=(*REPORT.rows, *rows)), width=width, height=800)
    overlaps = page.run("""
        const found = [];
        for (const plot of document.querySelectorAll('svg.plot')) {
          const texts = [...plot.querySelectorAll('text')];
          const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
          boxes.forEach(([name, a], number) => {
            if (a.left < 0 || a.right > innerWidth) found.push(name);
            for (const [other, b] of boxes.slice(number + 1)) {
              if (a.left < b.right && b.left < a.right && a.top + 3 < b.bottom - 3 && b.top + 3 < a.bottom - 3) {
                found.push(`${name} and ${other}`);
              }
            }
          });
        }
        return found;
    """)
    assert overlaps == []


HOSTILE = (
    "<script>window.owned = 1</script>",
    "\"><img src=x onerror='window.owned = 1'>",
    "</style></title></svg><svg onload=window.owned=1>",
    "' onmouseover='window.owned = 1",
    "javascript:window.owned=1",
    "\u202e\u2066abc\u2069\u0000\u009b2J",
    "\u05d0\u05d1\u05d2 \u0627\u0628",
    "</script><script>window.owned = 1</script>",
)


def test_hostile_texts_are_shown_and_do_nothing(show):
    rows = [row("float32", "desktop:cpu", 7000.0)]
    for number, text in enumerate(HOSTILE):
        values = {"reason": text, "status": "unstable", "runtime": text, "operators": {text: 1}, "tools": {text: text}}
        rows.append(row(text, "desktop:cpu", 3000.0 + number, cautions=(text,), artifact_sha256=text, **values))
    page = show(dataclasses.replace(REPORT, title=HOSTILE[0], rows=tuple(rows), notes=HOSTILE))
    assert page.run("return document.title") == f"{HOSTILE[0]} - edgekit report"
    shown = ["".join(character if character.isprintable() else "?" for character in text) for text in HOSTILE]
    assert page.run(COLUMN, "variant")[1:] == shown
    page.run("document.querySelectorAll('.mark').forEach((mark) => mark.focus())")
    page.point_at(".pair .mark.v-inconclusive .hit")
    assert page.run(TIP).split(": ")[0] in shown
    page.click(heading(page, "variant"))
    assert page.run("return window.owned === undefined")
    assert page.run("return document.querySelectorAll('img, script, style').length") == 2
    assert page.messages() == []
    assert page.requests() == []


def test_the_policy_stops_a_script_that_got_in(show):
    """Were a text ever written unescaped, the browser would still not run it, and would say so."""
    page = show(REPORT)
    page.run("""
        const script = document.createElement('div');
        script.innerHTML = '<img src="x" onerror="window.owned = 1">';
        document.body.append(script);
    """)
    assert page.run("return new Promise((done) => setTimeout(() => done(window.owned === undefined), 200))")
    assert "Content Security Policy" in page.messages()[0]


def test_a_thousand_rows_sort(show):
    page = show(many(1000))
    page.click(heading(page, "latency"))
    page.click(heading(page, "latency"))
    texts = page.run(COLUMN, "latency")
    numbers = [float(text.split()[0]) * (1000 if "ms" in text else 1) for text in texts]
    assert len(numbers) == 1000
    assert numbers == sorted(numbers, reverse=True)
    assert page.messages() == []


def test_closed_targets_open(show):
    page = show(many(8))
    assert page.run("return [...document.querySelectorAll('details')].map((item) => item.open)") == [True] + 3 * [False]
    page.click("details:nth-of-type(2) summary")
    assert page.run("return document.querySelectorAll('details')[1].querySelector('.panel').clientHeight") > 100
