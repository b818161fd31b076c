"""Which layers does int8 hurt, and which few must stay out of it? Judged on validation samples, never on test.

Damage is measured with one layer alone in int8. All but one in int8 would not show it: a range that one channel spoils
lies between two layers, and stays int8 until both are exceptions.
"""

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.artifact import LayerDamage, Sensitivity
from edgekit.convert import parity
from edgekit.convert.precision_mixed import Mixer
from edgekit.errors import ConvertError
from edgekit.progress import SILENT, Progress, Tick, ignored
from edgekit.recipe.spec import Kept
from edgekit.runner.batch import run_batch

SCREENED = 256
"""Validation samples, at most, that each layer is measured on."""
_SLACK = 1e-9
"""Points: differences of sums, not of answers."""

Outputs = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jury:
    """Validation samples in the file's layout, and the metric on the first `n` of them.

    `points(outputs)`: the metric in points, the higher the better; `outputs` may be of fewer samples than `inputs`.
    """

    inputs: tuple[NDArray[Any], ...]
    metric: str
    unit: str
    points: Callable[[Outputs], float]

    def outputs(self, content: bytes, limit: int | None = None) -> Outputs:
        """The file's float outputs on the first `limit` samples."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "judged.tflite"
            path.write_bytes(content)
            return run_batch(path, [array[:limit] for array in self.inputs]).floats()


def measured(mixer: Mixer, jury: Jury, tick: Tick = ignored) -> Sensitivity:
    """Each layer's damage; `tick` is called once a layer."""
    wanted = jury.outputs(mixer.content, SCREENED)
    best = jury.points(wanted)
    damages = []
    for place, layer in enumerate(mixer.layers):
        tick(0, layer.name)
        others: dict[int, Kept] = {other: "float" for other in range(len(mixer.layers)) if other != place}
        got = jury.outputs(mixer.mixed(others), SCREENED)
        damages.append(
            LayerDamage(
                name=layer.name,
                operators=len(layer.operators),
                parameters=layer.parameters,
                snr_db=_snr(wanted, got),
                lost_points=best - jury.points(got),
            )
        )
        tick(1, layer.name)
    return Sensitivity(metric=jury.metric, unit=jury.unit, samples=len(wanted[0]), layers=tuple(damages))


