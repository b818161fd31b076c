"""What a target returned against the desktop: the limits of docs/parity.md, "On a target"."""

import numpy as np
import pytest

from edgekit.pipeline.judge import target_parity
from edgekit.runner.protocol import CaseResult, OutputData, Threads

WANTED = np.linspace(-1, 1, 200, dtype=np.float32).reshape(100, 2)


def parity(raw, **options):
    output = OutputData(name="y", dtype="float32", shape=(1, 2), count=100, data=None)
    result = CaseResult(id="a", status="ok", threads=Threads(asked=1), outputs=(output,))
    return target_parity(result, [raw], [WANTED], **options)


@pytest.mark.parametrize(
    ("error", "rounded", "passed"),
    [(0.9e-3, False, True), (1.1e-3, False, False), (19e-3, True, True), (21e-3, True, False)],
)
def test_the_limit_of_floats_is_wider_where_the_file_rounds_at_run_time(error, rounded, passed):
    raw = WANTED.copy()
    raw[7, 1] += error * 2  # the outputs span 2
    found = parity(raw, rounded=rounded)
    assert found.passed is passed
    assert found.value == pytest.approx(error, rel=1e-3)
    assert found.limit == (2e-2 if rounded else 1e-3)


def test_wrong_outputs_fail_either_way():
    assert not parity(-WANTED, rounded=True).passed
    assert not parity(np.full_like(WANTED, np.nan), rounded=True).passed
