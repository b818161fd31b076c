"""A .tflite file run with every tensor kept, in real values, and how far two tensors are apart over all samples."""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from edgekit.convert.explanation import Figures
from edgekit.errors import ModelFileError
from edgekit.runner import engine, quantize
from edgekit.runner.protocol import DType
from edgekit.tflite import ModelFile, Tensor

Sample = tuple[NDArray[Any], ...]
"""One invocation's inputs in the file's layout, real values (floats for quantized inputs too)."""
_LARGEST_DB = 300.0


class Tally:
    """Sums over samples, from which figures come."""

    def __init__(self) -> None:
        self._count = self._not_finite = 0
        self._sum = self._squares = self._noise = self._largest = 0.0
        self._low, self._high = math.inf, -math.inf

    def add(self, want: NDArray[Any], got: NDArray[Any]) -> None:
        """One sample's values, of equal size."""
        wide, narrow = want.astype(np.float64).ravel(), got.astype(np.float64).ravel()
        sound = np.isfinite(wide) & np.isfinite(narrow)
        if not sound.all():
            self._not_finite += int((~sound & (wide != narrow) & ~(np.isnan(wide) & np.isnan(narrow))).sum())
            wide, narrow = wide[sound], narrow[sound]
        if not wide.size:
            return
        error = np.abs(wide - narrow)
        self._count += wide.size
        self._sum += float(wide.sum())
        self._squares += float((wide**2).sum())
        self._noise += float((error**2).sum())
        self._largest = max(self._largest, float(error.max()))
        self._low, self._high = min(self._low, float(wide.min())), max(self._high, float(wide.max()))

    def figures(self) -> Figures | None:
        """None where nothing was added."""
        if not self._count:
            return (
                None
                if not self._not_finite
                else Figures(max_error_of_range=0.0, rmse_of_range=0.0, snr_db=None, not_finite=self._not_finite)
            )
        spread = self._high - self._low or 1.0
        noise, square = self._noise / self._count, self._squares / self._count
        power = square - (self._sum / self._count) ** 2
        if power <= 1e-12 * square:  # a constant: its size is what counts
            power = square
        snr: float | None = None
        if noise > 0:
            snr = 10 * math.log10(power / noise) if power > 0 else -_LARGEST_DB
            snr = min(max(snr, -_LARGEST_DB), _LARGEST_DB)
        return Figures(
            max_error_of_range=self._largest / spread,
            rmse_of_range=math.sqrt(noise) / spread,
            snr_db=snr,
            not_finite=self._not_finite,
        )


class Kept:
    """A file run sample by sample, real values in and out, every tensor kept."""

    def __init__(self, content: bytes, file: ModelFile, title: str) -> None:
        from edgekit.runner.engine_litert import Undelegated

        self._file, self._title = file, title
        try:
            self._interpreter = Undelegated(content)
        except (ValueError, RuntimeError) as error:
            raise ModelFileError(f"{title} does not run without a delegate: {one_line(error)}") from error

    def values(self, sample: Sample, wanted: Sequence[int]) -> dict[int, NDArray[Any]]:
        """The tensors `wanted`, dequantized, for one sample."""
        tensors = self._file.main.tensors
        try:
            inputs = [as_tensor(array, tensors[i]) for array, i in zip(sample, self._file.main.inputs, strict=True)]
            found = self._interpreter.values(inputs, wanted)
        except (ValueError, RuntimeError) as error:
            raise ModelFileError(f"{self._title} does not run on the samples: {one_line(error)}") from error
        return {index: as_real(array, tensors[index]) for index, array in found.items()}


def as_real(array: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    """Quantized values as float32; all others as they are."""
    return quantize.to_real(array, _described(tensor)) if _is_quantized(tensor) else array


def as_tensor(array: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    """Real values in the tensor's shape and dtype, rounded to its scale where it has one."""
    shaped = array.reshape(tensor.shape) if array.size == tensor.elements else array
    if _is_quantized(tensor):
        return quantize.to_tensor(shaped.astype(np.float32), _described(tensor))
    return np.ascontiguousarray(shaped.astype(tensor.dtype))


def _is_quantized(tensor: Tensor) -> bool:
    held = tensor.quantization
    return held is not None and len(held.scales) == 1 and tensor.dtype in ("int8", "uint8", "int16", "int32")


def _described(tensor: Tensor) -> engine.Tensor:
    assert tensor.quantization is not None
    return engine.Tensor(
        name=tensor.name,
        shape=tensor.shape,
        dtype=cast(DType, tensor.dtype),
        scale=tensor.quantization.scales[0],
        zero_point=(*tensor.quantization.zero_points, 0)[0],
    )


def one_line(error: Exception) -> str:
    """What it says, for a sentence."""
    return " ".join(str(error).split())[:200] or type(error).__name__
