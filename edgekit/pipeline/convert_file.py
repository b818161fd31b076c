"""`edgekit convert FILE`: a model that no recipe names -> an artifact with its lineage, checked against its source."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit import units
from edgekit.artifact import Artifact, Lineage
from edgekit.convert import from_child, inputs, roads
from edgekit.convert.roads import FloatFile as FloatFile
from edgekit.errors import ConvertError, DataError, ModelFileError, UsageError
from edgekit.pipeline.artifacts import Made
from edgekit.pipeline.rewriting import rewriter
from edgekit.progress import SILENT, Progress
from edgekit.recipe.spec import FunctionRef, VariantSpec
from edgekit.recipe.variants import conversion_problem
from edgekit.tflite import ModelFile, read, read_file
from edgekit.tflite.structure import constant_elements, macs

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNT = {"float32": 8, "fp16": 8}
COUNT_QUANTIZED = 64
"""Seeded random samples for parity, where none are given; rules of quantized files need at least 59."""
CALIBRATION = 64
RANDOM = "random"
NOISE = "RANDOM VALUES: the ranges say nothing about real data, and the accuracy of this file is not known"
CALIBRATED = ("int8", "int16x8", "mixed")
"""Precisions whose ranges come from samples."""
TIME_LIMIT_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the command was asked. `file` None: `factory` builds the network."""

    file: Path | None = None
    factory: str = ""
    weights: Path | None = None
    shapes: tuple[str, ...] = ()
    precision: str = "float32"
    calibration: str = ""
    samples: Path | None = None
    images: str = "auto"
    io: str = "as made"
    rewrite_for: str = ""
    metadata: tuple[Path, ...] = ()
    out: Path | None = None
    seed: int = 0
    time_limit_s: float = TIME_LIMIT_S


def convert_file(
    order: Order,
    *,
    pythons: Mapping[str, str],
    progress: Progress = SILENT,
    say: Callable[[str], None] = lambda text: None,
    explain: Callable[[Made, roads.FloatFile], None] | None = None,
) -> Made:
    """The artifact, its side-car and (for a child's road) its log beside it. Raises ConvertError before parity's.

    `explain` is called with the artifact and the float file that it was made of.
    """
    road = _road(order)
    shapes = tuple(inputs.parse_shape(text) for text in order.shapes)
    _check(order, road)
    out = _out(order)
    extra = _metadata(order.metadata)
    samples = None if order.samples is None else inputs.load_samples(order.samples)
    calibration = _given_calibration(order)
    say(f"convert {_name(order)} ({road}, {order.precision})")
    started = time.perf_counter()
    with progress.task(f"convert {_name(order)}", None):
        made, sha256 = _float_file(order, road, shapes, samples, out, pythons)
        lineage = Lineage(
            source=_name(order),
            sha256=sha256,
            road=road,
            tools=dict(made.tools),
            seconds={**made.seconds, "float file": time.perf_counter() - started},
            inputs=_said_inputs(order, made),
            calibration=_said_calibration(order),
            notes=made.notes,
        )
        artifact = finish(order, made, lineage, calibration, extra, out)
    for note in artifact.lineage.notes if artifact.lineage else ():
        say(f"  {note}")
    if order.calibration == RANDOM:
        say(f"  calibrated on {NOISE}")
    variant = VariantSpec(name=out.stem, steps=(), precision=order.precision)  # type: ignore[arg-type]
    converted = Made(variant=variant, artifact=artifact, path=out)
    if explain is not None:
        explain(converted, made)
    return converted


def is_model_file(text: str) -> bool:
    """Whether `text` names a model and no recipe. A recipe that edgekit brings comes before a folder of its name."""
    from edgekit.recipe.table import brought

    if not roads.is_model_file(text):
        return False
    return text not in brought()


def _out(order: Order) -> Path:
    stem = (order.factory.partition(":")[2] or order.factory) if order.file is None else Path(order.file).stem
    suffix = "" if order.precision == "float32" else f"-{order.precision}"
    out = order.out or Path(f"{stem}{suffix}.tflite")
    if out.suffix != ".tflite":
        raise UsageError(f"--out {out} does not end in .tflite", f"--out {out.with_suffix('.tflite')}")
    if not out.parent.is_dir():
        raise UsageError(f"--out: there is no folder {out.parent}", "make it first")
    if order.file is not None and out.resolve() == order.file.resolve():
        raise UsageError(f"--out {out} is the source itself", "name another file with --out")
    return out


def _road(order: Order) -> str:
    if order.file is not None and order.factory:
        raise UsageError("a model file and --factory were given", "give one of the two")
    if order.file is None and not order.factory:
        raise UsageError("no model was given", "edgekit convert model.onnx, or --factory module:function --shape 1x8")
    return "torch" if order.file is None else roads.road_of(order.file)


