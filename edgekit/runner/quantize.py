"""Real values to a tensor's integers and back, as TFLite defines it: real = scale * (value - zero point)."""

from typing import TYPE_CHECKING, Any, Protocol

from edgekit.runner.engine import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Scaled(Protocol):
    """A tensor of the runtime, or an output of a run."""

    @property
    def scale(self) -> float | None: ...

    @property
    def zero_point(self) -> int | None: ...


def to_tensor(array: "NDArray[Any]", tensor: Tensor) -> "NDArray[Any]":
    """`array` in the tensor's dtype: floats for an integer tensor are quantized, half to even, saturated."""
    import numpy as np

    dtype = np.dtype(tensor.dtype)
    if array.dtype == dtype:
        return np.ascontiguousarray(array)
    if tensor.scale is not None and np.issubdtype(array.dtype, np.floating) and np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        steps = np.rint(array / np.float32(tensor.scale)) + (tensor.zero_point or 0)
        return np.ascontiguousarray(np.clip(steps, limits.min, limits.max).astype(dtype))
    raise ValueError(f"input {tensor.name} takes {tensor.dtype}, the sample is {array.dtype}")


def to_real(array: "NDArray[Any]", tensor: Scaled) -> "NDArray[Any]":
    """float32 values of an output."""
    import numpy as np

    if tensor.scale is None:
        return array.astype(np.float32)
    steps = array.astype(np.float32) - np.float32(tensor.zero_point or 0)
    return (steps * np.float32(tensor.scale)).astype(np.float32)
