"""The HTML report: its bytes for the demo's recipe, what the browser says and asks for, and how time grows with rows.

python benchmarks/html_report.py --out FILE     (needs Chromium and chromedriver: `make test-all` installs them)

100 and 1,000 rows are rendered in turn; a round's ratio is of two times measured one after the other. Times are CPU
seconds, Python's and the page's main thread's, so that a machine that is busy elsewhere counts little.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import ROOT, out_argument, write_result

sys.path.insert(0, str(ROOT / "tests"))

from golden.report_data import many  # type: ignore[import-not-found]
from with_browser.browser import Browser  # type: ignore[import-not-found]

from edgekit.report import RENDERERS, render

SORT = """
document.querySelectorAll('table.sortable thead button')[4].click();
document.body.getBoundingClientRect();
"""


def demo(folder: Path, browser: Browser) -> dict[str, Any]:
    """A run of the demo's recipe with a small plan: its page on a phone and a desktop, light and dark."""
    words = [sys.executable, "-m", "edgekit", "run", str(ROOT / "recipes/digits-cnn.toml"), "--quiet"]
    words += ["--workspace", str(folder / "workspace"), "--out", str(folder / "report.txt")]
    words += ["--launches", "3", "--min-seconds", "0.1"]
    done = subprocess.run(words, cwd=ROOT)
    page = folder / "workspace/reports/digits-cnn/report.html"
    messages, requests, sideways = [], [], []
    for width in (380, 1280):
        for dark in (False, True):
            browser.open(page, width=width, dark=dark)
            for button in range(8):
                browser.click(f"table.sortable thead th:nth-child({button + 1}) button")
            sideways.append(browser.run("return document.documentElement.scrollWidth") - width)
            messages += browser.messages()
            requests += [url for url in browser.requests() if url != page.as_uri()]
    return {
        "exit_code": done.returncode,
        "rows": len(json.loads(page.with_suffix(".json").read_text())["rows"]),
        "html_bytes": page.stat().st_size,
        "pages_shown": 4,
        "console_messages": messages,
        "requests": requests,
        "sideways_pixels": max(sideways),
    }


def in_python(format: str, rounds: int) -> dict[str, Any]:
    """Seconds of rendering 100 and 1,000 rows."""
    reports = [many(100), many(1000)]
    seconds: list[list[float]] = [[], []]
    for _ in range(rounds):
        for report, found in zip(reports, seconds, strict=True):
            started = time.process_time()
            render(report, format)
            found.append(time.process_time() - started)
    return _ratio(seconds)


def in_browser(folder: Path, browser: Browser, rounds: int) -> dict[str, Any]:
    """CPU seconds of the page's main thread: to load it, to sort it by latency and lay it out again, and both."""
    pages = [folder / "100.html", folder / "1000.html"]
    for page, rows in zip(pages, (100, 1000), strict=True):
        page.write_text(render(many(rows), "html"))
    browser.devtools("Performance.enable", timeDomain="threadTicks")
    loads: list[list[float]] = [[], []]
    sorts: list[list[float]] = [[], []]
    for _ in range(rounds):
        for page, load, sort in zip(pages, loads, sorts, strict=True):
            browser.open(page)
            loaded = _main_thread_seconds(browser)
            browser.run(SORT)
            load.append(loaded)
            sort.append(_main_thread_seconds(browser) - loaded)
    whole = [[a + b for a, b in zip(*both, strict=True)] for both in zip(loads, sorts, strict=True)]
    bytes_of = {"bytes_100": pages[0].stat().st_size, "bytes_1000": pages[1].stat().st_size}
    return {"load": _ratio(loads), "sort": _ratio(sorts), "load_and_sort": _ratio(whole), **bytes_of}


def _main_thread_seconds(browser: Browser) -> float:
    """Of all tasks since the navigation began."""
    found = browser.devtools("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in found if metric["name"] == "TaskDuration")


def _ratio(seconds: list[list[float]]) -> dict[str, Any]:
    ratios = [large / small for small, large in zip(*seconds, strict=True)]
    return {
        "seconds_100": statistics.median(seconds[0]),
        "seconds_1000": statistics.median(seconds[1]),
        "median_ratio": statistics.median(ratios),
        "ratio_range": [min(ratios), max(ratios)],
        "rounds": len(ratios),
    }


def main() -> None:
    parser = out_argument(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edgekit-html-") as temporary:
        folder = Path(temporary)
        profile = folder / "browser"
        profile.mkdir()
        browser = Browser(profile)
        try:
            result = {
                "demo": demo(folder, browser),
                "python": {format: in_python(format, arguments.rounds) for format in RENDERERS},
                "browser": in_browser(folder, browser, arguments.rounds),
            }
        finally:
            browser.close()
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
