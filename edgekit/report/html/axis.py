"""Where a value stands on an axis, in percent, and which values get a tick."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgekit import units

SMALLEST, LARGEST = 1e-30, 1e30
"""Nothing real is smaller (but 0) or larger: such values, from a damaged file, are not drawn."""
LOGARITHMIC = 8
"""From this ratio of the largest to the smallest value on, an axis of sizes or times is logarithmic."""
Words = Callable[[float, float], str]
"""Value and step between ticks -> text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """`low` < `high`; logarithms of both where `log`."""

    low: float
    high: float
    log: bool
    ticks: tuple[tuple[float, str], ...]

    def at(self, value: float) -> float:
        """Percent of the way from `low` to `high`, held within 0..100."""
        place = math.log10(max(value, SMALLEST)) if self.log else value
        return min(100.0, max(0.0, 100 * (place - self.low) / (self.high - self.low)))


def drawable(*values: float | None) -> bool:
    """Whether all are there and have a place on an axis."""
    return all(value is not None and (value == 0 or SMALLEST <= abs(value) <= LARGEST) for value in values)


def amounts(values: Sequence[float], words: Words) -> Axis:
    """For sizes or times, all above 0: from 0 on, or logarithmic."""
    least, most = min(values), max(values)
    if most <= LOGARITHMIC * least:
        return _linear(0.0, most * 1.08, words)
    low, high = math.log10(least), math.log10(most)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    return Axis(low=low, high=high, log=True, ticks=tuple((tick, words(tick, tick)) for tick in _powers(low, high)))


def span(values: Sequence[float], words: Words, *, least_width: float, most: float = math.inf) -> Axis:
    """From the smallest to the largest value with room around them; ticks up to `most`."""
    low, high = min(values), max(values)
    room = max(0.12 * (high - low), (least_width - (high - low)) / 2, 1e-9 * max(abs(low), abs(high)))
    return _linear(low - room, high + room, words, most)


def _linear(low: float, high: float, words: Words, most: float = math.inf) -> Axis:
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = [number * step for number in range(first, last + 1) if number * step <= most * (1 + 1e-9)]
    return Axis(low=low, high=high, log=False, ticks=tuple((tick, words(tick, step)) for tick in ticks))


def _powers(low: float, high: float) -> list[float]:
    """1, 2, 5 times a power of ten; powers of ten alone where these are more than six."""
    powers = [10.0**power for power in range(math.floor(low), math.ceil(high) + 1)]
    for factors in ((1, 2, 5), (1, 3), (1,)):
        ticks = [power * factor for power in powers for factor in factors if low <= math.log10(power * factor) <= high]
        if len(ticks) <= 6:
            break
    return ticks[:: math.ceil(len(ticks) / 6)] if ticks else []


def size_words(value: float, step: float) -> str:
    """`50 kB`."""
    return short(units.size(value)) if value else "0"


def time_words(value: float, step: float) -> str:
    """`2.5 µs`."""
    return short(units.duration(value)) if value else "0"


def share_words(value: float, step: float) -> str:
    """`98.4 %`, with the digits that tell ticks apart."""
    return f"{100 * value:.{_digits(100 * step)}f} %"


def change_words(value: float, step: float) -> str:
    """`+1.5 %` of a share."""
    return f"{100 * value:+.{_digits(100 * step)}f} %" if abs(value) > step / 1000 else "0"


def plain_words(value: float, step: float) -> str:
    """`0.25`."""
    return f"{value:.4g}"


def short(text: str) -> str:
    """`50.0 kB` -> `50 kB`."""
    return re.sub(r"(\.\d*?)0+(?= )", r"\1", text).replace(". ", " ")


def _digits(step: float) -> int:
    shown = next((digits for digits in range(6) if abs(round(step, digits) - step) < 1e-9 * max(1.0, step)), 6)
    return shown