def _snr(wanted: Outputs, got: Outputs) -> float | None:
    """The worst output's, in dB."""
    found = []
    for want, have in zip(wanted, got, strict=True):
        noise = float(np.mean((want.astype(np.float64) - have) ** 2))
        power = float(np.var(want.astype(np.float64)))
        if noise > 0:
            found.append(10 * math.log10(power / noise) if power > 0 else -math.inf)
    return round(max(min(found), -999.0), 3) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The file within the budget, and the damages with its exceptions marked."""

    content: bytes
    sensitivity: Sensitivity


class _Search:
    """Judges files, each list of exceptions once."""

    def __init__(self, mixer: Mixer, jury: Jury, kept: Kept, tick: Tick) -> None:
        self._mixer, self._jury, self._kept, self._tick = mixer, jury, kept, tick
        self._wanted = jury.outputs(mixer.content)
        self.best = jury.points(self._wanted)
        self._judged: dict[frozenset[int], tuple[float, bool]] = {}

    def lost(self, places: Sequence[int]) -> float:
        """Points that the file with these exceptions loses to the float file."""
        return self._judge(places)[0]

    def within(self, places: Sequence[int], budget: float) -> bool:
        """Within the budget, and still the same function by parity: a few right answers may be luck."""
        lost, alike = self._judge(places)
        return alike and lost <= budget + _SLACK

    def _judge(self, places: Sequence[int]) -> tuple[float, bool]:
        key = frozenset(places)
        if key not in self._judged:
            self._tick(0, f"{len(key)} exceptions")
            got = self._jury.outputs(self.file(places))
            self._judged[key] = self.best - self._jury.points(got), parity.alike(self._wanted, got)
            self._tick(1, f"{len(key)} exceptions")
        return self._judged[key]

    def file(self, places: Sequence[int]) -> bytes:
        return self._mixer.mixed(dict.fromkeys(sorted(places), self._kept))

    @property
    def judged(self) -> int:
        return len(self._judged)

    def least(self) -> tuple[bool, float, list[int]]:
        """The best file that was judged, the shortest list of equal ones: whether it is alike, its loss, its list."""
        best = min(self._judged, key=lambda key: (not self._judged[key][1], self._judged[key][0], len(key)))
        lost, alike = self._judged[best]
        return alike, lost, sorted(best)


def search(
    mixer: Mixer, jury: Jury, damages: Sensitivity, *, budget: float, kept: Kept = "float", tick: Tick = ignored
) -> Found:
    """The smallest list of exceptions found with which the file loses at most `budget` points to the float file, and
    is still the same function by parity.

    Layers in order of their damage: the shortest beginning of that list that is within the budget, then each layer of
    it is tried in int8 again, the least damaged first. Raises ConvertError where no list is within the budget.
    """
    ranked = sorted(range(len(mixer.layers)), key=lambda place: _rank(damages.layers[place]))
    found = _Search(mixer, jury, kept, tick)

    def within(places: Sequence[int]) -> bool:
        return found.within(places, budget)

    chosen: list[int] = []
    if not within(chosen):
        chosen = _shortest(ranked, within)
        if not chosen:
            raise _none(found, mixer, budget, jury, kept)
        for place in reversed(chosen):
            without = [other for other in chosen if other != place]
            if without and within(without):
                chosen = without
    marked = tuple(
        replace(layer, exception=kept if place in chosen else "") for place, layer in enumerate(damages.layers)
    )
    sensitivity = replace(
        damages,
        layers=marked,
        judged=len(jury.inputs[0]),
        budget_points=budget,
        float_points=found.best,
        int8_lost_points=found.lost(()),
        mixed_lost_points=found.lost(chosen),
        files_judged=found.judged,
    )
    return Found(content=found.file(chosen), sensitivity=sensitivity)


def _rank(layer: LayerDamage) -> tuple[float, str]:
    return math.inf if layer.snr_db is None else layer.snr_db, layer.name


def _shortest(ranked: Sequence[int], within: Callable[[Sequence[int]], bool]) -> list[int]:
    """The shortest beginning that is within the budget, found by doubling and then halving; empty: none is."""
    low, high = 0, 1
    while not within(ranked[:high]):
        if high >= len(ranked):
            return []
        low, high = high, min(2 * high, len(ranked))
    while low + 1 < high:
        middle = (low + high) // 2
        if within(ranked[:middle]):
            high = middle
        else:
            low = middle
    return list(ranked[:high])


def _none(found: _Search, mixer: Mixer, budget: float, jury: Jury, kept: Kept) -> ConvertError:
    alike, lost, places = found.least()
    names = ", ".join(mixer.layers[place].name for place in places[:4])
    more = f" and {len(places) - 4} more" if len(places) > 4 else ""
    said = f"with the exceptions {names}{more}" if places else "with no exception"
    return ConvertError(
        f"no list of exceptions in {kept} keeps the loss within {budget:g} points on {len(jury.inputs[0])} validation "
        f"samples: the best of {found.judged} files, {said}, loses {lost:.3g}"
        + ("" if alike else " and computes another function (docs/parity.md)"),
        'raise the budget, or try the other kind: exceptions = "float" or "int16"',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A mixed file, as asked. `damages`: what `measured` found for the same float file."""

    jury: Jury
    damages: Sensitivity
    budget: float
    kept: Kept = "float"
    progress: Progress = SILENT

    def search(self, content: bytes, samples: Sequence[Sequence[Any]], *, ends_are_integers: bool) -> Found:
        """`content`: the float file; `samples`: calibration, one tuple of inputs each."""
        mixer = Mixer(content, samples, ends_are_integers=ends_are_integers)
        with self.progress.task("files judged", None) as tick:
            return search(mixer, self.jury, self.damages, budget=self.budget, kept=self.kept, tick=tick)
