"""What a kept series depends on: whatever changes it measures anew."""

import dataclasses
from pathlib import Path

import pytest

from edgekit import scratch
from edgekit.pipeline import series
from edgekit.progress import Silent
from edgekit.recipe.spec import Plan
from edgekit.target import parse_target
from edgekit.workspace import Workspace


def setting(folder: Path, **changes):
    base = series.Setting(
        workspace=Workspace(folder),
        plan=Plan(launches=3),
        seed=0,
        progress=Silent(),
        say=lambda text: None,
        serial="",
        pythons={},
        fresh=False,
        judged_by={"metric": "top1", "samples": "a"},
    )
    return dataclasses.replace(base, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"judged_by": {"metric": "mse", "samples": "a"}},
        {"judged_by": {"metric": "top1", "samples": "b"}},
        {"plan": Plan(launches=4)},
        {"seed": 1},
        {"serial": "x"},
        {"pythons": {"litert": "/other/python"}},
    ],
)
def test_the_key_changes(tmp_path, changes):
    spec = parse_target("desktop:cpu")
    assert series._key(spec, [], setting(tmp_path)) == series._key(spec, [], setting(tmp_path))
    assert series._key(spec, [], setting(tmp_path)) != series._key(spec, [], setting(tmp_path, **changes))


def test_a_series_that_another_process_measures_is_left_to_it(tmp_path, monkeypatch):
    """A broken series is gone on with, unless somebody is at it right now."""
    seen = []
    monkeypatch.setattr(series, "measure", lambda *_, folder, **__: seen.append(folder))
    spec, said = parse_target("desktop:cpu"), []
    mine = setting(tmp_path, say=said.append)
    key = series._key(spec, [], mine)
    broken = mine.workspace.series_folder("desktop:cpu") / f"{key}-20260101T000000000000"
    broken.mkdir(parents=True)
    series.measure_target(spec, [], mine)
    assert seen == [broken]
    assert said == ["desktop:cpu: going on with a broken series"]
    with scratch.holding(broken):
        series.measure_target(spec, [], mine)
    assert seen[1] != broken
    assert seen[1].name.startswith(key)
    assert "another edgekit is measuring this series" in said[-1]
