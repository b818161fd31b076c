"""`edgekit convert --explain` and `edgekit compare A.tflite B.tflite`: where does a file leave its source?

A variant is explained in two parts: the torch network against its float32 file, then that file against the artifact. A
float32 variant has only the first, with the artifact itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from edgekit.artifact import Artifact, Parity, sidecar_path
from edgekit.errors import DataError, UsageError
from edgekit.pipeline.artifacts import Made, float_file, made_text
from edgekit.pipeline.models import Models, opened
from edgekit.pipeline.session import Session
from edgekit.recipe.spec import Precision
from edgekit.runner import codec
from edgekit.tflite import ModelFile, read, read_file
from edgekit.workspace import write_atomic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgekit.convert.explanation import Explanation
    from edgekit.convert.roads import FloatFile

SAMPLES = 8
"""Samples that every tensor is compared on: of SEARCHED, mostly those whose outputs differ most."""
SEARCHED = 200
RANDOM_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One variant: its parity and each comparison on the way from the torch network to the artifact."""

    variant: str
    parity: Parity | None
    comparisons: "tuple[Explanation, ...]"


def explain(session: Session, made: Sequence[Made]) -> tuple[Explained, ...]:
    """Of every .tflite artifact; each is written beside its published copy, as VARIANT.explain.json."""
    models = opened(session, [item.variant for item in made])
    found = []
    for item in made:
        if item.artifact.format != "tflite":
            continue
        if item.variant.recurrent != "unrolled":
            session.say(f"{item.variant.name}: loops and fused operators are not explained, its unrolled form is")
            continue
        session.say(f"explain {item.variant.name}")
        explained = _explained(session, models, item)
        folder = session.workspace.folder / "artifacts" / item.artifact.recipe
        write_atomic(folder / f"{item.variant.name}.explain.json", codec.dumps(explained).encode())
        found.append(explained)
    return tuple(found)


def _explained(session: Session, models: Models, made: Made) -> Explained:
    from edgekit.compress.fake_quant import baked
    from edgekit.compress.fit import outputs_on
    from edgekit.convert.explain import explain_files, most_different
    from edgekit.convert.explain_torch import explain_torch
    from edgekit.convert.from_torch import to_tflite
    from edgekit.datasets.layout import to_channels_last
    from edgekit.runner.batch import run_batch

    model, artifact = models.get(made.variant.steps), made.artifact
    split = session.data.joined(SEARCHED)
    laid = to_channels_last(split.inputs, model.channels_last)
    outputs = run_batch(made.path, laid).floats()
    chosen = most_different(outputs_on(model.network, split), outputs, SAMPLES)
    samples = [tuple(array[place : place + 1] for array in split.inputs) for place in chosen]
    trained = model.trained_quantization is not None
    network = baked(model.network) if trained else model.network
    content = read_file(made.path)
    direct = made.variant.precision == "float32"
    if direct:
        before = content
    else:
        before = to_tflite(network, model) if trained else float_file(session, models, made.variant.steps)
    parts = 1 if direct else 2
    with session.progress.task(f"explain {made.variant.name}", parts * len(samples)) as tick:
        comparisons = [
            explain_torch(
                network,
                before,
                samples,
                channels_last=model.channels_last,
                title=artifact.file if direct else "its float32 file",
                names=artifact.tensor_names if direct else None,
                tick=tick,
            )
        ]
        if not direct:
            files = [tuple(array[place : place + 1] for array in laid) for place in chosen]
            comparisons.append(
                explain_files(
                    before,
                    content,
                    files,
                    precision=made.variant.precision,
                    titles=("the float32 file", artifact.file),
                    names=artifact.tensor_names,
                    tick=tick,
                )
            )
    return Explained(variant=made.variant.name, parity=artifact.parity, comparisons=tuple(comparisons))


def explain_file(made: Made, floats: "FloatFile") -> Explained:
    """Of a file that no recipe made: the float file of its source against the artifact, on parity's first samples."""
    from edgekit.convert.explain import explain_files

    count = min(SAMPLES, *(len(array) for array in floats.inputs))
    samples = [tuple(array[place : place + 1] for array in floats.inputs) for place in range(count)]
    comparison = explain_files(
        floats.content,
        read_file(made.path),
        samples,
        precision=made.artifact.precision,
        titles=("the float32 file", made.artifact.file),
        names=made.artifact.tensor_names,
    )
    explained = Explained(variant=made.variant.name, parity=made.artifact.parity, comparisons=(comparison,))
    write_atomic(made.path.with_suffix(".explain.json"), codec.dumps(explained).encode())
    return explained


