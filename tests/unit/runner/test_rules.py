"""Warm-up, sampling, quantization, file names, /proc parsers, node counting: the runner's pure parts."""

import numpy as np
import pytest

from edgekit.runner import quantize, state
from edgekit.runner.case import BadJob, safe_path, take_samples
from edgekit.runner.engine import Tensor
from edgekit.runner.engine_litert import count_nodes
from edgekit.runner.protocol import Nodes, SamplePlan, Warmup
from edgekit.runner.warmup import warm_up

INT8 = Tensor(name="x", shape=(1, 4), dtype="int8", scale=0.5, zero_point=3)


def test_steady_durations_end_warm_up_at_the_minima():
    state_ = warm_up(Warmup(min_runs=30, in_a_row=40, min_ns=0), lambda: 1000)
    assert (state_.runs, state_.converged) == (40, True)
    state_ = warm_up(Warmup(min_runs=30, in_a_row=40, min_ns=100_000), lambda: 1000)
    assert (state_.runs, state_.converged) == (100, True)


def test_a_slow_start_must_settle_first():
    durations = iter([10_000] * 20 + [1000] * 5000)
    state_ = warm_up(Warmup(min_ns=0), lambda: next(durations))
    assert state_.converged
    assert state_.runs > 500  # the slow average needs that long to come within 4 %


def test_what_never_settles_ends_at_the_cap():
    durations = iter([1000, 9000] * 10_000)
    state_ = warm_up(Warmup(max_ns=1_000_000, tolerance=0.001), lambda: next(durations))
    assert not state_.converged
    assert 1_000_000 <= state_.total_ns < 1_010_000


def test_samples_stop_at_minima_and_maxima():
    assert len(take_samples(SamplePlan(min_runs=10, min_ns=0), lambda: (5, 4))) == 10
    assert len(take_samples(SamplePlan(min_runs=1, min_ns=100), lambda: (5, 4))) == 20
    assert len(take_samples(SamplePlan(min_runs=100, min_ns=100, max_runs=7), lambda: (5, 4))) == 7
    assert len(take_samples(SamplePlan(min_runs=100, min_ns=0, max_ns=21), lambda: (5, 4))) == 5


def test_quantize_rounds_half_to_even_and_saturates():
    values = np.array([[0.25, 0.75, -1000.0, 1000.0]], dtype=np.float32)
    assert quantize.to_tensor(values, INT8).tolist() == [[3, 5, -128, 127]]
    assert quantize.to_real(np.array([[3, 5]], dtype=np.int8), INT8).tolist() == [[0.0, 1.0]]


def test_other_dtypes_are_refused():
    with pytest.raises(ValueError, match="input x takes int8, the sample is int64"):
        quantize.to_tensor(np.array([[1]]), INT8)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a\\b", "a\0b"])
def test_file_names_stay_in_the_folder(name, tmp_path):
    with pytest.raises(BadJob, match="leaves the job's folder"):
        safe_path(name, tmp_path)


def test_proc_parsers():
    assert state.status_bytes("Name: x\nVmRSS:\t  1234 kB\n", "VmRSS") == 1234 * 1024
    assert state.status_bytes(None, "VmRSS") is None
    assert state.steal_ticks("cpu  1 2 3 4 5 6 7 99 0 0\ncpu0 1\n") == 99
    assert state.steal_ticks("") is None


def test_nodes_are_counted_by_walking_back():
    operators = [
        ("CONV_2D", [0, 1], [2]),
        ("CUSTOM", [2], [3]),
        ("ADD", [3, 3], [4]),
        ("MUL", [4], [5]),
        ("DELEGATE", [0, 1], [2]),
        ("DELEGATE", [3], [5]),
    ]
    assert count_nodes(operators) == Nodes(total=4, delegated=3, partitions=2, plan_length=3)
    assert count_nodes(operators[:4]) == Nodes(total=4, delegated=0, partitions=0, plan_length=4)