def _check(order: Order, road: str) -> None:
    """What cannot go together, said before anything runs."""
    if road == "torch" and not order.shapes:
        raise UsageError("--factory needs its inputs' shapes", "--shape 1x3x224x224, once an input, in order")
    if order.weights is not None and road != "torch":
        raise UsageError("--weights go with --factory", "edgekit convert --factory module:function --weights state.pt")
    if order.shapes and road in ("torch-program", "as-it-is"):
        raise UsageError(f"--shape has no meaning for {order.file}: its shapes are fixed", "leave it out")
    asked = VariantSpec(name="", steps=(), precision=order.precision, io=order.io)  # type: ignore[arg-type]
    if order.precision == "mixed":
        raise UsageError("--precision mixed needs validation data, which a model file does not have", "name a recipe")
    if problem := conversion_problem(asked):
        raise UsageError(f"--{problem[0]}: {problem[1]}", problem[2])
    if order.precision in CALIBRATED and not order.calibration:
        raise UsageError(
            f"--precision {order.precision} needs samples to take ranges from",
            "--calibration FILE.npz of real inputs, or --calibration random, which says nothing about real data",
        )
    if order.calibration and order.precision in ("float32", "fp16"):
        raise UsageError(f"--calibration has no meaning for {order.precision}", "--precision int8")


def _metadata(paths: tuple[Path, ...]) -> dict[str, bytes]:
    return {path.name: read_file(path) for path in paths}


def _given_calibration(order: Order) -> "tuple[NDArray[Any], ...] | None":
    if not order.calibration or order.calibration == RANDOM:
        return None
    return inputs.load_samples(Path(order.calibration))


def _name(order: Order) -> str:
    return order.factory if order.file is None else units.as_text(order.file.name)


def _count(order: Order) -> int:
    return COUNT.get(order.precision, COUNT_QUANTIZED)


def _said_inputs(order: Order, made: roads.FloatFile) -> str:
    count = len(made.inputs[0]) if made.inputs else 1
    if order.samples is not None:
        return f"{count} samples of {units.as_text(order.samples.name)}"
    return f"{count} seeded random samples (seed {order.seed}; floats uniform in -1..1, integers 0 or 1)"


def _said_calibration(order: Order) -> str:
    if order.calibration == RANDOM:
        return f"{CALIBRATION} samples of {NOISE}"
    if order.calibration:
        return units.as_text(Path(order.calibration).name)
    return "" if order.precision in COUNT else "none: weights rounded to the nearest step"


def _float_file(
    order: Order,
    road: str,
    shapes: "tuple[tuple[tuple[int, ...], str], ...]",
    samples: "tuple[NDArray[Any], ...] | None",
    out: Path,
    pythons: Mapping[str, str],
) -> tuple[roads.FloatFile, str]:
    """The float .tflite with its source's outputs, and the source's sha256."""
    if road in roads.IN_CHILD:
        assert order.file is not None
        python = from_child.python_of(pythons.get("tensorflow"), road)
        made = from_child.to_float(
            order.file,
            road,
            python=python,
            log=out.with_name(f"{out.stem}.log"),
            limit_s=order.time_limit_s,
            shapes=tuple(shape for shape, _ in shapes),
            samples=samples,
            count=_count(order),
            seed=order.seed,
            images=order.images,
        )
        return made, roads.sha256_of(order.file)
    if road == "as-it-is":
        assert order.file is not None
        return _as_it_is(order, order.file, samples), roads.sha256_of(order.file)
    from edgekit.convert import from_program, network_file

    if road == "torch-program":
        assert order.file is not None
        network, sizes, dtypes, names = from_program.open_program(order.file)
        notes: tuple[str, ...] = ()
        sha256 = roads.sha256_of(order.file)
    else:
        network, notes = _built(order)
        sizes, dtypes = tuple(shape for shape, _ in shapes), tuple(dtype for _, dtype in shapes)
        names = tuple(f"input_{place}" for place in range(len(sizes)))
        sha256 = network_file.weights_sha256(network)
    made = network_file.to_float(
        network,
        sizes,
        dtypes,
        names,
        samples=samples,
        count=_count(order),
        seed=order.seed,
        images=order.images,
        notes=notes,
    )
    return made, sha256


def _built(order: Order) -> tuple[Any, tuple[str, ...]]:
    """The factory's network with its weights, and what is to be said of them."""
    from edgekit import zoo
    from edgekit.convert import from_program
    from edgekit.recipe import functions

    reference = FunctionRef(name=order.factory, file=Path(order.factory), key="--factory")
    function = functions.resolve(reference, zoo.NETWORKS, Path.cwd())
    network = functions.call(reference, function, key="--factory", file=Path(order.factory))
    if not hasattr(network, "state_dict"):
        raise ConvertError(f"{order.factory} returned a {type(network).__name__}", "return a torch.nn.Module")
    network.eval()
    if order.weights is None:
        return network, ()
    return network, from_program.put_weights(network, from_program.read_weights(order.weights), order.weights)