def as_json(made: Sequence[Made], found: Sequence[Explained]) -> str:
    """Side-cars and explanations as one JSON object."""
    return codec.dumps({"artifacts": tuple(item.artifact for item in made), "explanations": tuple(found)})


def as_text(made: Sequence[Made], found: Sequence[Explained]) -> str:
    """The artifacts, then each comparison: the blamed operator with its neighbours where there is one."""
    from edgekit.convert.explanation import text

    lines = [made_text(made)]
    for item in found:
        lines += ["", f"{item.variant}", *(text(comparison) for comparison in item.comparisons)]
    return "\n".join(lines)


def explain_paths(before: Path, after: Path, *, precision: str, samples: Path | None) -> "Explanation":
    """Two .tflite files of one network. UsageError where they are not two such files.

    `precision`: whose tolerance holds; empty: the second file's, by its side-car or else its weights. `samples`: a
    .npy (one input) or .npz (arrays in the order of the inputs) of (N, ...) real values in the file's layout; at most
    SAMPLES are taken. None: seeded random values, floats in 0..1 and integers over their range.
    """
    if before.suffix != after.suffix:
        raise UsageError(f"{before} and {after} are not of one kind", "name two .tflite files, or two reports")
    if precision and precision not in get_args(Precision):
        choices = get_args(Precision)
        raise UsageError(
            f"--precision {precision!r} is not known{codec.closest(precision, choices)}",
            f"one of: {', '.join(choices)}",
        )
    from edgekit.convert.explain import explain_files

    contents = [read_file(path) for path in (before, after)]
    file = read(contents[0], str(before))
    read(contents[1], str(after))
    given = _random(file, before) if samples is None else _loaded(samples, file)
    sidecar = _sidecar(after)
    return explain_files(
        contents[0],
        contents[1],
        given,
        precision=precision or (sidecar.precision if sidecar else _precision(read(contents[1]))),
        titles=(str(before), str(after)),
        names=sidecar.tensor_names if sidecar else None,
    )


def _sidecar(path: Path) -> Artifact | None:
    try:
        return codec.loads(Artifact, sidecar_path(path).read_bytes())
    except (OSError, codec.CodecError):
        return None


def _precision(file: ModelFile) -> Precision:
    """By the dtypes of constants: any integer weights make int8's tolerance, float16 ones fp16's."""
    kinds = {t.dtype for t in file.main.tensors if t.is_constant and (t.quantization or t.dtype.startswith("float"))}
    if kinds - {"float32", "float16"}:
        return "int8"
    return "fp16" if "float16" in kinds else "float32"


def _random(file: ModelFile, path: Path) -> "list[tuple[NDArray[Any], ...]]":
    import numpy as np

    from edgekit.convert.kept import as_real
    from edgekit.pipeline.files import random_values

    generator = np.random.default_rng(RANDOM_SEED)
    tensors = [file.main.tensors[index] for index in file.main.inputs]
    arrays = [as_real(random_values(tensor, generator, path), tensor) for tensor in tensors]
    return [tuple(array[place : place + 1] for array in arrays) for place in range(min(map(len, arrays), default=0))]


def _loaded(path: Path, file: ModelFile) -> "list[tuple[NDArray[Any], ...]]":
    import numpy as np

    try:
        held = np.load(path, allow_pickle=False)
        arrays = [held[name] for name in held.files] if hasattr(held, "files") else [held]
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: {' '.join(str(error).split())[:200]}", "name a .npy or .npz file") from error
    wanted = [file.main.tensors[index].shape for index in file.main.inputs]
    found = [array.shape for array in arrays]
    if [shape[1:] for shape in found] != [shape[1:] for shape in wanted] or not all(len(array) for array in arrays):
        raise DataError(
            f"{path} holds arrays of {[list(shape) for shape in found]}, the file's inputs are "
            f"{[list(shape) for shape in wanted]}",
            "give (N, ...) of each input, in the file's layout",
        )
    count = min(SAMPLES, *(len(array) for array in arrays))
    return [tuple(array[place : place + 1] for array in arrays) for place in range(count)]


def one_json(found: "Explanation") -> str:
    """As JSON text."""
    return codec.dumps(found)


def one_text(found: "Explanation") -> str:
    """Every operator, the blamed one marked `>`, the first that leaves the tolerance `!`."""
    from edgekit.convert.explanation import text

    return text(found, every=True)
