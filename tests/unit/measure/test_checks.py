"""Which launches count as disturbed, and what the reader is told."""

import dataclasses

import pytest

from edgekit import checks
from edgekit.result import LaunchRecord
from edgekit.runner.protocol import CaseResult, DeviceState, Samples, Threads

STATE = DeviceState(monotonic_ns=0, canary_ns=1000, cpu_max_khz=(2000,), thermal_status=0)
QUIET = CaseResult(
    id="c",
    status="ok",
    threads=Threads(asked=1),
    samples=Samples(latency_ns=(100, 101) * 20, warmup_converged=True),
    before=STATE,
    after=STATE,
)


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        ({"canary_ns": 1090}, ""),
        ({"canary_ns": 1110}, "the canary loop became 1.11 times slower"),
        ({"thermal_status": 2}, "thermal status 2"),
        ({"cpu_max_khz": (1500,)}, "the frequency cap fell from 2000 to 1500 kHz"),
    ],
)
def test_external_evidence(after, problem):
    result = dataclasses.replace(QUIET, after=dataclasses.replace(STATE, **after))
    assert checks.launch_problem(result) == problem


def test_drift_within_a_launch():
    samples = Samples(latency_ns=(100,) * 30 + (107,) * 10)
    assert "1.07 times the first" in checks.launch_problem(dataclasses.replace(QUIET, samples=samples))


def record(valid):
    return LaunchRecord(
        block=0,
        order=0,
        run_file="",
        samples=40,
        median_latency_ns=100,
        median_invoke_ns=90,
        valid=valid,
        reason="" if valid else "thermal status 2",
    )


def test_half_of_the_launches_may_be_disturbed_and_no_more():
    status, cautions = checks.series_state([record(True)] * 3 + [record(False)] * 3, [QUIET], "desktop:cpu")
    assert status == "ok"
    assert "3 of 6 launches disturbed: thermal status 2" in cautions
    status, _ = checks.series_state([record(True)] * 2 + [record(False)] * 3, [QUIET], "desktop:cpu")
    assert status == "unstable"


def test_where_the_latency_comes_from_is_said():
    assert "desktop reference, not a device estimate" in checks.series_state([record(True)], [QUIET], "desktop:cpu")[1]
    cautions = checks.series_state([record(True)], [QUIET], "loopback:0:cpu")[1]
    assert "this computer's CPU through the loopback device, not a phone's" in cautions
