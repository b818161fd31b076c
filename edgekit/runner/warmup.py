"""When warm-up has ended: AndroidX microbenchmark's rule, two exponential moving averages that agree."""

from collections.abc import Callable

from edgekit.runner.protocol import Warmup


class WarmupRule:
    """Feed it one duration after another; `done` once the fast and slow averages agree often enough in a row."""

    def __init__(self, rule: Warmup) -> None:
        self.rule = rule
        self.runs = 0
        self.total_ns = 0
        self.agreed = 0
        self._fast = 0.0
        self._slow = 0.0

    def add(self, duration_ns: int) -> None:
        """One more invocation took `duration_ns`."""
        first = self.runs == 0
        self._fast = duration_ns if first else self._fast + self.rule.fast * (duration_ns - self._fast)
        self._slow = duration_ns if first else self._slow + self.rule.slow * (duration_ns - self._slow)
        self.runs += 1
        self.total_ns += duration_ns
        apart = abs(self._fast / self._slow - 1) if self._slow else 0.0
        self.agreed = self.agreed + 1 if apart < self.rule.tolerance else 0

    @property
    def converged(self) -> bool:
        """The averages agreed `in_a_row` times, and both minima are met."""
        rule = self.rule
        return self.agreed >= rule.in_a_row and self.runs >= rule.min_runs and self.total_ns >= rule.min_ns

    @property
    def done(self) -> bool:
        """Converged, or out of time."""
        return self.converged or self.total_ns >= self.rule.max_ns


def warm_up(rule: Warmup, once: Callable[[], int]) -> WarmupRule:
    """Call `once` (returns its duration in ns) until the rule is done."""
    state = WarmupRule(rule)
    while not state.done:
        state.add(once())
    return state