def _as_it_is(order: Order, path: Path, samples: "tuple[NDArray[Any], ...] | None") -> roads.FloatFile:
    """The file's own graph; its source is the file itself, run here."""
    from edgekit.convert.child.samples import random_inputs
    from edgekit.runner.batch import run_batch

    content = read_file(path)
    file = read(content, str(path))
    quantized = any(t.dtype in ("int8", "uint8", "int16") and t.quantization is not None for t in file.main.tensors)
    if order.precision != "float32" and quantized:
        raise ConvertError(
            f"{path.name} is quantized already: {order.precision} begins with a float file", "convert its float source"
        )
    shapes, dtypes, names = _tensors(file, path)
    if samples is None:
        arrays = random_inputs(shapes, dtypes, _count(order), order.seed)
    else:
        arrays = inputs.fitted(samples, shapes, dtypes, names)
    started = time.perf_counter()
    outputs = run_batch(path, arrays).floats()
    seconds = {"run source": time.perf_counter() - started}
    return roads.FloatFile(content=content, inputs=arrays, outputs=outputs, input_names=names, seconds=seconds)


def _tensors(file: ModelFile, path: Path) -> tuple[list[tuple[int, ...]], list[str], tuple[str, ...]]:
    tensors = [file.main.tensors[index] for index in file.main.inputs]
    for tensor in tensors:
        if tensor.dtype not in inputs.DTYPES:
            raise ModelFileError(f"input {tensor.name} is {tensor.dtype}: no samples are made of that", path=str(path))
    return [t.shape for t in tensors], [t.dtype for t in tensors], tuple(t.name for t in tensors)


def finish(
    order: Order,
    made: roads.FloatFile,
    lineage: Lineage,
    calibration: "tuple[NDArray[Any], ...] | None",
    metadata: Mapping[str, bytes],
    out: Path,
) -> Artifact:
    """The float file -> precision, no dead weight, metadata, parity, side-car."""
    import numpy as np

    from edgekit.convert import convert_model
    from edgekit.convert.child.samples import random_inputs
    from edgekit.datasets import Split
    from edgekit.model import Model

    file = read(made.content)
    shapes, dtypes, names = _tensors(file, out)
    told = tuple(  # converters turn int64 into int32
        f"input {name} is {dtype} in the file, {array.dtype} in the source"
        for name, dtype, array in zip(names, dtypes, made.inputs, strict=True)
        if array.dtype != dtype
    )
    samples = tuple(array.astype(dtype, copy=False) for array, dtype in zip(made.inputs, dtypes, strict=True))
    lineage = replace(lineage, notes=(*lineage.notes, *told))
    model = Model(
        network=None,
        example=(),
        input_names=names,
        parameters=constant_elements(file) if made.parameters is None else made.parameters,
        macs=macs(file) if made.macs is None else made.macs,
    )
    if calibration is not None:
        arrays = inputs.fitted(_laid(calibration, made, shapes), shapes, dtypes, names)
    elif order.calibration == RANDOM:
        arrays = random_inputs(shapes, dtypes, CALIBRATION, order.seed + 1)
    else:  # nobody gave samples: weights are rounded to the nearest step, not by what noise excites
        arrays = tuple(array[:0] for array in samples)
    return convert_model(
        model,
        order.precision,  # type: ignore[arg-type]
        calibration=Split(inputs=arrays, labels=np.zeros(len(arrays[0]) if arrays else 0)),
        parity_samples=Split(inputs=samples, labels=np.zeros(len(samples[0]) if samples else 0)),
        folder=out.parent,
        recipe="",
        variant=out.stem,
        metadata=metadata,
        float_file=lambda: made.content,
        source_outputs=made.outputs,
        lineage=lineage,
        io=order.io,  # type: ignore[arg-type]
        rewrite=rewriter(order.rewrite_for) if order.rewrite_for else None,
    )


def _laid(
    arrays: "tuple[NDArray[Any], ...]", made: roads.FloatFile, shapes: Sequence[tuple[int, ...]]
) -> "tuple[NDArray[Any], ...]":
    """Samples in the source's order and layout -> in the file's."""
    from edgekit.convert.child.samples import relaid

    if made.input_order and len(made.input_order) == len(arrays):
        arrays = tuple(arrays[place] for place in made.input_order)
    axes = made.input_axes or ((),) * len(arrays)
    if len(axes) != len(arrays):
        return arrays  # `fitted` says what is wrong
    try:
        return tuple(relaid(*one) for one in zip(arrays, axes, shapes, strict=True))
    except ValueError as error:
        raise DataError(f"the samples do not have the model's shape: {error}", "in the model's own layout") from error
