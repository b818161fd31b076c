"""A clock that jumps: durations are taken from one that cannot, and ages of files are never negative."""

import ast
import datetime
import json
import os
import time
from pathlib import Path

import pytest
from fakes import FakeTarget
from unit.measure.test_series import FACTORS, run

from edgekit import cache, units
from edgekit.measure.folder import load_complete
from edgekit.workspace import Workspace

PACKAGE = Path(__file__).resolve().parents[2] / "edgekit"
WALL_CLOCK = {
    "cache.py": "ages of files, which carry the wall's time themselves",
    "measure/folder.py": "when a series was finished",
    "device/adb_wire.py": "the time of change of a pushed file",
    "pipeline/series.py": "a folder's name",
    "pipeline/self_test.py": "when a report was made",
    "pipeline/whole.py": "when a report was made",
    "pipeline/files.py": "when a report was made",
}
"""Who may ask for the time of day, and what for: none of it is a duration."""
DAY = 86400.0


def test_who_asks_for_the_time_of_day():
    asking = set()
    for path in PACKAGE.rglob("*.py"):
        calls = (ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        if any(call in ("time.time", "time.time_ns") or call.endswith(("datetime.now", ".utcnow")) for call in calls):
            asking.add(str(path.relative_to(PACKAGE)))
    assert asking == set(WALL_CLOCK)


@pytest.mark.parametrize("jump", [-DAY, 3650 * DAY, -3650 * DAY])
def test_a_jump_while_measuring_changes_no_duration(tmp_path, monkeypatch, jump):
    real, asked = time.time, []

    def jumping():
        asked.append(0)
        return real() + (jump if len(asked) % 2 else 0.0)

    monkeypatch.setattr(time, "time", jumping)
    target = FakeTarget(FACTORS)
    series = run(tmp_path / "series", target)
    monkeypatch.undo()
    assert series.complete
    assert len(target.jobs) == 18
    assert [round(item.latency_ns.value / 100) for item in series.measurements] == [20, 10, 30]
    found, age = load_complete(tmp_path / "series")
    assert found == series
    assert age >= 0


@pytest.mark.parametrize("finished", ["1e300", "-1e300", "Infinity", "NaN", "1" + "0" * 400, '"x"', "null"])
def test_a_series_finished_at_no_time_of_this_world(tmp_path, finished):
    (tmp_path / "complete.json").write_text(f'{{"measurements": [], "scores": {{}}, "finished_unix": {finished}}}')
    found = load_complete(tmp_path)
    assert found is None or (found[1] >= 0 and units.age(found[1]).endswith(" ago"))


def test_the_runner_never_asks_the_wall(tmp_path, monkeypatch):
    """One sample's time, with a clock that goes back a year between any two looks at it."""
    from edgekit.runner.case import take_samples
    from edgekit.runner.protocol import SamplePlan

    times = iter(range(10**9, 0, -365 * 86400))
    monkeypatch.setattr(time, "time", lambda: next(times))
    plan = SamplePlan(min_runs=3, min_ns=0, max_runs=5, max_ns=10**9)
    assert take_samples(plan, lambda: (time.perf_counter_ns() and 1000, 900)) == [(1000, 900)] * 3


def test_adb_shells_waiting_time_is_no_time_of_day(monkeypatch):
    from adb_shell import adb_device

    from edgekit.device.adb_bounded import bounded_device

    bounded_device("unused", 1, 1.0)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert adb_device.time.time() > 0.0
    assert adb_device.time.time() == pytest.approx(time.monotonic(), abs=60)


def stages(tmp_path, ages):
    workspace = Workspace(tmp_path)
    for number, age in enumerate(ages):
        with workspace.build("train", f"{number:016x}") as folder:
            (folder / "weights").write_bytes(b"x" * 1000)
        when = time.time() - age
        os.utime(workspace.find("train", f"{number:016x}") / "used", (when, when))
    return workspace


def test_files_of_the_future_are_new_ones(tmp_path):
    """The clock was set back: what was used before has no age yet, and is not what pruning by age removes."""
    stages(tmp_path, [-400 * DAY, -DAY, 0.0, 10 * DAY])
    ages = [entry.age_seconds for entry in cache.entries(tmp_path)]
    assert min(ages) == 0.0
    assert max(ages) == pytest.approx(10 * DAY, abs=60)
    shown = [line.split("kB")[1].strip() for line in cache.entries_text(cache.entries(tmp_path)).splitlines()[:4]]
    assert shown == ["10 d ago", "0 s ago", "0 s ago", "0 s ago"]
    assert json.loads(cache.entries_json(cache.entries(tmp_path)))[-1]["age_seconds"] == 0.0
    removed = cache.prune(tmp_path, older_than_days=5, to_megabytes=None)
    assert [entry.name for entry in removed] == ["train-0000000000000003"]


def test_pruning_by_size_after_a_jump_keeps_what_fits(tmp_path):
    stages(tmp_path, [-400 * DAY, 400 * DAY, 0.0])
    removed = cache.prune(tmp_path, older_than_days=None, to_megabytes=0.0025)
    assert [entry.name for entry in removed] == ["train-0000000000000001"]
    assert len(cache.entries(tmp_path)) == 2


def test_a_jump_between_two_uses_of_a_stage_loses_nothing(tmp_path, monkeypatch):
    workspace, made = stages(tmp_path, [0.0]), []
    for days in (-3650, 3650):
        now = datetime.datetime.now().timestamp() + days * DAY
        for path in (tmp_path / "stages").rglob("*"):
            os.utime(path, (now, now))
        workspace.kept("train", f"{0:016x}", made.append)
        (entry,) = cache.entries(tmp_path)
        assert 0 <= entry.age_seconds < 60, "used just now, whatever the files' times said"
    assert made == []
