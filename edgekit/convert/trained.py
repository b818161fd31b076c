"""A network trained for int8 -> an int8 file with exactly its scales: docs/qat.md, docs/decisions/0001.

1. bake: the float copy computes with the rounded weights; 2. convert it; 3. find, for every activation tensor of the
file, the site of the network that computes it: both are run on one input and compared value by value; 4. quantize with
the trained ranges; 5. read every scale and zero point back; where one differs from the trained it is written over
(±1 float32 step in the weights' scales); 6. compare everything once more.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx

from edgekit.compress.fake_quant import FakeQuantize, baked
from edgekit.convert import quantize
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.layers import WEIGHTED, weighted
from edgekit.datasets.layout import to_channels_last
from edgekit.errors import ConvertError
from edgekit.model import Model
from edgekit.tflite import ModelFile, Tensor, read
from edgekit.tflite.patch import Patch

SAME_SCALE = {"PAD", "PADV2", "TRANSPOSE", "RESHAPE", "MAX_POOL_2D", "AVERAGE_POOL_2D", "SQUEEZE", "EXPAND_DIMS"}
"""Operators whose output takes its input's scale and zero point."""
MATCH = 1e-3
"""Largest difference, as a share of the range, of a site's values from its tensor's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedFile:
    """The file, and how many of its quantized tensors were compared and are equal (all of them, or it is an error)."""

    content: bytes
    quantized: int
    compared: int
    equal: int

    @property
    def steps(self) -> tuple[float, ...]:
        """The scale of each output."""
        graph = read(self.content).main
        held = [graph.tensors[index].quantization for index in graph.outputs]
        return tuple(item.scales[0] if item is not None else 0.0 for item in held)


def to_trained_int8(model: Model, probe: tuple[NDArray[Any], ...]) -> TrainedFile:
    """`probe`: one real sample in torch's layout. Raises ConvertError naming a tensor that cannot be matched."""
    plain = baked(model.network)
    content = to_tflite(plain, model)
    float_file = read(content)
    sites = match_sites(model, float_file, content, probe)
    wanted = _wanted_activations(model, float_file, sites)
    ranges = {
        float_file.main.tensors[index].name: ((-128 - zero) * np.float64(scale), (127 - zero) * np.float64(scale))
        for index, (scale, zero) in wanted.items()
    }
    return _verified(model, quantize.to_ranged_int8(content, ranges), float_file, wanted, plain)


def match_sites(model: Model, file: ModelFile, content: bytes, probe: tuple[NDArray[Any], ...]) -> dict[int, str]:
    """Activation tensor of the float file -> fake-quantization site, by their values on `probe`.

    Outputs of same-scale operators need no site. Sites and tensors come in the order of computation, so that equal
    values (a ReLU of what is positive already) go to the first site that is still free.
    """
    values = _site_values(model.network, probe)
    tensors = _tensor_values(file, content, model, probe)
    producers = {index: op.name for op in file.main.operators for index in op.outputs}
    free = list(values)
    matched: dict[int, str] = {}
    for index in quantize.activation_tensors(file):
        if producers.get(index) in SAME_SCALE:
            continue
        name = next((site for site in free if _same_values(values[site], tensors[index])), None)
        if name is None:
            tensor = file.main.tensors[index]
            raise ConvertError(
                f"tensor {tensor.name[-80:]} (of {producers.get(index, 'the inputs')}) has no trained range",
                "this network's layers convert in a form that int8 training does not know yet; leave qat out",
            )
        matched[index] = name
        free.remove(name)
    return matched


def _site_values(graph: fx.GraphModule, probe: tuple[NDArray[Any], ...]) -> dict[str, NDArray[Any]]:
    """Float values that arrive at each site, none of them rounded (weights are)."""
    values: dict[str, NDArray[Any]] = {}

    class Recorder(fx.Interpreter):
        def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
            if isinstance(self.module.get_submodule(target), FakeQuantize):
                values[target] = args[0].numpy()
                return args[0]
            return super().call_module(target, args, kwargs)

    with torch.no_grad():
        Recorder(graph.eval()).run(*(torch.from_numpy(array) for array in probe))
    return values


def _tensor_values(
    file: ModelFile, content: bytes, model: Model, probe: tuple[NDArray[Any], ...]
) -> dict[int, NDArray[Any]]:
    from edgekit.runner.engine_litert import Undelegated

    inputs = to_channels_last(probe, model.channels_last)
    return Undelegated(content).values(inputs, quantize.activation_tensors(file))


def _same_values(site: NDArray[Any], tensor: NDArray[Any]) -> bool:
    """Equal up to float rounding, in the network's layout (NCHW) or the file's (NHWC)."""
    if site.size != tensor.size:
        return False
    spread = float(np.ptp(site)) or 1.0
    layouts = [site] if site.ndim < 3 else [np.moveaxis(site, 1, -1), site]
    return any(
        layout.shape == tensor.shape and float(np.max(np.abs(layout - tensor))) <= MATCH * spread for layout in layouts
    )


def _wanted_activations(model: Model, file: ModelFile, sites: dict[int, str]) -> dict[int, tuple[float, int]]:
    """Every activation tensor's (scale, zero point); same-scale operators hand their input's on."""
    trained = model.trained_quantization.activations
    wanted = {index: trained[site] for index, site in sites.items()}
    for operator in file.main.operators:
        if operator.name in SAME_SCALE:
            wanted[operator.outputs[0]] = wanted[operator.inputs[0]]
    return wanted


