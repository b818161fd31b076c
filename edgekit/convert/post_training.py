"""int8 files after training: ranges from real samples, weights rounded by what the layers see, biases that fit.

litert-quantizer writes the file; the steps of weights and biases are then written over with the better ones.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgekit.convert import quantize
from edgekit.convert.layers import WEIGHTED, floats, from_rows, to_rows, weighted
from edgekit.convert.rounding import LIMIT, Moments, round_rows
from edgekit.errors import ConvertError
from edgekit.tflite import ModelFile, Operator, read
from edgekit.tflite.patch import Patch

if TYPE_CHECKING:
    from numpy.typing import NDArray

BIAS_STEPS = 2**24
"""A bias takes at most so many steps of input scale x weight scale: as fine as float32, and far from int32's end.

Where a batch norm switched a channel off, its weights are almost zero and its bias would take more than 2^31 steps:
int32 saturates and the channel's constant is lost (130 channels of EfficientNet-Lite0). Such a channel's weights get a
coarser scale: they matter less than its constant.
"""


def to_static_int8(content: bytes, samples: "Sequence[Sequence[NDArray[Any]]]") -> bytes:
    """int8 weights and activations, int8 inputs and outputs; `samples`: one tuple of inputs each, never of test.

    A range holds every value that its tensor took. litert-quantizer's own calibration takes a moving average (0.95) of
    each sample's ends, which clips.
    """
    file = read(content)
    ranges, moments = observed(content, file, samples)
    return _with_rounded_weights(content, file, quantize.to_ranged_int8(content, ranges), moments)


def to_dynamic_int8(content: bytes, samples: "Sequence[Sequence[NDArray[Any]]]") -> bytes:
    """int8 weights, activations quantized at run time, float inputs and outputs."""
    file = read(content)
    _, moments = observed(content, file, samples)
    return _with_rounded_weights(content, file, quantize.to_dynamic_int8(content), moments)


def observed(
    content: bytes, file: ModelFile, samples: "Sequence[Sequence[NDArray[Any]]]"
) -> tuple[dict[str, tuple[float, float]], Moments]:
    """Run the float file on the samples: activation tensor -> (smallest, largest) value, and what each layer sees."""
    from edgekit.runner.engine_litert import Undelegated

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


def _with_rounded_weights(content: bytes, float_file: ModelFile, quantized: bytes, moments: Moments) -> bytes:
    file = read(quantized)
    source, patch = Patch(content), Patch(quantized)
    used = [operator.inputs[1] for operator in weighted(file)]
    for place, (before, after) in enumerate(zip(weighted(float_file), weighted(file), strict=True)):
        tensor = file.main.tensors[after.inputs[1]]
        quantization = tensor.quantization
        if tensor.dtype != "int8" or quantization is None or used.count(tensor.index) > 1:
            continue  # left in float, or shared by several operators
        weights = floats(source, float_file, before.inputs[1])
        if weights.shape != tensor.shape or len(quantization.scales) != tensor.shape[WEIGHTED[after.name]]:
            raise ConvertError(f"{after.name}: weights {list(tensor.shape)} do not fit {list(weights.shape)}")
        _write_layer(
            source, float_file, before, patch, file, after, to_rows(weights, after.name), moments.of.get(place)
        )
    return patch.content()


def _write_layer(
    source: Patch,
    float_file: ModelFile,
    before: Operator,
    patch: Patch,
    file: ModelFile,
    after: Operator,
    rows: "NDArray[Any]",
    moments: "NDArray[Any] | None",
) -> None:
    """Scales, steps and bias of one operator."""
    import numpy as np

    input_, tensor = file.main.tensors[after.inputs[0]], file.main.tensors[after.inputs[1]]
    scales = np.array(tensor.quantization.scales, dtype=np.float32)  # type: ignore[union-attr]
    own = np.abs(rows).max(axis=1) / np.float32(LIMIT)
    scales = np.where(own > 0, own, scales).astype(np.float32)
    integer_bias = len(after.inputs) > 2 and after.inputs[2] >= 0 and input_.quantization is not None
    if integer_bias:
        input_scale = np.float32(input_.quantization.scales[0])  # type: ignore[union-attr]
        bias = floats(source, float_file, before.inputs[2]).astype(np.float64)
        least = np.abs(bias) / (BIAS_STEPS * np.float64(input_scale))
        scales = np.maximum(scales, least.astype(np.float32))
    steps = round_rows(rows, scales.astype(np.float64), moments)
    zeros = (0,) * len(scales)
    patch.set_quantization(tensor, [float(scale) for scale in scales], zeros)
    patch.set_values(tensor, from_rows(steps, tensor.shape, after.name).tobytes())
    if integer_bias:
        bias_tensor = file.main.tensors[after.inputs[2]]
        bias_scales = (input_scale * scales).astype(np.float32)
        integers = np.rint(bias / bias_scales.astype(np.float64)).astype("<i4")
        patch.set_quantization(bias_tensor, [float(scale) for scale in bias_scales], zeros)
        patch.set_values(bias_tensor, integers.tobytes())
