"""Float .tflite -> fp16, int8, int16x8, int4, and mixtures of them. The only file that names litert-quantizer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgekit.errors import ConvertError
from edgekit.optional import need
from edgekit.recipe.spec import Kept
from edgekit.runner.quiet import quiet
from edgekit.tflite import ModelFile

Ranges = Mapping[str, tuple[float, float]]
"""Tensor name -> (minimum, maximum) as float64."""
WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
MOST_CHARACTERS = 10_000
"""Of an operator's output names, that the quantizer compares with a rule."""
BLOCKS = (256, 128, 64, 32)
"""Sizes of blocks that share one scale in an int4 embedding table; the largest that divides its width is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempt:
    """Operators of a static int8 file that compute otherwise: in float with float16 weights, or with int16 activations.

    `outputs`: the names of each one's output tensors.
    `inputs`, `results`: the graph's inputs and outputs stay as these operators leave them, not int8.
    """

    outputs: tuple[tuple[str, ...], ...]
    kept: Kept = "float"
    inputs: tuple[str, ...] = ()
    results: tuple[str, ...] = ()


def to_fp16(content: bytes) -> bytes:
    """Weights as float16, computed in float32: half the bytes."""
    quantizer, qtyping, algorithms = _tools()
    with quiet():
        work = quantizer.Quantizer(content)
        work.update_quantization_recipe(
            regex=".*",
            operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
            op_config=qtyping.OpQuantizationConfig(
                weight_tensor_config=qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT),
                compute_precision=qtyping.ComputePrecision.FLOAT,
            ),
            algorithm_key=algorithms.FLOAT_CASTING,
        )
        return _result(work)


def to_dynamic_int8(content: bytes) -> bytes:
    """int8 weights, activations quantized at run time, float inputs and outputs.

    An embedding table gets one scale, not one a row: TFLite 2.16.1 looks up rows as if all had none, without a word
    (the desktop's LiteRT does not), and a scale and a zero point a row take 12 bytes beside the row's own.
    """
    quantizer, _, _ = _tools()
    recipe = need("litert_quantizer.recipe", "int8 files")
    with quiet():
        work = quantizer.Quantizer(content)
        work.load_quantization_recipe(recipe.dynamic_wi8_afp32())
        _embedding(work, bits=8, granularity="TENSORWISE")
        return _result(work)


def to_ranged_int8(
    content: bytes, ranges: Ranges, exempt: Sequence[Exempt] = (), *, integer_ends: bool = False
) -> bytes:
    """int8 weights and activations with these activation ranges instead of calibrated ones, but for `exempt`.

    `integer_ends`: the graph's inputs and outputs are int8 whatever computes there.

    The quantizer computes scale = (max - min) / 255 and zero point = rint(-128 - min / scale) in the ranges' own
    precision: float64 in, or 23 % of the scales come back one float32 step off.
    """
    with quiet():
        work = _static(content)
        for part in exempt:
            _exempt(work, part)
        for end in ("INPUT", "OUTPUT") if integer_ends else ():
            _add_static(work, "(?:.*)", end, activation_bits=8, weight_bits=8, granularity="CHANNELWISE")
        return _result(work, _injected(ranges))


def to_ranged_int16x8(content: bytes, ranges: Ranges) -> bytes:
    """int8 weights, int16 activations (symmetric), int64 biases.

    A fully connected layer gets one scale for all its weights: TFLite 2.16.1 takes the first channel's scale for every
    channel where its input has more than one row, without a word. An embedding table is int8 with one scale, as in
    `to_dynamic_int8`: the quantizer has no int16 form of it.
    """
    with quiet():
        work = _static(content, activation_bits=16)
        _sixteen(work, ".*", ("FULLY_CONNECTED",))
        _embedding(work, bits=8, granularity="TENSORWISE")
        return _result(work, _injected(ranges))


def to_int4(content: bytes, ranges: Ranges | None, *, table_width: int = 0) -> bytes:
    """int4 weights of convolutions, fully connected layers and embedding tables (of `table_width` columns, 0: none).

    With `ranges` (a network that convolves): static, int8 activations; depthwise weights stay int8, for which no int4
    form exists. Without: activations quantized at run time. Fully connected layers are dynamic either way. These are
    the forms that TFLite 2.16.1 computes: it crashes on a dynamic int4 convolution and on int4 weights in blocks, and
    refuses static fully connected and weight-only int4. Embedding tables run on LiteRT alone.
    """
    quantizer, qtyping, _ = _tools()
    recipe = need("litert_quantizer.recipe", "int4 files")
    names = qtyping.TFLOperationName
    with quiet():
        if ranges is not None:
            work = _static(content)
            _add_static(work, ".*", "CONV_2D", activation_bits=8, weight_bits=4, granularity="CHANNELWISE")
        else:
            work = quantizer.Quantizer(content)
            work.load_quantization_recipe(recipe.dynamic_wi8_afp32())
        work.add_dynamic_config(".*", names.FULLY_CONNECTED, 4, qtyping.QuantGranularity.CHANNELWISE)
        block = next((size for size in BLOCKS if table_width and table_width % size == 0), 0)
        _embedding(work, bits=4, granularity=f"BLOCKWISE_{block}" if block else "CHANNELWISE")
        return _result(work, None if ranges is None else _injected(ranges))


def _injected(ranges: Ranges) -> dict[str, Any]:
    return {
        name: {"min": np.array([low], dtype=np.float64), "max": np.array([high], dtype=np.float64)}
        for name, (low, high) in ranges.items()
    }


def _static(content: bytes, activation_bits: int = 8) -> Any:
    quantizer, _, _ = _tools()
    recipe = need("litert_quantizer.recipe", "int8 files")
    work = quantizer.Quantizer(content)
    work.load_quantization_recipe(recipe.static_wi8_ai8() if activation_bits == 8 else recipe.static_wi8_ai16())
    return work


def _add_static(
    work: Any, regex: str, operator: str, *, activation_bits: int, weight_bits: int, granularity: str
) -> None:
    _, qtyping, _ = _tools()
    name, share = qtyping.TFLOperationName(operator), qtyping.QuantGranularity(granularity)
    work.add_static_config(regex, name, activation_bits, weight_bits, share)


def _sixteen(work: Any, regex: str, one_scale: Sequence[str]) -> None:
    """int16 activations for what `regex` finds; the weights of `one_scale` with one scale."""
    for operator in one_scale:
        _add_static(work, regex, operator, activation_bits=16, weight_bits=8, granularity="TENSORWISE")


def _embedding(work: Any, *, bits: int, granularity: str) -> None:
    _, qtyping, _ = _tools()
    name, share = qtyping.TFLOperationName.EMBEDDING_LOOKUP, qtyping.QuantGranularity(granularity)
    work.add_dynamic_config(".*", name, bits, share)


def _exempt(work: Any, part: Exempt) -> None:
    """The latest rule that matches an operator's output names holds; no rule that matches and fits: float."""
    _, qtyping, algorithms = _tools()
    scopes = {";".join(name for name in names if name) + ";" for names in (*part.outputs, part.inputs, part.results)}
    regex = "^(?:" + "|".join(re.escape(scope[:MOST_CHARACTERS]) for scope in sorted(scopes - {";"})) + ")$"
    everything = qtyping.TFLOperationName.ALL_SUPPORTED
    work.update_quantization_recipe(regex, everything, algorithm_key=algorithms.NO_QUANTIZE)
    if part.kept == "int16":  # by another text of the same rule: a rule for everything replaces one of equal text
        regex = f"(?:{regex})"
        work.add_static_config(regex, everything, 16, 8)
        _sixteen(work, regex, ("FULLY_CONNECTED",))
        return
    half = qtyping.OpQuantizationConfig(
        weight_tensor_config=qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT),
        compute_precision=qtyping.ComputePrecision.FLOAT,
    )
    for operator in WITH_WEIGHTS:
        name = qtyping.TFLOperationName(operator)
        work.update_quantization_recipe(regex, name, half, algorithms.FLOAT_CASTING)


def _tools() -> tuple[Any, Any, Any]:
    with quiet():
        quantizer = need("litert_quantizer.quantizer", "fp16 and int8 files")
        qtyping = need("litert_quantizer.qtyping", "fp16 and int8 files")
        manager = need("litert_quantizer.algorithm_manager", "fp16 and int8 files")
    return quantizer, qtyping, manager.AlgorithmName


def _result(work: Any, calibration: Any = None) -> bytes:
    try:
        return bytes(
            work.quantize(calibration, enable_progress_bar=False, enable_progress_report=False).quantized_model
        )
    except (ValueError, RuntimeError, KeyError) as error:
        raise ConvertError(f"litert-quantizer refuses the file: {' '.join(str(error).split())[:300]}") from error


def activation_tensors(model: ModelFile) -> tuple[int, ...]:
    """Tensors computed at run time, in order: the graph's inputs, then every operator's outputs."""
    produced = [index for operator in model.main.operators for index in operator.outputs]
    return (*model.main.inputs, *produced)
