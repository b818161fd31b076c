"""The sizes that bundles print are those of the AARs that the app's build fetched."""

import json
import sys

import pytest
from android_app import ROOT

pytestmark = pytest.mark.usefixtures("apk")


def test_kept_sizes_are_what_is_measured(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import delegate_sizes

    kept = json.loads((ROOT / "edgekit" / "bundle" / "sizes.json").read_text())
    figures = json.loads((ROOT / "docs" / "figures" / "breadth" / "delegate_sizes.json").read_text())
    assert delegate_sizes.measure() == kept == {key: figures[key] for key in kept}
    sys.modules.pop("delegate_sizes")
