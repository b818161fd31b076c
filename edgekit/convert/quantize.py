"""Float .tflite -> fp16, dynamic int8, static int8. The only file that names litert-quantizer."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import ConvertError
from edgekit.optional import need
from edgekit.runner.quiet import quiet
from edgekit.tflite import ModelFile

Ranges = Mapping[str, tuple[float, float]]
"""Tensor name -> (minimum, maximum) as float64."""


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
    quantizer, qtyping, algorithms = _tools()
    recipe = need("litert_quantizer.recipe", "int8 files")
    with quiet():
        work = quantizer.Quantizer(content)
        work.load_quantization_recipe(recipe.dynamic_wi8_afp32())
        work.update_quantization_recipe(
            regex=".*",
            operation_name=qtyping.TFLOperationName.EMBEDDING_LOOKUP,
            op_config=qtyping.OpQuantizationConfig(
                weight_tensor_config=qtyping.TensorQuantizationConfig(
                    num_bits=8, symmetric=True, granularity=qtyping.QuantGranularity.TENSORWISE
                ),
                compute_precision=qtyping.ComputePrecision.INTEGER,
            ),
            algorithm_key=algorithms.MIN_MAX_UNIFORM_QUANT,
        )
        return _result(work)


def to_ranged_int8(content: bytes, ranges: Ranges) -> bytes:
    """int8 weights and activations with these activation ranges instead of calibrated ones.

    The quantizer computes scale = (max - min) / 255 and zero point = rint(-128 - min / scale) in the ranges' own
    precision: float64 in, or 23 % of the scales come back one float32 step off.
    """
    injected = {
        name: {"min": np.array([low], dtype=np.float64), "max": np.array([high], dtype=np.float64)}
        for name, (low, high) in ranges.items()
    }
    with quiet():
        return _result(_static(content), injected)


def _static(content: bytes) -> Any:
    quantizer, _, _ = _tools()
    recipe = need("litert_quantizer.recipe", "int8 files")
    work = quantizer.Quantizer(content)
    work.load_quantization_recipe(recipe.static_wi8_ai8())
    return work


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
