"""Which kept series a run takes: that of the device that answers now, the newest even where the clock was set back."""

import datetime
import json
import time

import pytest
from fakes import FakeTarget
from unit.pipeline.test_series_key import setting

from edgekit.errors import NoDevice
from edgekit.measure.folder import Series, save_complete
from edgekit.pipeline import series
from edgekit.target import parse_target
from edgekit.targets import Identity

SPEC = parse_target("android:10.0.0.7:5555:cpu")


@pytest.fixture
def phone(monkeypatch):
    """The device at SPEC's address: `phone.identities` says which one it is; `measured` are the folders it got."""
    target = FakeTarget({})
    target.measured = []
    monkeypatch.setattr(series, "open_target", lambda *_, **__: target)

    def measure(target, subjects, plan, *, seed, folder, judge, progress):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "design.json").write_text(json.dumps({"device": target.identity().device}))
        done = Series(measurements=(), scores={"device": (float(len(target.measured)),)}, complete=True)
        save_complete(folder, done)
        target.measured.append(folder)
        return done

    monkeypatch.setattr(series, "measure", measure)
    return target


def device(name):
    return [Identity(device=name, boot="")]


def test_each_device_at_an_address_has_its_own_series(tmp_path, phone):
    said = []
    for name, count in (("one", 1), ("one", 1), ("other", 2), ("one", 2), ("other", 2), ("third", 3)):
        phone.identities = device(name)
        found = series.measure_target(SPEC, [], setting(tmp_path, say=said.append))
        assert len(phone.measured) == count
        assert found.scores == {"device": ({"one": 0.0, "other": 1.0, "third": 2.0}[name],)}
    assert sum("reused" in line for line in said) == 3
    assert len(set(phone.measured)) == 3


def test_where_no_device_answers_the_newest_series_is_shown(tmp_path, phone, monkeypatch):
    for name in ("one", "other"):
        phone.identities = device(name)
        series.measure_target(SPEC, [], setting(tmp_path))

    def gone():
        raise NoDevice("no device is attached")

    monkeypatch.setattr(phone, "identity", gone)
    assert series.measure_target(SPEC, [], setting(tmp_path)).scores == {"device": (1.0,)}


@pytest.mark.parametrize("days", [-1, -3650, 3650])
def test_the_newest_series_is_the_newest_after_the_clock_jumped(tmp_path, phone, monkeypatch, days):
    phone.identities = device("one")
    series.measure_target(SPEC, [], setting(tmp_path))
    now = time.time() + days * 86400

    class Jumped(datetime.datetime):
        @classmethod
        def now(cls, zone=None):
            return cls.fromtimestamp(now, zone)

    monkeypatch.setattr(series.datetime, "datetime", Jumped)
    for count in (2, 3):
        series.measure_target(SPEC, [], setting(tmp_path, fresh=True))
        assert len(set(phone.measured)) == count
    assert series.measure_target(SPEC, [], setting(tmp_path)).scores == {"device": (2.0,)}