def _verified(
    model: Model, content: bytes, float_file: ModelFile, wanted: dict[int, tuple[float, int]], plain: fx.GraphModule
) -> TrainedFile:
    """Compare every quantized tensor with what was trained, write over what differs, and compare again."""
    file = read(content)
    names = {tensor.name: tensor for tensor in file.main.tensors}
    expected: dict[int, tuple[tuple[float, ...], tuple[int, ...]]] = {
        names[float_file.main.tensors[index].name].index: ((scale,), (zero,)) for index, (scale, zero) in wanted.items()
    }
    _expect_weights(model, file, expected)
    patch = Patch(content)
    for index, (scales, zeros) in expected.items():
        tensor = file.main.tensors[index]
        if not _equal(tensor, scales, zeros):
            _refuse_large_repair(tensor, scales, zeros)
            patch.set_quantization(tensor, scales, zeros)
    _expect_values(model, plain, file, expected, patch)
    content = patch.content()
    after = read(content)
    quantized = [tensor for tensor in after.main.tensors if tensor.quantization is not None]
    missing = [tensor.name for tensor in quantized if tensor.index not in expected]
    if missing:
        raise ConvertError(f"{len(missing)} quantized tensors have no trained counterpart, e.g. {missing[0][-80:]}")
    equal = sum(_equal(tensor, *expected[tensor.index]) for tensor in quantized)
    if equal != len(quantized):
        raise ConvertError(f"{len(quantized) - equal} of {len(quantized)} quantized tensors differ from the trained")
    return TrainedFile(content=content, quantized=len(quantized), compared=len(expected), equal=equal)


def _expect_weights(
    model: Model, file: ModelFile, expected: dict[int, tuple[tuple[float, ...], tuple[int, ...]]]
) -> None:
    """Weights: the trained scales a channel; bias: input scale x weight scale, as float32, zero point 0."""
    layers = iter(model.trained_quantization.weights.items())
    for operator in weighted(file):
        name, scales = next(layers, ("", ()))
        tensor = file.main.tensors[operator.inputs[1]]
        if tensor.quantization is None or len(tensor.quantization.scales) != len(scales):
            raise ConvertError(f"{operator.name} has no int8 weights of {len(scales)} channels (layer {name})")
        expected[tensor.index] = (scales, (0,) * len(scales))
        if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
            input_scale = np.float32(expected[operator.inputs[0]][0][0])
            bias = tuple(float(input_scale * np.float32(scale)) for scale in scales)
            expected[operator.inputs[2]] = (bias, (0,) * len(bias))


def _expect_values(
    model: Model,
    plain: fx.GraphModule,
    file: ModelFile,
    expected: dict[int, tuple[tuple[float, ...], tuple[int, ...]]],
    patch: Patch,
) -> None:
    """The int8 weights and int32 biases themselves, from the trained network."""
    for operator, name in zip(weighted(file), model.trained_quantization.weights, strict=True):
        layer: Any = plain.get_submodule(name)
        axis = WEIGHTED[operator.name]
        tensor = file.main.tensors[operator.inputs[1]]
        scales = np.array(expected[tensor.index][0], dtype=np.float32)
        weight = layer.weight.detach().numpy()
        steps = np.rint(weight / scales.reshape(-1, *[1] * (weight.ndim - 1))).clip(-127, 127).astype(np.int8)
        values = _file_layout(steps, tensor, axis)
        patch.set_values(tensor, values.tobytes())
        if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
            bias_tensor = file.main.tensors[operator.inputs[2]]
            bias = np.zeros(len(scales)) if layer.bias is None else layer.bias.detach().numpy()
            grid = np.array(expected[bias_tensor.index][0], dtype=np.float64)
            integers = np.rint(bias.astype(np.float64) / grid)
            if np.abs(integers).max(initial=0) >= 2**31:
                raise ConvertError(f"layer {name}: a bias of {np.abs(bias).max():.3g} overflows int32 in its steps")
            patch.set_values(bias_tensor, integers.astype("<i4").tobytes())


def _file_layout(steps: NDArray[np.int8], tensor: Tensor, axis: int) -> NDArray[np.int8]:
    """torch's (out, in / groups, kh, kw) in the file's order: OHWI, depthwise 1HWO, linear as it is."""
    if steps.ndim == 4:
        steps = steps.transpose(1, 2, 3, 0) if axis == 3 else steps.transpose(0, 2, 3, 1)
    if steps.shape != tensor.shape:
        raise ConvertError(f"weights {tensor.name[-80:]} have shape {list(tensor.shape)}, trained {list(steps.shape)}")
    return np.ascontiguousarray(steps)


def _equal(tensor: Tensor, scales: tuple[float, ...], zeros: tuple[int, ...]) -> bool:
    found = tensor.quantization
    return found is not None and found.scales == scales and found.zero_points == zeros


def _refuse_large_repair(tensor: Tensor, scales: tuple[float, ...], zeros: tuple[int, ...]) -> None:
    """Only float32 rounding may be repaired; anything more means that the wrong tensor was matched."""
    found = tensor.quantization
    if found is None or len(found.scales) != len(scales) or found.zero_points != zeros:
        raise ConvertError(f"tensor {tensor.name[-80:]} came out with other zero points than trained")
    apart = np.abs(np.array(found.scales) / np.array(scales) - 1)
    # A channel of zeros gets whatever scale the quantizer likes; its weights are zero under any.
    if float(np.median(apart)) > 1e-5:
        raise ConvertError(f"tensor {tensor.name[-80:]} came out with scales {float(apart.max()):.1e} off the trained")
