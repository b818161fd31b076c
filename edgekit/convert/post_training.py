"""Integer files after training: ranges from real samples, weights rounded by what the layers see, biases that fit.

litert-quantizer writes the file; the steps of weights and biases are then written over with the better ones.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgekit.convert import quantize
from edgekit.convert.layers import WEIGHTED, floats, from_rows, to_rows, weighted
from edgekit.convert.rounding import Moments, narrower_scales, round_rows
from edgekit.errors import ConvertError
from edgekit.tflite import ModelFile, Operator, Tensor, read
from edgekit.tflite.patch import Patch
from edgekit.tflite.structure import branch

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIMITS = {"int8": 127, "int4": 7}
"""Largest step of a weight."""
BIAS_STEPS = {"int32": 2**24, "int64": 2**30}
"""A bias takes at most so many steps of input scale x weight scale: as fine as float32, and far from int32's end. An
int16 input's steps are 256 times finer; its int64 bias still fits accumulators of 32 bits.

Where a batch norm switched a channel off, its weights are almost zero and its bias would take more than 2^31 steps:
int32 saturates and the channel's constant is lost (130 channels of EfficientNet-Lite0). Such a channel's weights get a
coarser scale: they matter less than its constant.
"""


def to_static_int8(content: bytes, samples: "Sequence[Sequence[NDArray[Any]]]", runs: bytes = b"") -> bytes:
    """int8 weights and activations, int8 inputs and outputs; `samples`: one tuple of inputs each, never of test.

    A range holds every value that its tensor took. litert-quantizer's own calibration takes a moving average (0.95) of
    each sample's ends, which clips. `runs`: what runs in place of `content`, with the same tensors and more after them.
    """
    file = read(content)
    ranges, moments = observed(runs or content, file, samples)
    return with_rounded_weights(content, file, quantize.to_ranged_int8(content, ranges), moments)


def to_int16x8(content: bytes, samples: "Sequence[Sequence[NDArray[Any]]]") -> bytes:
    """int8 weights, int16 activations, inputs and outputs; ranges as in `to_static_int8`."""
    file = read(content)
    ranges, moments = observed(content, file, samples)
    return with_rounded_weights(content, file, quantize.to_ranged_int16x8(content, ranges), moments)


def to_int4(content: bytes, samples: "Sequence[Sequence[NDArray[Any]]]") -> bytes:
    """int4 weights, in the form that the network's operators allow (quantize.to_int4).

    Each row's scale is the one that loses least on what the layer sees, its steps are rounded as for int8.
    """
    file = read(content)
    ranges, moments = observed(content, file, samples)
    operators = {operator.name for operator in file.main.operators}
    tables = [file.main.tensors[op.inputs[1]] for op in file.main.operators if op.name == "EMBEDDING_LOOKUP"]
    quantized = quantize.to_int4(
        content,
        ranges if operators & {"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"} else None,
        table_width=math.gcd(*(table.shape[-1] for table in tables)),
    )
    return with_rounded_weights(content, file, quantized, moments)


def to_dynamic_int8(content: bytes, samples: "Sequence[Sequence[NDArray[Any]]]", runs: bytes = b"") -> bytes:
    """int8 weights, activations quantized at run time, float inputs and outputs. `runs`: as above."""
    file = read(content)
    _, moments = observed(runs or content, file, samples)
    return with_rounded_weights(content, file, quantize.to_dynamic_int8(content), moments)


def observed(
    content: bytes, file: ModelFile, samples: "Sequence[Sequence[NDArray[Any]]]"
) -> tuple[dict[str, tuple[float, float]], Moments]:
    """Run the float file on the samples: activation tensor -> (smallest, largest) value, and what each layer sees."""
    from edgekit.runner.engine_litert import Undelegated

    if found := branch(file):
        raise ConvertError(
            f"the file has {found}: the ranges of what runs inside are not observed",
            "convert its source unrolled, or a recipe's network with recurrent = 'looped'",
            ops=(found,),
        )
    interpreter, moments = Undelegated(content), Moments(file)
    activations = quantize.activation_tensors(file)
    ranges: dict[str, tuple[float, float]] = {}
    for sample in samples:
        values = interpreter.values(sample, activations)
        moments.add(values)
        for index in activations:
            name = file.main.tensors[index].name
            low, high = ranges.get(name, (float("inf"), float("-inf")))
            ranges[name] = (min(low, float(values[index].min())), max(high, float(values[index].max())))
    return ranges, moments


Rounded = dict[tuple[int, int, int, bytes], tuple[Any, Any]]
"""(position of the layer, largest step, number of scales, smallest scales) -> (scales, steps): kept where many files of
one network are made."""


def with_rounded_weights(
    content: bytes,
    float_file: ModelFile,
    quantized: bytes,
    moments: Moments | Mapping[int, Any],
    kept: Rounded | None = None,
) -> bytes:
    """The quantized file with the weights, their scales and the biases that fit what the layers see."""
    file = read(quantized)
    source, patch = Patch(content), Patch(quantized)
    of = moments.of if isinstance(moments, Moments) else moments
    used = [operator.inputs[1] for operator in weighted(file)]
    for place, (before, after) in enumerate(zip(weighted(float_file), weighted(file), strict=True)):
        tensor = file.main.tensors[after.inputs[1]]
        quantization = tensor.quantization
        if tensor.dtype not in LIMITS or quantization is None or used.count(tensor.index) > 1:
            continue  # left in float, or shared by several operators
        weights = floats(source, float_file, before.inputs[1])
        if weights.shape != tensor.shape or len(quantization.scales) not in (1, tensor.shape[WEIGHTED[after.name]]):
            raise ConvertError(f"{after.name}: weights {list(tensor.shape)} do not fit {list(weights.shape)}")
        layer = _Layer(source, float_file, before, patch, file, after)
        layer.write(to_rows(weights, after.name), of.get(place), place, {} if kept is None else kept)
    return patch.content()


class _Layer:
    """One operator in the float file and in the quantized one."""

    def __init__(
        self, source: Patch, float_file: ModelFile, before: Operator, patch: Patch, file: ModelFile, after: Operator
    ) -> None:
        import numpy as np

        self.patch, self.name = patch, after.name
        self.input, self.weights = (file.main.tensors[index] for index in after.inputs[:2])
        self.limit = LIMITS[self.weights.dtype]
        self.bias: Tensor | None = None
        if len(after.inputs) > 2 and after.inputs[2] >= 0 and self.input.quantization is not None:
            self.bias = file.main.tensors[after.inputs[2]]
            self.input_scale = np.float32(self.input.quantization.scales[0])
            self.bias_values = floats(source, float_file, before.inputs[2]).astype(np.float64)

    def write(self, rows: "NDArray[Any]", moments: "NDArray[Any] | None", place: int, kept: Rounded) -> None:
        """Scales, steps and bias."""
        import numpy as np

        least = self._least()
        key = place, self.limit, len(self._old()), b"" if least is None else least.tobytes()
        if key not in kept:
            scales = self._scales(rows, moments, least)
            kept[key] = scales, round_rows(rows, scales.astype(np.float64), moments, self.limit)
        scales, steps = kept[key]
        values = from_rows(steps, self.weights.shape, self.name)
        stored = scales[:1] if len(self._old()) == 1 else scales
        zeros = (0,) * len(stored)
        self.patch.set_quantization(self.weights, [float(scale) for scale in stored], zeros)
        self.patch.set_values(self.weights, packed(values) if self.limit == LIMITS["int4"] else values.tobytes())
        if self.bias is not None:
            bias_scales = (self.input_scale * stored).astype(np.float32)
            integers = np.rint(self.bias_values / bias_scales.astype(np.float64))
            self.patch.set_quantization(self.bias, [float(scale) for scale in bias_scales], zeros)
            self.patch.set_values(self.bias, integers.astype(np.dtype(self.bias.dtype).newbyteorder("<")).tobytes())

    def _old(self) -> tuple[float, ...]:
        return self.weights.quantization.scales  # type: ignore[union-attr]

    def _least(self) -> "NDArray[Any] | None":
        """Smallest scale of each row with which its bias fits."""
        import numpy as np

        if self.bias is None:
            return None
        found = np.abs(self.bias_values) / (BIAS_STEPS[self.bias.dtype] * np.float64(self.input_scale))
        result: NDArray[Any] = found.astype(np.float32)
        return result

    def _scales(
        self, rows: "NDArray[Any]", moments: "NDArray[Any] | None", least: "NDArray[Any] | None"
    ) -> "NDArray[Any]":
        import numpy as np

        own = np.abs(rows).max(axis=1) / np.float32(self.limit)
        scales = np.where(own > 0, own, np.array(self._old(), dtype=np.float32)).astype(np.float32)
        if self.limit == LIMITS["int4"]:
            scales = narrower_scales(rows, scales, moments, self.limit).astype(np.float32)
        if least is not None:
            scales = np.maximum(scales, least)
        result: NDArray[Any] = scales if len(self._old()) > 1 else np.full_like(scales, scales.max())
        return result


def packed(values: "NDArray[Any]") -> bytes:
    """int4 values two a byte, the first in the low half, as TFLite stores them."""
    import numpy as np

    halves = values.ravel().astype(np.uint8) & 15
    padded = np.append(halves, np.zeros(len(halves) % 2, dtype=np.uint8))
    return bytes((padded[0::2] | (padded[1::2] << 4)).tobytes())
