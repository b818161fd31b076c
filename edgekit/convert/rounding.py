"""Which int8 step each weight takes: not the nearest, but the one that leaves the layer's outputs nearest.

Frantar et al. 2023, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers" (arXiv
2210.17323, section 3), written for language models and used here for convolutions: a layer's weights are rounded one
input after another, and the error of each is made up for by the inputs that are still to come, as the second moments of
the layer's inputs say. On EfficientNet-Lite0 rounding to nearest shifts whole channels, because a ReLU's outputs have a
mean; depthwise kernels suffer most.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgekit.convert.layers import WEIGHTED, weighted
from edgekit.tflite import ModelFile, Operator

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIMIT = 127
DAMPING = 0.01
"""Added to the diagonal, as a share of its mean (the paper's)."""
POSITIONS = 64
"""Places of an image, at most, that one sample adds to a convolution's moments."""
SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
"""Of the scale that holds a row's largest weight."""
MOST_ELEMENTS = 8192
"""A layer with more weights an output channel is rounded to nearest: its moments would take over 500 MB."""


class Moments:
    """Sums of x xT over what each weighted operator's kernel sees, from the values of its input tensor.

    `of`: position of the operator -> (elements, elements) float64; depthwise (channels, elements, elements). Padding
    and strides are taken as centred windows of a zero-padded input: only the rounding depends on it.
    """

    def __init__(self, file: ModelFile) -> None:
        import numpy as np

        self.of: dict[int, NDArray[Any]] = {}
        self._generator = np.random.default_rng(0)
        self._layers: list[tuple[int, Operator, tuple[int, ...]]] = []
        for place, operator in enumerate(weighted(file)):
            shape = file.main.tensors[operator.inputs[1]].shape
            if int(np.prod(shape)) // shape[WEIGHTED[operator.name]] <= MOST_ELEMENTS:
                self._layers.append((place, operator, shape))

    def add(self, values: "Mapping[int, NDArray[Any]]") -> None:
        """One more sample's values by tensor."""
        import numpy as np

        for place, operator, shape in self._layers:
            seen = np.ascontiguousarray(_seen(operator, shape, values[operator.inputs[0]], self._generator))
            self.of[place] = self.of.get(place, 0) + (np.swapaxes(seen, -1, -2) @ seen).astype(np.float64)


def _seen(operator: Operator, shape: tuple[int, ...], values: "NDArray[Any]", generator: Any) -> "NDArray[Any]":
    """(places, elements) of the layer's inputs, in the weights' order; depthwise (channels, places, elements)."""
    import numpy as np

    if operator.name == "FULLY_CONNECTED":
        return values.reshape(-1, shape[1])
    height, width = shape[1:3]
    padded = np.pad(values[0], ((height // 2,) * 2, (width // 2,) * 2, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(0, 1))  # (y, x, channel, h, w)
    count = min(POSITIONS, windows.shape[0] * windows.shape[1])
    rows = generator.integers(0, windows.shape[0], count)
    columns = generator.integers(0, windows.shape[1], count)
    chosen: NDArray[Any] = windows[rows, columns]  # (places, channel, h, w)
    if operator.name == "DEPTHWISE_CONV_2D":
        seen = chosen.reshape(count, chosen.shape[1], -1).transpose(1, 0, 2)
        multiplier = shape[3] // len(seen)  # neighbours share their input
        return seen if multiplier == 1 else np.repeat(seen, multiplier, axis=0)
    rows_of_places: NDArray[Any] = chosen.transpose(0, 2, 3, 1).reshape(count, -1)
    return rows_of_places


def round_rows(
    rows: "NDArray[Any]", scales: "NDArray[Any]", moments: "NDArray[Any] | None", limit: int = LIMIT
) -> "NDArray[Any]":
    """(out, elements) weights -> whole steps in -limit..limit of each row's scale. Without moments: to nearest."""
    import numpy as np

    exact = rows.astype(np.float64) / scales[:, None]
    if moments is None or moments.shape[-1] != rows.shape[1]:  # grouped: each group sees other inputs
        nearest: NDArray[Any] = np.rint(exact).clip(-limit, limit).astype(np.int8)
        return nearest
    second = moments if moments.ndim == 3 else moments[None]  # one matrix for all rows, or one for each
    order = np.argsort(-np.diagonal(second, axis1=1, axis2=2).sum(axis=0), kind="stable")
    steps = _compensated(exact[:, order], second[:, order][:, :, order], limit)
    restored: NDArray[Any] = steps[:, np.argsort(order)].astype(np.int8)
    return restored


def _compensated(exact: "NDArray[Any]", moments: "NDArray[Any]", limit: int) -> "NDArray[Any]":
    """Round column after column; what is lost goes to the columns that are left. `moments`: (1 or out, K, K)."""
    import numpy as np

    size = exact.shape[1]
    mean = np.trace(moments, axis1=1, axis2=2) / size
    damped = moments + (DAMPING * mean + 1e-9)[:, None, None] * np.eye(size)
    upper = np.swapaxes(np.linalg.cholesky(np.linalg.inv(damped)), 1, 2)
    left, steps = exact.copy(), np.empty_like(exact)
    for column in range(size):
        steps[:, column] = np.rint(left[:, column]).clip(-limit, limit)
        error = (left[:, column] - steps[:, column]) / upper[:, column, column]
        left[:, column + 1 :] -= error[:, None] * upper[:, column, column + 1 :]
    return steps


def narrower_scales(
    rows: "NDArray[Any]", scales: "NDArray[Any]", moments: "NDArray[Any] | None", limit: int
) -> "NDArray[Any]":
    """Each row's scale, made smaller where clipping its largest weights loses less than coarser steps do.

    What is lost is weighted by the second moment of each input. Pays with few steps (int4), not with 255.
    """
    import numpy as np

    weight: Any = 1.0
    if moments is not None and moments.shape[-1] == rows.shape[1]:
        weight = np.diagonal(moments, axis1=-2, axis2=-1)
    best = np.full(len(rows), np.inf)
    chosen = scales.copy()
    for share in SHARES:
        tried = scales * share
        steps = np.rint(rows / tried[:, None]).clip(-limit, limit)
        lost = ((steps * tried[:, None] - rows) ** 2 * weight).sum(axis=1)
        better = lost < best
        best, chosen = np.where(better, lost, best), np.where(better, tried, chosen)
    result: NDArray[Any] = chosen
    return result
