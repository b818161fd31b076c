"""Does an artifact compute what its source computes? The rules and their limits: docs/parity.md."""

import itertools
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
QAT_WITHIN_LSB = 0.99


def check(rule: str, source: Arrays, outputs: BatchOutputs) -> Parity:
    """`source`: the source's outputs on the samples, float32 (for int8-qat: of the fake-quantized network).

    `rule`: float32, fp16, int8-ptq or int8-qat. The worst of several outputs decides.
    """
    floats = outputs.floats()
    worst: Parity | None = None
    for index, (want, got) in enumerate(zip(source, floats, strict=True)):
        found = _broken(rule, want, got) or _RULES[rule](want, got, outputs, index)
        if worst is None or (worst.passed and not found.passed):
            worst = found
    if worst is None:
        raise ValueError("a model without outputs has no parity")
    return worst


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


def _float32(want: NDArray[Any], got: NDArray[Any], _: BatchOutputs, __: int) -> Parity:
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


def _fp16(want: NDArray[Any], got: NDArray[Any], _: BatchOutputs, __: int) -> Parity:
    figures = _figures(want, got)
    # The cosine of the outputs as they are would forgive a wrong filter that a constant part hides: both must hold.
    value = min(figures["cosine"], figures["centred_cosine"])
    return _verdict("fp16", want, "cosine", value, FP16_COSINE, at_most=False, figures=figures)


def _ptq(want: NDArray[Any], got: NDArray[Any], _: BatchOutputs, __: int) -> Parity:
    figures = _figures(want, got)
    if want.ndim != 2 or want.shape[1] < 2:
        return _verdict(
            "int8-ptq",
            want,
            "rmse / output range",
            figures["rmse_of_range"],
            PTQ_RMSE,
            at_most=True,
            figures=figures,
        )
    same = int((want.argmax(axis=1) == got.argmax(axis=1)).sum())
    figures["top1_agreement"] = same / len(want)
    bound = proportion_lower_bound(same, len(want))
    agreement = _verdict(
        "int8-ptq",
        want,
        "lower bound of top-1 agreement",
        bound,
        PTQ_AGREEMENT,
        at_most=False,
        figures=figures,
    )
    if proportion_lower_bound(len(want), len(want)) < PTQ_AGREEMENT:
        return replace(agreement, reason=_too_few(len(want)))
    shape = _verdict(
        "int8-ptq",
        want,
        "centred cosine",
        figures["centred_cosine"],
        PTQ_COSINE,
        at_most=False,
        figures=figures,
    )
    return shape if agreement.passed and not shape.passed else agreement


def _too_few(samples: int) -> str:
    """Not even full agreement on so few samples reaches the bound."""
    needed = next(n for n in itertools.count(samples) if proportion_lower_bound(n, n) >= PTQ_AGREEMENT)
    said = "1 sample is" if samples == 1 else f"{samples} samples are"
    return f"{said} too few to show {PTQ_AGREEMENT:.0%} agreement: {needed} are needed".replace("%", " %")


def _qat(want: NDArray[Any], got: NDArray[Any], outputs: BatchOutputs, index: int) -> Parity:
    scale = outputs.tensors[index].scale
    figures = _figures(want, got)
    if scale is None:
        return replace(_float32(want, got, outputs, index), rule="int8-qat", passed=False, reason="outputs are floats")
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


_RULES = {"float32": _float32, "fp16": _fp16, "int8-ptq": _ptq, "int8-qat": _qat}
