"""Parity's rules on arrays; on converted networks: tests/with_torch/test_convert.py."""

import numpy as np
import pytest

from edgekit.convert import parity
from edgekit.runner.batch import BatchOutputs
from edgekit.runner.engine import Tensor


def agreeing(samples, *, wrong=0):
    """int8-ptq's answer where all but `wrong` of `samples` name the source's class."""
    want = np.eye(2, dtype=np.float32)[np.arange(samples) % 2]
    got = want.copy()
    got[:wrong] = 1 - got[:wrong]
    tensor = Tensor(name="y", shape=(1, 2), dtype="float32")
    return parity.check("int8-ptq", (want,), BatchOutputs(raw=(got,), tensors=(tensor,)))


@pytest.mark.parametrize(
    ("samples", "wrong", "said"),
    [
        (2, 0, "2 samples are too few"),
        (50, 0, "50 samples are too few"),
        (50, 20, "50 samples are too few"),
        (58, 0, "58 samples are too few"),
    ],
)
def test_too_few_samples_say_how_many_are_needed(samples, wrong, said):
    found = agreeing(samples, wrong=wrong)
    assert found.reason == f"{said} to show 95 % agreement: 59 are needed"
    assert (found.passed, found.measure, found.samples) == (False, "lower bound of top-1 agreement", samples)
    assert found.figures["top1_agreement"] == 1 - wrong / samples


def test_59_samples_are_enough():
    assert agreeing(59).passed
    assert agreeing(59, wrong=1).reason == "lower bound of top-1 agreement is 0.9221, at least 0.95 is asked"


def test_one_sample():
    tensor = Tensor(name="y", shape=(1, 2), dtype="float32")
    one = np.array([[0.0, 1.0]], np.float32)
    found = parity.check("int8-ptq", (one,), BatchOutputs(raw=(one,), tensors=(tensor,)))
    assert (found.passed, found.reason) == (False, "1 sample is too few to show 95 % agreement: 59 are needed")
