"""Another device, or another boot, at the address of the one that is measured: its launches are never mixed in."""

import json

import pytest
from fakes import FakeTarget
from unit.measure.test_series import FACTORS, run

from edgekit.errors import DeviceGone
from edgekit.measure.folder import load_complete, measured_device
from edgekit.targets import Identity

ONE = Identity(device="Pixel 8 R3CN30", boot="b1")
OTHER = Identity(device="Pixel 8 R3CN31", boot="b2")
RESTARTED = Identity(device="Pixel 8 R3CN30", boot="b3")
ALL = 3 + 15
"""Checks and launches of a series; the device is asked once at its start, and before and after each of them."""


def target(*identities):
    made = FakeTarget(FACTORS)
    made.identities = list(identities)
    return made


def launches(folder):
    return sorted(path.name for path in folder.glob("*.run.json"))


@pytest.mark.parametrize("after", [1, 3, 10, 17])
@pytest.mark.parametrize("asked", ["before", "after"])
def test_a_device_that_is_replaced_in_the_middle_ends_the_series(tmp_path, after, asked):
    folder = tmp_path / "series"
    first = target(*[ONE] * (1 + 2 * after + (asked == "after")), OTHER)
    series = run(folder, first)
    assert not series.complete
    assert load_complete(folder) is None
    assert len(launches(folder)) == after, "what the other device answered is not kept"
    reasons = {item.reason for item in series.measurements if item.status == "unreachable"}
    assert reasons == {
        "another device answers for loopback:0:cpu: Pixel 8 R3CN31, measured so far was Pixel 8 R3CN30 (run the same "
        "command again: with the first device it goes on, with the other one it measures that)"
    }
    again = target(ONE)
    assert run(folder, again).complete
    assert len(again.jobs) == ALL - after


def test_with_the_other_device_a_series_begins_anew(tmp_path):
    folder = tmp_path / "series"
    run(folder, target(*[ONE] * 11, OTHER))
    assert measured_device(folder) == ONE.device
    other = target(OTHER)
    series = run(folder, other)
    assert len(other.jobs) == ALL
    assert series.complete
    assert measured_device(folder) == OTHER.device
    assert not any("resumed" in caution for item in series.measurements for caution in item.cautions)


def test_a_restart_in_the_middle_begins_anew(tmp_path):
    folder = tmp_path / "series"
    series = run(folder, target(*[ONE] * 11, RESTARTED))
    (reason,) = {item.reason for item in series.measurements if item.status == "unreachable"}
    assert reason.startswith("the device of loopback:0:cpu was restarted in the middle of the series (run the same")
    again = target(RESTARTED)
    assert run(folder, again).complete
    assert len(again.jobs) == ALL


def test_a_runner_that_died_is_not_tried_again_on_another_device(tmp_path):
    first = FakeTarget(FACTORS, crashes=["models/a"])
    first.identities = [ONE, ONE, OTHER]
    series = run(tmp_path / "series", first)
    assert {item.status for item in series.measurements} == {"unreachable"}
    assert len(first.jobs) == 1


def test_a_device_that_goes_between_two_questions_is_gone(tmp_path):
    class Going(FakeTarget):
        def identity(self):
            if len(self.jobs) == 4:
                raise self.gone_error()
            return super().identity()

    series = run(tmp_path / "series", Going(FACTORS))
    assert not series.complete
    assert any(item.reason == "the device vanished (attach it again)" for item in series.measurements)
    assert len(launches(tmp_path / "series")) == 3
    assert DeviceGone.exit_code == 4


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"device": 3}', b"\xff"])
def test_a_folder_that_does_not_say_whose_it_is(tmp_path, content):
    (tmp_path / "design.json").write_bytes(content)
    assert measured_device(tmp_path) is None
    assert measured_device(tmp_path / "none") is None
    (tmp_path / "design.json").write_text(json.dumps({"device": "x"}))
    assert measured_device(tmp_path) == "x"
