"""`edgekit bench` and `push`: .tflite files that no recipe made, on seeded random inputs."""

import datetime
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from edgekit import __version__, units
from edgekit.artifact import Artifact, TensorInfo, compressed_size
from edgekit.errors import ModelFileError, UsageError
from edgekit.pipeline.artifacts import Made, operators_of
from edgekit.pipeline.samples import describe_inputs, write_inputs
from edgekit.pipeline.series import Candidate, Setting, measure_target
from edgekit.pipeline.whole import Outcome, changed_plan, plan_numbers, save
from edgekit.progress import Progress
from edgekit.recipe.spec import Plan, VariantSpec
from edgekit.report.build import exit_code, rows_of_target
from edgekit.result import Report, Row
from edgekit.runner import codec
from edgekit.runner.protocol import DType
from edgekit.target import parse_target
from edgekit.targets import expand, open_target
from edgekit.tflite import ModelFile, Tensor, read, read_file
from edgekit.tflite.structure import constant_elements, macs
from edgekit.workspace import Workspace, stage_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHECK_SAMPLES = 4
MAX_INPUT_ELEMENTS = 1 << 26
"""Of one sample: half a gigabyte of doubles."""


def bench(
    paths: Sequence[Path],
    *,
    targets: Sequence[str],
    workspace: Path,
    serial: str,
    pythons: Mapping[str, str],
    threads: int,
    launches: int | None,
    min_seconds: float | None,
    seed: int,
    progress: Progress,
    say: Callable[[str], None],
) -> Outcome:
    """Measure the files in one series a target, always anew; the first file is the baseline."""
    specs = expand([parse_target(text) for text in targets], serial)
    for spec in specs:  # a kind of target that is not there is said before anything is measured
        open_target(spec, serial=serial, pythons=pythons).close()
    kept = Workspace(workspace)
    plan = changed_plan(Plan(launches=5, min_seconds=1.0, threads=threads), launches, min_seconds)
    candidates = [_candidate(path, name, kept, seed) for path, name in zip(paths, _names(paths), strict=True)]
    setting = Setting(
        workspace=kept,
        plan=plan,
        seed=seed,
        progress=progress,
        say=say,
        serial=serial,
        pythons=pythons,
        fresh=True,
    )
    baseline = candidates[0].made.variant.name
    artifacts = {item.made.variant.name: item.made.artifact for item in candidates}
    operators = {item.made.variant.name: operators_of(item.made) for item in candidates}
    rows: list[Row] = []
    for spec in specs:
        series = measure_target(spec, candidates, setting)
        rows += rows_of_target(series.measurements, artifacts, {}, operators=operators, baseline=baseline, metric="")
    report = Report(
        edgekit=__version__,
        title=" ".join(units.as_text(path.name) for path in paths),
        recipe_sha256="",
        created_utc=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        seed=seed,
        baseline=baseline,
        metric="",
        plan=plan_numbers(plan),
        rows=tuple(rows),
        notes=("inputs are random: nothing is said about accuracy or parity",),
    )
    return Outcome(report=report, folder=save(report, kept, "bench"), exit_code=exit_code(report))


def _names(paths: Sequence[Path]) -> list[str]:
    """File names without their ending, made different where two are alike."""
    names: list[str] = []
    for path in paths:
        name = units.as_text(path.stem)
        names.append(name if name not in names else f"{name}-{len(names)}")
    return names


def _candidate(path: Path, name: str, workspace: Workspace, seed: int) -> Candidate:
    import numpy as np

    content = read_file(path)
    model = read(content, str(path))
    artifact = _artifact(path, name, content, model)
    generator = np.random.default_rng(seed)
    arrays = [random_values(model.main.tensors[index], generator, path) for index in model.main.inputs]
    inputs = {"shapes": [[*array.shape] for array in arrays], "dtypes": [str(a.dtype) for a in arrays], "seed": seed}
    key = stage_key("random", sources=(__name__,), inputs=inputs, tools=("numpy",))
    folder = workspace.kept("random", key, lambda building: write_inputs(arrays, building))
    variant = VariantSpec(name=name, steps=(), precision="float32")
    made = Made(variant=variant, artifact=artifact, path=path.resolve())
    return Candidate(made=made, inputs=describe_inputs(folder, artifact), reference=None, score=None)


def _artifact(path: Path, name: str, content: bytes, model: ModelFile) -> Artifact:
    def infos(indices: tuple[int, ...]) -> tuple[TensorInfo, ...]:
        tensors = (model.main.tensors[index] for index in indices)
        return tuple(TensorInfo(name=item.name, shape=item.shape, dtype=cast(DType, item.dtype)) for item in tensors)

    return Artifact(
        file=units.as_text(path.name),
        format="tflite",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        compressed_bytes=compressed_size(content),
        recipe="",
        variant=name,
        precision="as it is",
        parameters=constant_elements(model),
        macs=macs(model),
        inputs=infos(model.main.inputs),
        outputs=infos(model.main.outputs),
        source_sha256="",
    )


def random_values(tensor: Tensor, generator: Any, path: Path) -> "NDArray[Any]":
    """(CHECK_SAMPLES, ...) values of the tensor's dtype: floats in 0..1, integers over their range, ids 0 and 1."""
    import numpy as np

    name = codec.shortened(tensor.name)
    if not tensor.shape or tensor.elements == 0:
        raise ModelFileError(f"input {name} has shape {list(tensor.shape)}: give it a fixed one", path=str(path))
    shape = (CHECK_SAMPLES, *tensor.shape[1:])
    if tensor.elements > MAX_INPUT_ELEMENTS:
        raise ModelFileError(f"input {name} has {tensor.elements:.3g} elements: too many to make", path=str(path))
    if tensor.shape[0] != 1:
        raise ModelFileError(f"input {name} has batch {tensor.shape[0]}: only 1 is measured", path=str(path))
    if tensor.dtype in ("float32", "float16"):
        return np.asarray(generator.random(shape), dtype=tensor.dtype)
    if tensor.dtype in ("int8", "uint8", "int16"):
        limits = np.iinfo(tensor.dtype)
        return np.asarray(generator.integers(limits.min, limits.max, shape, endpoint=True), dtype=tensor.dtype)
    if tensor.dtype in ("int32", "int64", "bool"):
        return np.asarray(generator.integers(0, 1, shape, endpoint=True), dtype=tensor.dtype)
    raise ModelFileError(f"input {name} is {tensor.dtype}: no random values are made of that", path=str(path))


def push(file: Path, *, targets: Sequence[str], serial: str, progress: Progress) -> Iterator[str]:
    """Push a file to every target's device, or, where no target is named, to the only one; yields what was done."""
    from edgekit.targets.adb_target import push_file

    if not file.is_file():
        raise UsageError(f"{file} is no file", "name the file to push")
    for spec in expand([parse_target(text) for text in targets], serial) or (parse_target("android:*:cpu"),):
        target = open_target(spec, serial=serial)
        if not hasattr(target, "adb"):
            raise UsageError(f"target {spec} takes no files", "name a device: --target android:*:cpu")
        try:
            yield push_file(target.adb(), file, progress)
        finally:
            target.close()
