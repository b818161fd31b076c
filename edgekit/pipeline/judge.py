"""What a target returned against what the desktop returned for the same file: no latency without right outputs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.artifact import Parity
from edgekit.errors import ResultError
from edgekit.runner.protocol import CaseResult, OutputData

if TYPE_CHECKING:
    from numpy.typing import NDArray

WITHIN_ONE_LSB = 0.99
"""Least share of integer output elements within one step of the desktop's."""
INT16_STEPS = 16
"""How many steps of int16 count as one of int8 does: a sixteenth of an int8 step. Kernels round their products in their
own way, and int16 shows it: 2.16.1 and LiteRT differ by 2 steps in 7 % of a GRU's outputs."""
COSINE = 0.999
"""Least cosine of the float outputs with the desktop's."""
RELATIVE_ERROR = 1e-3
"""Largest error of a float output, as a share of the output's range on the desktop."""
ROUNDED_ERROR = 2e-2
"""The same where activations are rounded to 8 bits at run time: LiteRT and TFLite 2.16.1 do so differently, and differ
by up to 0.6 % of the range on the text Transformer, with every class the same."""


def read_output(output: OutputData, folder: Path) -> "NDArray[Any]":
    """(count, ...) values in the file's dtype; ResultError where the file has another size than the run says."""
    import numpy as np

    if output.data is None:
        raise ResultError(f"output {output.name} came back without its values")
    shape = (output.count, *output.shape[1:])
    content = (folder / output.data.file).read_bytes()
    dtype = np.dtype(output.dtype).newbyteorder("<")
    expected = int(np.prod(shape)) * dtype.itemsize
    if len(content) != expected:
        raise ResultError(f"output {output.name} has {len(content)} bytes, {expected} expected", path=output.data.file)
    return np.frombuffer(content, dtype=dtype).reshape(shape)


def target_parity(
    result: CaseResult, raws: Sequence["NDArray[Any]"], expected: Sequence["NDArray[Any]"], *, rounded: bool = False
) -> Parity:
    """The worst output decides. `rounded`: the file rounds at run time. Rules: docs/parity.md, "On a target"."""
    limit = ROUNDED_ERROR if rounded else RELATIVE_ERROR
    worst: Parity | None = None
    for output, raw, wanted in zip(result.outputs, raws, expected, strict=True):
        found = _one_output(output, raw, wanted, limit)
        if worst is None or (worst.passed and not found.passed):
            worst = found
    if worst is None:
        raise ResultError(f"case {result.id} came back without outputs")
    return worst


def _one_output(output: OutputData, raw: "NDArray[Any]", wanted: "NDArray[Any]", limit: float) -> Parity:
    import numpy as np

    samples = len(wanted)
    if raw.shape != wanted.shape:
        reason = f"output {output.name} has shape {list(raw.shape)}, the desktop's {list(wanted.shape)}"
        return Parity(
            rule="target", passed=False, measure="shape", value=0.0, limit=0.0, samples=samples, reason=reason
        )
    if np.issubdtype(raw.dtype, np.integer):
        steps = np.abs(raw.astype(np.int64) - wanted.astype(np.int64))
        most = INT16_STEPS if raw.dtype == np.int16 else 1
        share = float(np.mean(steps <= most))
        reason = "" if share >= WITHIN_ONE_LSB else f"{share:.2%} of the outputs within {most} LSB of the desktop's"
        return Parity(
            rule="target",
            passed=not reason,
            measure=f"share within {most} LSB of the desktop",
            value=share,
            limit=WITHIN_ONE_LSB,
            samples=samples,
            figures={"largest_difference_lsb": float(steps.max())},
            reason=reason,
        )
    got: Any = raw.astype(np.float64).ravel()
    want: Any = wanted.astype(np.float64).ravel()
    if not np.isfinite(got).all():
        reason = f"output {output.name} holds NaN or infinity"
        return Parity(
            rule="target", passed=False, measure="finite", value=0.0, limit=1.0, samples=samples, reason=reason
        )
    cosine = float(got @ want / max(np.linalg.norm(got) * np.linalg.norm(want), 1e-30))
    spread: float = float(np.ptp(want)) or 1.0
    error = float(np.abs(got - want).max()) / spread
    reason = "" if cosine >= COSINE and error <= limit else f"error {error:.2e} of the range, cosine {cosine:.6f}"
    return Parity(
        rule="target",
        passed=not reason,
        measure="max error / output range, to the desktop",
        value=error,
        limit=limit,
        samples=samples,
        figures={"cosine": cosine},
        reason=reason,
    )
