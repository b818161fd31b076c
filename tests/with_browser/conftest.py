"""A headless Chromium, started once; skipped with the true reason where there is none."""

import pytest
from android_app import unavailable
from with_browser.browser import Browser, missing

from edgekit.report import render


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    if absent := missing():
        wanted = "scripts/debian_packages.sh chromium:chromium chromedriver:chromium-driver"
        unavailable(f"no {', '.join(absent)} on PATH: as root, {wanted}")
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()


@pytest.fixture
def show(browser, tmp_path):
    """show(report, **how) -> the browser, with the report's page in it; nothing may have been said or asked for."""

    def open_page(report, **how):
        path = tmp_path / "a report & more.html"
        path.write_text(render(report, "html"))
        browser.open(path, **how)
        assert browser.messages() == []
        assert browser.requests() == [path.as_uri()]
        return browser

    return open_page
