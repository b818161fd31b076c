"""Models -> artifacts, each with parity against its source: the torch model after the variant's own steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit import units
from edgekit.artifact import Artifact, sidecar_path
from edgekit.errors import ParityError
from edgekit.pipeline.models import Models, opened
from edgekit.pipeline.session import Session, package_modules
from edgekit.recipe.spec import VariantSpec
from edgekit.runner import codec
from edgekit.tflite import read, read_file
from edgekit.tflite.structure import operator_counts
from edgekit.workspace import stage_key, write_atomic

CALIBRATION_SAMPLES = 200
"""Train samples that static int8 calibrates on."""
PARITY_SAMPLES = 1000
"""Train and validation samples, at most, that parity is judged on; never test samples."""
FLOAT_FILE = "float32.tflite"
TOOLS = ("torch", "litert-torch", "litert-quantizer", "ai-edge-litert", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An artifact and where it lies."""

    variant: VariantSpec
    artifact: Artifact
    path: Path


def make(session: Session, models: Models, variant: VariantSpec, *, torch_program: bool = False) -> Made:
    """The variant's artifact, from the workspace where it lies there.

    `torch_program`: the torch exported program (.pt2) that `@torch` targets run, instead of the .tflite file.
    """
    stage = "export" if torch_program else "convert"
    key = _key(session, models, variant, stage)
    folder = session.workspace.kept(stage, key, lambda building: _convert(session, models, variant, stage, building))
    return _read(session, variant, folder, publish=not torch_program)


def _key(session: Session, models: Models, variant: VariantSpec, stage: str) -> str:
    inputs = {
        "model": models.key(variant.steps),
        "recipe": session.recipe.name,
        "variant": variant.name,
        "precision": variant.precision,
        "data": session.identity("data"),
        "samples": [CALIBRATION_SAMPLES, PARITY_SAMPLES],
        "seed": session.recipe.seed,
    }
    sources = [name for package in ("convert", "tflite", "runner") for name in package_modules(f"edgekit.{package}")]
    sources += ["edgekit.stats", "edgekit.artifact", "edgekit.compress.fake_quant", "edgekit.datasets.load"]
    return stage_key(stage, sources=sources, inputs=inputs, tools=TOOLS)


def _convert(session: Session, models: Models, variant: VariantSpec, stage: str, folder: Path) -> None:
    from edgekit.convert import CONVERT_STAGES, convert_model, export_model
    from edgekit.datasets.load import open_metadata

    model = models.get(variant.steps)
    session.say(f"{stage} {variant.name} ({variant.precision})")
    total = None if stage == "export" else len(CONVERT_STAGES)
    with session.progress.task(f"{stage} {variant.name}", total) as tick:
        if stage == "export":
            artifact = export_model(model, folder=folder, recipe=session.recipe.name, variant=variant.name)
        else:
            artifact = convert_model(
                model,
                variant.precision,
                calibration=session.data.train.take(slice(0, CALIBRATION_SAMPLES)),
                parity_samples=session.data.joined(PARITY_SAMPLES),
                folder=folder,
                recipe=session.recipe.name,
                variant=variant.name,
                metadata=open_metadata(session.source),
                float_file=lambda: _float_file(session, models, variant.steps),
                tick=tick,
            )
    session.say(f"  {units.size(artifact.size_bytes)}, {parity_words(artifact)}")


def _float_file(session: Session, models: Models, steps: tuple[str, ...]) -> bytes:
    """The float32 .tflite of the model after `steps`: converted once for every precision that begins with it."""
    from edgekit.convert.from_torch import to_tflite

    def write(folder: Path) -> None:
        model = models.get(steps)
        write_atomic(folder / FLOAT_FILE, to_tflite(model.network, model))

    sources = ("edgekit.convert.from_torch", "edgekit.datasets.layout", __name__)
    key = stage_key("float", sources=sources, inputs={"model": models.key(steps)}, tools=TOOLS)
    return (session.workspace.kept("float", key, write) / FLOAT_FILE).read_bytes()


def parity_words(artifact: Artifact) -> str:
    """`parity ok (max error / output range 2.1e-07)`, or what failed."""
    parity = artifact.parity
    if parity is None:
        return "parity not checked"
    return f"parity {'ok' if parity.passed else 'FAILED'} ({parity.reason or f'{parity.measure} {parity.value:.4g}'})"


def operators_of(made: Made) -> dict[str, int]:
    """How often each operator occurs in the file; nothing for a torch program."""
    if made.artifact.format != "tflite":
        return {}
    return operator_counts(read(read_file(made.path), str(made.path)))


def _read(session: Session, variant: VariantSpec, folder: Path, *, publish: bool) -> Made:
    sidecars = sorted(folder.glob("*.json"))
    sidecar = next(path for path in sidecars if path.name != "manifest.json")
    artifact = codec.loads(Artifact, sidecar.read_bytes())
    path = folder / artifact.file
    if publish:
        _publish(session, artifact, path)
    return Made(variant=variant, artifact=artifact, path=path)


def _publish(session: Session, artifact: Artifact, path: Path) -> None:
    """Lay a copy where a person looks for it: WORKSPACE/artifacts/RECIPE/VARIANT.tflite and its side-car."""
    target = session.workspace.folder / "artifacts" / artifact.recipe / artifact.file
    side = sidecar_path(target)
    if target.exists() and side.exists() and side.read_bytes() == sidecar_path(path).read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, path.read_bytes())
    write_atomic(side, sidecar_path(path).read_bytes())


def convert(session: Session, variants: Sequence[str]) -> tuple[Made, ...]:
    """The artifacts of `variants` (all where empty)."""
    chosen = session.variants(variants)
    models = opened(session, chosen)
    return tuple(make(session, models, variant) for variant in chosen)


def made_json(made: Sequence[Made]) -> str:
    """The side-cars, as one JSON list."""
    return codec.dumps(tuple(item.artifact for item in made))


def made_text(made: Sequence[Made]) -> str:
    """One line an artifact: size, parity, path."""
    lines = []
    for item in made:
        artifact = item.artifact
        equal = ""
        if artifact.quantized_tensors is not None:
            equal = f", {artifact.quantized_equal} of {artifact.quantized_tensors} quantized tensors equal the trained"
        lines.append(
            f"{artifact.variant:<20} {units.size(artifact.size_bytes):>9} "
            f"({units.size(artifact.compressed_bytes)} compressed)  {parity_words(artifact)}{equal}\n"
            f"{'':<20} {item.path}"
        )
    return "\n".join(lines)


def raise_on_failed_parity(made: Sequence[Made]) -> None:
    """ParityError for the first artifact that does not compute what its source computes."""
    for item in made:
        parity = item.artifact.parity
        if parity is not None and not parity.passed:
            raise ParityError(
                f"variant {item.artifact.variant}: {parity.reason}",
                "the rules and their limits: docs/parity.md",
                output=item.artifact.outputs[0].name,
                error=parity.value,
                tolerance=parity.limit,
            )
