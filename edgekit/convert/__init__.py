"""Models -> artifacts: float32, fp16, int8, each compared with its source shrunk and described by a side-car."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgekit.artifact import Artifact, Parity, TensorInfo, compressed_size, sidecar_path
from edgekit.datasets import Split
from edgekit.errors import ConvertError
from edgekit.model import Model
from edgekit.progress import Tick, ignored
from edgekit.recipe.spec import Precision
from edgekit.runner import codec
from edgekit.tflite.metadata import with_metadata
from edgekit.workspace import version_of, write_atomic

CONVERT_STAGES = ("float file", "precision", "parity")
"""What `convert_model` ticks off."""
TOOLS = ("torch", "litert-torch", "litert-quantizer", "ai-edge-litert", "litert-converter")


def convert_model(
    model: Model,
    precision: Precision,
    *,
    calibration: Split,
    parity_samples: Split,
    folder: Path,
    recipe: str,
    variant: str,
    metadata: Mapping[str, bytes] | None = None,
    float_file: Callable[[], bytes] | None = None,
    tick: Tick = ignored,
) -> Artifact:
    """Write `<variant>.tflite` and its side-car into `folder`. Raises ConvertError; a failed parity is in the result.

    `calibration`: samples whose ranges static int8 takes (unused otherwise); `parity_samples`: real samples, not test;
    `metadata`: what the file carries beside its graph; `float_file`: gives the network's float32 file where one is kept
    (every precision begins with it); `tick` is called after each of CONVERT_STAGES.
    """
    from edgekit.convert import parity, post_training, quantize, trained
    from edgekit.convert.from_torch import to_tflite
    from edgekit.convert.shrink import shrink
    from edgekit.datasets.layout import to_channels_last
    from edgekit.runner.batch import run_batch

    exact: trained.TrainedFile | None = None
    tick(0, "torch to TFLite")
    if model.trained_quantization is not None:
        if precision != "int8":
            raise ConvertError(f"variant {variant} was trained for int8 and asks for {precision}")
        exact = trained.to_trained_int8(model, tuple(array[:1] for array in parity_samples.inputs))
        content = exact.content
        tick(1, "")
    else:
        content = to_tflite(model.network, model) if float_file is None else float_file()
        tick(1, precision)
        if precision == "fp16":
            content = quantize.to_fp16(content)
        elif precision in ("int8", "int8-dynamic"):
            inputs = to_channels_last(calibration.inputs, model.channels_last)
            samples = [tuple(array[k : k + 1] for array in inputs) for k in range(len(calibration))]
            to_int8 = post_training.to_static_int8 if precision == "int8" else post_training.to_dynamic_int8
            content = to_int8(content, samples)
    tick(1, "parity")
    content, names = shrink(content)  # the steps before compare and patch tensors by their names and places
    content = with_metadata(content, metadata or {})
    path = folder / f"{variant}.tflite"
    write_atomic(path, content)
    rule = "int8-qat" if exact else {"float32": "float32", "fp16": "fp16"}.get(precision, "int8-ptq")
    outputs = run_batch(path, to_channels_last(parity_samples.inputs, model.channels_last))
    found = parity.check(rule, _source_outputs(model, parity_samples), outputs)
    tick(1, "")
    return _describe(model, path, content, "tflite", recipe, variant, precision, found, exact, names)


def export_model(model: Model, *, folder: Path, recipe: str, variant: str) -> Artifact:
    """Write `<variant>.pt2`, the torch program that `@torch` targets run, and its side-car."""
    from edgekit.convert.from_torch import to_exported_program

    content = to_exported_program(model)
    path = folder / f"{variant}.pt2"
    write_atomic(path, content)
    return _describe(model, path, content, "pt2", recipe, variant, "float32", None, None, {})


def _describe(
    model: Model,
    path: Path,
    content: bytes,
    format: str,
    recipe: str,
    variant: str,
    precision: str,
    found: Parity | None,
    exact: Any,
    names: Mapping[str, str],
) -> Artifact:
    from edgekit.runner.engine import open_engine
    from edgekit.runner.quiet import quiet

    with quiet():
        engine = open_engine("torch" if format == "pt2" else "litert", path, delegate="cpu", threads=1)
    infos = [
        tuple(
            TensorInfo(
                name=tensor.name,
                shape=tensor.shape,
                dtype=tensor.dtype,
                scale=tensor.scale,
                zero_point=tensor.zero_point,
            )
            for tensor in side
        )
        for side in (engine.inputs, engine.outputs)
    ]
    artifact = Artifact(
        file=path.name,
        format=format,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        compressed_bytes=compressed_size(content),
        recipe=recipe,
        variant=variant,
        precision=precision,
        parameters=model.parameters,
        macs=model.macs,
        inputs=infos[0],
        outputs=infos[1],
        steps=model.history,
        source_sha256=_weights_sha256(model),
        tools={name: version_of(name) for name in TOOLS},
        parity=found,
        quantized_tensors=exact.quantized if exact else None,
        quantized_compared=exact.compared if exact else None,
        quantized_equal=exact.equal if exact else None,
        tensor_names=names,
    )
    write_atomic(sidecar_path(path), codec.dumps(artifact).encode())
    return artifact


def _source_outputs(model: Model, split: Split) -> tuple[Any, ...]:
    from edgekit.compress.fit import outputs_on

    return outputs_on(model.network, split)


def _weights_sha256(model: Model) -> str:
    digest = hashlib.sha256()
    for name, tensor in model.network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
