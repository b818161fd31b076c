"""Models -> artifacts of every precision, each shrunk, compared with its source and described by a side-car."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.artifact import (
    Artifact,
    LayerDamage,
    Lineage,
    Parity,
    Rewrites,
    TensorInfo,
    compressed_size,
    sensitivity_path,
    sidecar_path,
)
from edgekit.datasets import Split
from edgekit.errors import ConvertError
from edgekit.model import Model
from edgekit.progress import Tick, ignored
from edgekit.recipe.spec import Io, Precision
from edgekit.runner import codec
from edgekit.tflite.metadata import with_metadata
from edgekit.workspace import version_of, write_atomic

if TYPE_CHECKING:
    from edgekit.convert.sensitivity import Found, Order

CONVERT_STAGES = ("float file", "precision", "parity")
"""What `convert_model` ticks off."""
COREML_TOOLS = ("torch", "coremltools")
"""What a Core ML package is made by."""
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
    io: Io = "as made",
    mixed: "Order | None" = None,
    recurrent: str = "unrolled",
    source_outputs: tuple[Any, ...] | None = None,
    lineage: Lineage | None = None,
    rewrite: Callable[[bytes], tuple[bytes, Rewrites]] | None = None,
    tick: Tick = ignored,
) -> Artifact:
    """Write `<variant>.tflite` and its side-car into `folder`. Raises ConvertError; a failed parity is in the result.

    `calibration`: samples whose ranges static int8 takes (unused otherwise); `parity_samples`: real samples, not test;
    `metadata`: what the file carries beside its graph; `float_file`: gives the network's float32 file where one is kept
    (every precision begins with it); `io`: what its inputs and outputs are; `mixed`: the search that precision `mixed`
    needs, whose result lies in `<variant>.sensitivity.json`; `recurrent`: unrolled, looped or fused, where not unrolled
    `float_file` gives `edgekit.convert.recurrent_file.to_marked`; `source_outputs`: what a source that is no torch
    network computed on the parity samples, `lineage`: what that source is; `rewrite` changes the float file, or the
    int8 one of trained ranges; `tick` is called after each of CONVERT_STAGES.
    """
    from edgekit.convert import parity, trained
    from edgekit.convert.from_torch import to_tflite
    from edgekit.convert.lineage import lineage_entry
    from edgekit.convert.precision_io import with_io
    from edgekit.convert.shrink import shrink
    from edgekit.datasets.layout import to_channels_last
    from edgekit.runner.batch import run_batch

    exact: trained.TrainedFile | None = None
    found: Found | None = None
    rewrites: Rewrites | None = None
    tick(0, "torch to TFLite")
    if model.trained_quantization is not None:
        if precision != "int8":
            raise ConvertError(f"variant {variant} was trained for int8 and asks for {precision}")
        if recurrent != "unrolled":
            raise ConvertError(f"variant {variant} was trained for int8 unrolled, and asks for the {recurrent} form")
        exact = trained.to_trained_int8(model, tuple(array[:1] for array in parity_samples.inputs))
        content = exact.content
        if rewrite is not None:
            content, rewrites = rewrite(content)
        tick(1, "")
    elif recurrent != "unrolled":
        from edgekit.convert.recurrent_file import to_recurrent

        content = to_recurrent(model, precision, recurrent, _samples(calibration, model), float_file)
        tick(1, precision)
    else:
        content = to_tflite(model.network, model) if float_file is None else float_file()
        if rewrite is not None:
            content, rewrites = rewrite(content)
        tick(1, precision)
        samples = _samples(calibration, model)
        if precision == "mixed":
            if mixed is None:
                raise ConvertError("precision mixed needs validation data and a budget", "name a recipe and --budget")
            found = mixed.search(content, samples, ends_are_integers=io in ("integer", "uint8"))
            content = found.content
        else:
            content = _quantized(content, precision, samples)
    tick(1, "parity")
    content = with_io(content, io)
    exceptions = tuple(layer for layer in found.sensitivity.layers if layer.exception) if found else ()
    source = _weights_sha256(model) if lineage is None else lineage.sha256
    told = lineage_entry(
        recipe=recipe,
        variant=variant,
        precision=precision,
        steps=[record.name for record in model.history],
        source_sha256=source,
        tools={name: version_of(name) for name in TOOLS},
        exceptions=[layer.name for layer in exceptions],
    )
    content = with_metadata(content, {**told, **(metadata or {})})
    content, names = shrink(content)  # the steps before compare and patch tensors by their names and places
    path = folder / f"{variant}.tflite"
    write_atomic(path, content)
    rule = "int8-qat" if exact else {"int8": "int8-ptq", "int8-dynamic": "int8-ptq", "mixed": "int8-ptq"}.get(precision)
    outputs = run_batch(path, to_channels_last(parity_samples.inputs, model.channels_last))
    wanted = _source_outputs(model, parity_samples) if source_outputs is None else source_outputs
    judged = parity.check(rule or precision, wanted, outputs, exact.steps if exact else None)
    if found:
        write_atomic(sensitivity_path(path), codec.dumps(found.sensitivity).encode())
    tick(1, "")
    return _describe(
        model,
        path,
        content,
        "tflite",
        recipe,
        variant,
        precision,
        judged,
        exact,
        names,
        source,
        io,
        exceptions,
        lineage,
        rewrites,
    )


def _quantized(content: bytes, precision: Precision, samples: Sequence[Sequence[Any]]) -> bytes:
    from edgekit.convert import post_training, quantize

    if precision == "float32":
        return content
    if precision == "fp16":
        return quantize.to_fp16(content)
    return {
        "int8": post_training.to_static_int8,
        "int8-dynamic": post_training.to_dynamic_int8,
        "int16x8": post_training.to_int16x8,
        "int4": post_training.to_int4,
    }[precision](content, samples)


def export_model(model: Model, *, folder: Path, recipe: str, variant: str) -> Artifact:
    """Write `<variant>.pt2`, the torch program that `@torch` targets run, and its side-car."""
    from edgekit.convert.from_torch import to_exported_program

    content = to_exported_program(model)
    path = folder / f"{variant}.pt2"
    write_atomic(path, content)
    return _describe(model, path, content, "pt2", recipe, variant, "float32", None, None, {}, _weights_sha256(model))


def convert_coreml(model: Model, precision: Precision, *, folder: Path, recipe: str, variant: str) -> Artifact:
    """Write `<variant>.mlpackage.zip`, a Core ML package in a zip, and its side-car. Raises ConvertError.

    Its inputs lie as torch has them. Nothing runs: parity says what was read back from the file (docs/coreml.md).
    """
    from edgekit.convert.coreml import to_coreml

    made = to_coreml(model, precision)
    path = folder / f"{variant}.mlpackage.zip"
    write_atomic(path, made.content)
    artifact = Artifact(
        file=path.name,
        format="mlpackage.zip",
        sha256=hashlib.sha256(made.content).hexdigest(),
        size_bytes=len(made.content),
        compressed_bytes=compressed_size(made.content),
        recipe=recipe,
        variant=variant,
        precision=precision,
        parameters=model.parameters,
        macs=model.macs,
        inputs=made.inputs,
        outputs=made.outputs,
        steps=model.history,
        source_sha256=_weights_sha256(model),
        tools={name: version_of(name) for name in COREML_TOOLS},
        parity=made.found,
    )
    write_atomic(sidecar_path(path), codec.dumps(artifact).encode())
    return artifact


def _samples(split: Split, model: Model) -> list[tuple[Any, ...]]:
    """One tuple of inputs each, as the file takes them."""
    from edgekit.datasets.layout import to_channels_last

    inputs = to_channels_last(split.inputs, model.channels_last)
    return [tuple(array[k : k + 1] for array in inputs) for k in range(len(split))]


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
    source_sha256: str,
    io: Io = "as made",
    exceptions: tuple[LayerDamage, ...] = (),
    lineage: Lineage | None = None,
    rewrites: Rewrites | None = None,
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
        source_sha256=source_sha256,
        lineage=lineage,
        tools={name: version_of(name) for name in TOOLS},
        parity=found,
        quantized_tensors=exact.quantized if exact else None,
        quantized_compared=exact.compared if exact else None,
        quantized_equal=exact.equal if exact else None,
        io=io,
        exceptions=exceptions,
        tensor_names=names,
        rewrites=rewrites,
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
