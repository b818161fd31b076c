"""Does an artifact compute what its source computes? The rules and their limits: docs/parity.md."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.artifact import Parity
from edgekit.runner.batch import BatchOutputs
from edgekit.stats import proportion_lower_bound

Arrays = tuple[NDArray[Any], ...]

FLOAT32_ERROR = 1e-4
"""Largest float32 error as a share of the source's output range."""
FP16_COSINE = 0.999
PTQ_AGREEMENT = 0.95
"""Least one-sided 95 % lower bound of the share of samples with the same top-1 class."""
PTQ_COSINE = 0.98
"""Least cosine of the centred outputs: catches what leaves most top-1 classes as they are."""
PTQ_RMSE = 0.05
"""Regressions: largest root mean square error as a share of the output range."""
INT4_AGREEMENT = 0.90
INT4_COSINE = 0.95
"""Fifteen steps a weight instead of 255: 25 dB more noise, before rounding by what the layers see wins 6 to 9 back."""
INT16_SNR_DB = 30.0
"""int16 activations add nothing that shows; what is left, the noise of int8 weights, lies 38 to 52 dB below."""
QAT_WITHIN_LSB = 0.99


def check(rule: str, source: Arrays, outputs: BatchOutputs, steps: Sequence[float] | None = None) -> Parity:
    """`source`: the source's outputs on the samples, float32 (for int8-qat: of the fake-quantized network).

    `rule`: float32, fp16, int8-ptq, int8-qat, int16x8 or int4. The worst of several outputs decides. `steps`: the scale
    of each output inside a file whose outputs were made float.
    """
    floats = outputs.floats()
    worst: Parity | None = None
    for index, (want, got) in enumerate(zip(source, floats, strict=True)):
        found = _broken(rule, want, got) or _judged(rule, want, got, _step(outputs, steps, index))
        if worst is None or (worst.passed and not found.passed):
            worst = found
    if worst is None:
        raise ValueError("a model without outputs has no parity")
    return worst


def alike(source: Arrays, floats: Arrays) -> bool:
    """What int8-ptq asks besides the same classes, which few samples cannot show: is it still the same function?"""
    for want, got in zip(source, floats, strict=True):
        if _broken("int8-ptq", want, got):
            return False
        figures = _figures(want, got)
        if want.ndim == 2 and want.shape[1] > 1:
            if figures["centred_cosine"] < PTQ_COSINE:
                return False
        elif figures["rmse_of_range"] > PTQ_RMSE:
            return False
    return True


def _step(outputs: BatchOutputs, steps: Sequence[float] | None, index: int) -> float | None:
    scale = outputs.tensors[index].scale
    return steps[index] if scale is None and steps else scale


def _judged(rule: str, want: NDArray[Any], got: NDArray[Any], step: float | None) -> Parity:
    if rule == "int8-qat":
        return _qat(want, got, step)
    if rule == "int8-ptq":
        return _classes(rule, want, got, PTQ_AGREEMENT, PTQ_COSINE)
    if rule == "int4":
        return _classes(rule, want, got, INT4_AGREEMENT, INT4_COSINE)
    return {"float32": _float32, "fp16": _fp16, "int16x8": _int16x8}[rule](want, got)


def _broken(rule: str, want: NDArray[Any], got: NDArray[Any]) -> Parity | None:
    """NaN, infinity, another shape, or a constant where the source is none."""
    reason = ""
    if got.shape != want.shape:
        reason = f"outputs have shape {list(got.shape)}, the source's {list(want.shape)}"
    elif not np.isfinite(got).all():
        reason = "outputs hold NaN or infinity"
    elif np.ptp(got) == 0 and np.ptp(want) > 0:
        reason = f"every output is {got.ravel()[0]:g}"
    if not reason:
        return None
    return Parity(
        rule=rule, passed=False, measure="sound outputs", value=0.0, limit=1.0, samples=len(want), reason=reason
    )


def _figures(want: NDArray[Any], got: NDArray[Any]) -> dict[str, float]:
    wide, narrow = want.astype(np.float64), got.astype(np.float64)
    error = wide - narrow
    spread = float(np.ptp(wide)) or 1.0
    power = float(np.mean((wide - wide.mean()) ** 2))
    noise = float(np.mean(error**2))
    figures = {
        "max_error_of_range": float(np.max(np.abs(error))) / spread,
        "rmse_of_range": noise**0.5 / spread,
        "cosine": _cosine(wide, narrow),
        "centred_cosine": _cosine(wide - wide.mean(axis=0), narrow - wide.mean(axis=0)),
    }
    if noise > 0 and power > 0:
        figures["snr_db"] = 10 * float(np.log10(power / noise))
    return figures


