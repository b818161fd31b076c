"""Rewrites one by one, each kept only where the file still computes what it computed before it."""

import contextlib
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.artifact import AppliedRewrite
from edgekit.convert.rewrites.graph import KEPT_CONTROL_FLOW, Graph
from edgekit.convert.schema import Unknown, pack, unpack
from edgekit.errors import ConvertError
from edgekit.runner.engine_litert import Undelegated

TOLERANCE = 1e-5
"""Largest difference of a float output, as a share of its range over the probes."""
LARGEST_STEP = 1
"""Largest difference of a quantized output, in its smallest steps."""
PROBES = 2
"""Seeded inputs that every rewrite is judged on."""
_SEED = 20_240_229
_MOST_IDS = 16
"""Whole numbers of a probe are below this: ids of words or categories, whose tables are at least so long."""
_ROUNDS = 6
_SAID = 200
"""Characters of a runtime's own words."""
_NAMED = 8
"""Places that a record of a rewrite names."""

Rewrite = Callable[[Graph], Sequence[str]]
Watch = Callable[[str, bytes, bytes], None]
Outputs = tuple["NDArray[Any]", ...]


def apply(
    content: bytes, names: Sequence[str], modules: Mapping[str, str], watch: Watch | None = None
) -> tuple[bytes, tuple[AppliedRewrite, ...]]:
    """The file with the rewrites `names`, in that order until none finds a place; `modules`: name -> function.

    `watch(name, before, after)` is called for each that is kept, every time.
    """
    state = _State(content)
    try:
        for _ in range(_ROUNDS):
            before = state.content
            for name in names:
                earlier = state.content
                if name not in state.found or state.found[name].kept:
                    state.try_one(name, _loaded(modules[name]))
                if watch is not None and state.content is not earlier:
                    watch(name, earlier, state.content)
            if state.content is before:
                break
    except Unknown as error:
        raise ConvertError(f"the file cannot be rewritten: {error}", "convert it anew, then rewrite that") from error
    return state.content, tuple(state.found.values())


def _loaded(place: str) -> Rewrite:
    module, _, function = place.partition(":")
    rewrite: Rewrite = getattr(importlib.import_module(module), function)
    return rewrite


class _State:
    """The file so far, what it computes, and what was done to it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.found: dict[str, AppliedRewrite] = {}
        self._outputs: Outputs | None = None

    def try_one(self, name: str, rewrite: Rewrite) -> None:
        """Keep what the rewrite makes of the file where it computes the same."""
        model = unpack(self.content)
        if any(entry.name == KEPT_CONTROL_FLOW for entry in model.metadata or []):
            raise Unknown("its metadata fixes the order of operators by their places")
        graph = Graph(model, evaluate=self._values)
        places = tuple(rewrite(graph))
        if not places:
            return
        graph.clean()
        after = pack(model)
        earlier = self.found.get(name)
        with _runs_here():
            wanted = self._outputs or outputs_of(self.content)
        got, error, reason = _checked(wanted, after)
        if reason:
            self._outputs = wanted
            if earlier is None:
                count, places = len(places), places[:_NAMED]
                self.found[name] = AppliedRewrite(
                    rewrite=name, count=count, places=places, error=error, kept=False, reason=reason
                )
            return
        self.content, self._outputs = after, got
        self.found[name] = AppliedRewrite(
            rewrite=name,
            count=len(places) + (earlier.count if earlier else 0),
            places=((earlier.places if earlier else ()) + places)[:_NAMED],
            error=max(error, earlier.error if earlier else 0.0),
        )

    def _values(self, wanted: Sequence[int]) -> dict[int, "NDArray[Any]"]:
        with _runs_here():
            opened = Undelegated(self.content)
            return opened.values(probe(opened, 0), wanted)


@contextlib.contextmanager
def _runs_here() -> Iterator[None]:
    try:
        yield
    except (ValueError, RuntimeError) as error:
        said = " ".join(str(error).split())[:_SAID]
        raise Unknown(f"it does not run here, so nothing can be verified ({said})") from error


def outputs_of(content: bytes) -> "Outputs":
    """Every output of a file on the seeded inputs, (PROBES, ...) each."""
    opened = Undelegated(content)
    runs = [opened.values(probe(opened, number), opened.outputs) for number in range(PROBES)]
    return tuple(np.stack([run[index] for run in runs]) for index in opened.outputs)


def _checked(wanted: "Outputs", after: bytes) -> tuple["Outputs", float, str]:
    try:
        got = outputs_of(after)
    except (ValueError, RuntimeError) as error:
        return (), float("inf"), f"the runtime refuses the file: {' '.join(str(error).split())[:_SAID]}"
    return got, *difference(wanted, got)


def difference(wanted: "Outputs", got: "Outputs") -> tuple[float, str]:
    """The largest difference of outputs, and why it is too large (or nothing)."""
    if len(wanted) != len(got):
        return float("inf"), f"{len(got)} outputs instead of {len(wanted)}"
    worst = 0.0
    for number, (left, right) in enumerate(zip(wanted, got, strict=True)):
        error, reason = _difference(left, right)
        worst = max(worst, error)
        if reason:
            return error, f"output {number}: {reason}"
    return worst, ""


def _difference(wanted: "NDArray[Any]", got: "NDArray[Any]") -> tuple[float, str]:
    if wanted.shape != got.shape or wanted.dtype != got.dtype:
        return float("inf"), f"{got.dtype}{list(got.shape[1:])} instead of {wanted.dtype}{list(wanted.shape[1:])}"
    if not wanted.size:
        return 0.0, ""
    if wanted.dtype.kind != "f":
        steps = float(np.abs(wanted.astype(np.int64) - got.astype(np.int64)).max())
        limit = LARGEST_STEP if wanted.dtype.itemsize < 4 and wanted.dtype.kind != "b" else 0
        return steps, f"differs by {steps:g} steps, {limit} allowed" if steps > limit else ""
    finite = np.isfinite(wanted)
    if not np.array_equal(finite, np.isfinite(got)):
        return float("inf"), "has other infinite or missing values"
    if not finite.any():
        return 0.0, ""
    left, right = wanted[finite].astype(np.float64), got[finite].astype(np.float64)
    extent = float(left.max() - left.min()) or max(1.0, float(np.abs(left).max()))
    error = float(np.abs(left - right).max()) / extent
    return error, f"differs by {error:.3g} of its range, {TOLERANCE:g} allowed" if error > TOLERANCE else ""


def probe(opened: Undelegated, number: int) -> list["NDArray[Any]"]:
    """Seeded inputs: normal numbers, small ids, the whole range of int8."""
    generator = np.random.default_rng([_SEED, number])
    arrays: list[NDArray[Any]] = []
    for shape, dtype in opened.wanted:
        kind = np.dtype(dtype)
        if kind.kind == "f":
            arrays.append(generator.normal(size=shape).astype(kind))
        elif kind.kind == "b":
            arrays.append(generator.random(size=shape) < 0.5)
        elif kind.itemsize == 1:
            arrays.append(generator.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, size=shape).astype(kind))
        else:
            arrays.append(generator.integers(0, _MOST_IDS, size=shape).astype(kind))
    return arrays
