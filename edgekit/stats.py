"""Statistics of measurements, by the standard library. docs/measuring.md says which is used where, and why."""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

CONFIDENCE = 0.95


def beta_cdf(x: float, a: float, b: float) -> float:
    """Regularized incomplete beta function I_x(a, b), by Lentz's continued fraction (Numerical Recipes, 6.4)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_cdf(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    value = d
    for m in range(1, 500):
        for top in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + top * d
            c = 1 + top / c
            d = 1 / (d if abs(d) > tiny else tiny)
            c = c if abs(c) > tiny else tiny
            value *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return math.exp(log_front) * value / a


def t_quantile(probability: float, degrees: int) -> float:
    """Student's t: the value below which a share `probability` (0.5..1) lies, by bisection of its distribution."""
    if degrees < 1:
        raise ValueError("Student's t needs at least one degree of freedom")

    def above(t: float) -> float:
        return 0.5 * beta_cdf(degrees / (degrees + t * t), degrees / 2, 0.5)

    low, high = 0.0, 1.0
    while above(high) > 1 - probability:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) > 1 - probability else (low, middle)
    return (low + high) / 2


def t_interval(values: Sequence[float]) -> tuple[float, float, float] | None:
    """(mean, low, high) at 95 %; None for fewer than two values."""
    if len(values) < 2:
        return None
    mean = statistics.fmean(values)
    half = t_quantile(0.5 + CONFIDENCE / 2, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def geometric_interval(values: Sequence[float]) -> tuple[float, float, float] | None:
    """(geometric mean, low, high): the t interval of the logarithms, exponentiated; None for fewer than two."""
    logs = t_interval([math.log(value) for value in values])
    return None if logs is None else (math.exp(logs[0]), math.exp(logs[1]), math.exp(logs[2]))


def proportion_lower_bound(successes: int, n: int, confidence: float = CONFIDENCE) -> float:
    """One-sided Clopper-Pearson lower bound of a proportion (exact: Clopper & Pearson 1934)."""
    if n == 0 or successes == 0:
        return 0.0
    low, high = 0.0, successes / n
    for _ in range(100):
        middle = (low + high) / 2
        # P(X >= successes | p = middle) = I_p(successes, n - successes + 1)
        low, high = (middle, high) if beta_cdf(middle, successes, n - successes + 1) < 1 - confidence else (low, middle)
    return low


def paired_change(before: Sequence[float], after: Sequence[float]) -> tuple[float, float | None, float | None]:
    """(mean change, low, high) at 95 % of per-sample scores on the same samples.

    Scores of 0 and 1: Agresti & Min 2005's interval for paired proportions (half a sample is added to each of the four
    cells), which keeps a width where no sample changed. Other scores: the t interval of the differences; of one sample
    there is none.
    """
    if len(before) != len(after) or not before:
        raise ValueError("paired scores need the same samples")
    differences = [b - a for a, b in zip(before, after, strict=True)]
    n = len(differences)
    if set(before) | set(after) <= {0.0, 1.0}:
        gained = sum(difference > 0 for difference in differences) + 0.5
        lost = sum(difference < 0 for difference in differences) + 0.5
        total = n + 2
        centre = (gained - lost) / total
        variance = (gained + lost - (gained - lost) ** 2 / total) / total**2
        half = statistics.NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * math.sqrt(variance)
        return statistics.fmean(differences), centre - half, centre + half
    interval = t_interval(differences)
    mean = statistics.fmean(differences)
    return (mean, None, None) if interval is None else interval


def quarter_drift(values: Sequence[float]) -> float:
    """Median of the last quarter over that of the first; 1.0 for fewer than eight values."""
    quarter = len(values) // 4
    if quarter < 2:
        return 1.0
    return statistics.median(values[-quarter:]) / statistics.median(values[:quarter])


def lag_one(values: Sequence[float]) -> float:
    """Autocorrelation at lag 1; 0 where the values do not vary."""
    mean = statistics.fmean(values)
    power = sum((value - mean) ** 2 for value in values)
    if power == 0:
        return 0.0
    return sum((a - mean) * (b - mean) for a, b in pairwise(values)) / power


def outlier_share(values: Sequence[float]) -> float:
    """Share of values whose modified z-score is above 3.5 (Iglewicz & Hoaglin 1993): reported, never removed."""
    middle = statistics.median(values)
    deviation = statistics.median(abs(value - middle) for value in values)
    if deviation == 0:
        return 0.0
    return sum(0.6745 * abs(value - middle) / deviation > 3.5 for value in values) / len(values)


def bimodal(medians: Sequence[float]) -> bool:
    """Launch medians in two groups: the largest gap exceeds three times the spread within both groups it makes."""
    ordered = sorted(medians)
    if len(ordered) < 5:
        return False
    gaps = [b - a for a, b in pairwise(ordered)]
    cut = gaps.index(max(gaps)) + 1
    if not 2 <= cut <= len(ordered) - 2:
        return False
    within = max(ordered[cut - 1] - ordered[0], ordered[-1] - ordered[cut])
    return gaps[cut - 1] > 3 * within and gaps[cut - 1] > 0.01 * ordered[0]