def _cosine(a: NDArray[Any], b: NDArray[Any]) -> float:
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.sum(a * b)) / lengths if lengths else 1.0


def _verdict(
    rule: str, want: NDArray[Any], measure: str, value: float, limit: float, *, at_most: bool, figures: dict[str, float]
) -> Parity:
    passed = value <= limit if at_most else value >= limit
    reason = "" if passed else f"{measure} is {value:.4g}, {'at most' if at_most else 'at least'} {limit:g} is asked"
    return Parity(
        rule=rule,
        passed=passed,
        measure=measure,
        value=value,
        limit=limit,
        samples=len(want),
        figures=figures,
        reason=reason,
    )


def _float32(want: NDArray[Any], got: NDArray[Any]) -> Parity:
    figures = _figures(want, got)
    return _verdict(
        "float32",
        want,
        "max error / output range",
        figures["max_error_of_range"],
        FLOAT32_ERROR,
        at_most=True,
        figures=figures,
    )


def _fp16(want: NDArray[Any], got: NDArray[Any]) -> Parity:
    figures = _figures(want, got)
    # The cosine of the outputs as they are would forgive a wrong filter that a constant part hides: both must hold.
    value = min(figures["cosine"], figures["centred_cosine"])
    return _verdict("fp16", want, "cosine", value, FP16_COSINE, at_most=False, figures=figures)


def _int16x8(want: NDArray[Any], got: NDArray[Any]) -> Parity:
    figures = _figures(want, got)
    value = figures.get("snr_db", math.inf if np.array_equal(want, got) else -math.inf)
    name = "signal-to-noise ratio (dB)"
    return _verdict("int16x8", want, name, value, INT16_SNR_DB, at_most=False, figures=figures)


def _classes(rule: str, want: NDArray[Any], got: NDArray[Any], least_agreement: float, least_cosine: float) -> Parity:
    """Logits of classes by top-1 and centred cosine; anything else by its error, and for int4 by the centred cosine."""
    figures = _figures(want, got)
    centred = figures["centred_cosine"]
    shape = _verdict(rule, want, "centred cosine", centred, least_cosine, at_most=False, figures=figures)
    if want.ndim != 2 or want.shape[1] < 2:
        if rule == "int4":
            return shape
        rmse = figures["rmse_of_range"]
        return _verdict(rule, want, "rmse / output range", rmse, PTQ_RMSE, at_most=True, figures=figures)
    same = int((want.argmax(axis=1) == got.argmax(axis=1)).sum())
    figures["top1_agreement"] = same / len(want)
    bound = proportion_lower_bound(same, len(want))
    name = "lower bound of top-1 agreement"
    agreement = _verdict(rule, want, name, bound, least_agreement, at_most=False, figures=figures)
    if proportion_lower_bound(len(want), len(want)) < least_agreement:
        return replace(agreement, reason=_too_few(len(want), least_agreement))
    return shape if agreement.passed and not shape.passed else agreement


def _too_few(samples: int, least: float) -> str:
    """Not even full agreement on so few samples reaches the bound."""
    needed = next(n for n in itertools.count(samples) if proportion_lower_bound(n, n) >= least)
    said = "1 sample is" if samples == 1 else f"{samples} samples are"
    return f"{said} too few to show {least:.0%} agreement: {needed} are needed".replace("%", " %")


def _qat(want: NDArray[Any], got: NDArray[Any], scale: float | None) -> Parity:
    figures = _figures(want, got)
    if scale is None:
        return replace(_float32(want, got), rule="int8-qat", passed=False, reason="outputs are floats")
    steps = np.abs(np.rint((want.astype(np.float64) - got.astype(np.float64)) / scale))
    figures["largest_difference_lsb"] = float(steps.max(initial=0))
    share = float(np.mean(steps <= 1))
    return _verdict(
        "int8-qat",
        want,
        "share within 1 LSB of the fake-quantized network",
        share,
        QAT_WITHIN_LSB,
        at_most=False,
        figures=figures,
    )
