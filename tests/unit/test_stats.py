"""Statistics against published tables, and by simulation."""

import math
import random

import pytest

from edgekit import stats


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.7062047), (2, 4.3026527), (4, 2.7764451), (9, 2.2621572), (30, 2.0422725), (120, 1.9799304)],
)
def test_t_quantile_equals_the_tables(degrees, quantile):
    assert stats.t_quantile(0.975, degrees) == pytest.approx(quantile, abs=1e-6)


def test_beta_cdf_closed_forms():
    assert stats.beta_cdf(0.3, 1, 1) == pytest.approx(0.3, abs=1e-12)
    assert stats.beta_cdf(0.4, 2, 1) == pytest.approx(0.16, abs=1e-12)
    assert stats.beta_cdf(0.9, 2.5, 3.5) + stats.beta_cdf(0.1, 3.5, 2.5) == pytest.approx(1, abs=1e-12)


def test_clopper_pearson_lower_bound():
    # no failure in n: 0.05 ** (1 / n)
    assert stats.proportion_lower_bound(300, 300) == pytest.approx(0.05 ** (1 / 300), abs=1e-9)
    assert stats.proportion_lower_bound(90, 100) == pytest.approx(0.8362, abs=1e-4)
    assert stats.proportion_lower_bound(0, 10) == 0.0


def test_the_interval_of_five_launches_covers():
    generator = random.Random(7)
    hits = 0
    for _ in range(2000):
        medians = [1000 * math.exp(generator.gauss(0, 0.02)) for _ in range(5)]
        _, low, high = stats.geometric_interval(medians)
        hits += low <= 1000 <= high
    assert 0.92 <= hits / 2000 <= 0.98


def test_paired_change_of_shares():
    before, after = [1.0] * 90 + [0.0] * 10, [1.0] * 88 + [0.0] * 12
    mean, low, high = stats.paired_change(before, after)
    assert mean == pytest.approx(-0.02)
    # Agresti & Min: gained 0.5, lost 2.5, of 102
    assert (low, high) == pytest.approx((-0.0526, 0.0134), abs=2e-4)
    same = stats.paired_change(before, before)
    assert same[0] == 0
    assert same[1] < 0 < same[2]


def test_paired_change_of_errors_uses_t():
    mean, low, high = stats.paired_change([1.0, 2.0, 3.0], [1.5, 2.5, 3.7])
    assert mean == pytest.approx(0.5667, abs=1e-4)
    assert high - low == pytest.approx(2 * 4.302653 * 0.11547 / math.sqrt(3), rel=1e-3)


def test_two_groups_are_seen_and_one_is_not():
    assert stats.bimodal([100, 101, 100.5, 110, 111, 110.5, 100.2])
    assert not stats.bimodal([100, 101, 102, 103, 104, 105, 106])


def test_within_launch_signs():
    assert stats.quarter_drift([100.0] * 20 + [110.0] * 20) == pytest.approx(1.1)
    assert stats.quarter_drift([1.0] * 7) == 1.0
    assert stats.lag_one([1.0, 1.0, 1.0]) == 0.0
    assert stats.lag_one([1.0, 2.0] * 50) == pytest.approx(-0.99, abs=0.01)
    assert stats.outlier_share([1.0, 1.1, 0.9, 1.0, 1.05, 50.0]) == pytest.approx(1 / 6)
