"""Models -> artifacts, each with parity against its source: the torch model after the variant's own steps."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit import units
from edgekit.artifact import Artifact, Parity, Sensitivity, sensitivity_path, sidecar_path
from edgekit.errors import ParityError, UsageError
from edgekit.pipeline import mixed
from edgekit.pipeline.models import Models, opened
from edgekit.pipeline.rewriting import for_goal, rewrite_words, rewriter
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
COREML_ELSEWHERE = "Core ML runs on macOS only"
FLOAT_FILE = "float32.tflite"
COREML_TOOLS = ("torch", "coremltools", "numpy")
REFUSED_FILE = "refused.json"
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
    stage = "export" if torch_program else "coreml" if variant.format == "coreml" else "convert"
    key = _key(session, models, variant, stage)
    folder = session.workspace.kept(stage, key, lambda building: _convert(session, models, variant, stage, building))
    return _read(session, variant, folder, publish=not torch_program)


def _key(session: Session, models: Models, variant: VariantSpec, stage: str) -> str:
    inputs = {
        "model": models.key(variant.steps),
        "recipe": session.recipe.name,
        "variant": variant.name,
        "precision": variant.precision,
        "io": variant.io,
        "recurrent": variant.recurrent,
        "data": session.identity("data"),
        "samples": [CALIBRATION_SAMPLES, PARITY_SAMPLES],
        "seed": session.recipe.seed,
        "rewrite for": variant.rewrite_for,
    }
    if variant.precision == "mixed":
        inputs |= {"budget": variant.budget, "exceptions": variant.exceptions, "metric": session.identity("metric")}
    sources = [name for package in ("convert", "tflite", "runner") for name in package_modules(f"edgekit.{package}")]
    sources += ["edgekit.stats", "edgekit.artifact", "edgekit.compress.fake_quant", "edgekit.datasets.load"]
    sources += ["edgekit.recurrence", "edgekit.pipeline.mixed", "edgekit.report.sensitivity"]
    sources += package_modules("edgekit.report.html")
    if variant.rewrite_for:
        sources += package_modules("edgekit.delegates")
    return stage_key(stage, sources=sources, inputs=inputs, tools=COREML_TOOLS if stage == "coreml" else TOOLS)


def _convert(session: Session, models: Models, variant: VariantSpec, stage: str, folder: Path) -> None:
    from edgekit.convert import CONVERT_STAGES, convert_coreml, convert_model, export_model
    from edgekit.datasets.load import open_description, open_metadata

    model = models.get(variant.steps)
    calibration = session.data.train.take(slice(0, CALIBRATION_SAMPLES))

    def floats() -> bytes:
        return float_file(session, models, variant.steps, marked=variant.recurrent != "unrolled")

    order = None
    if variant.precision == "mixed" and stage == "convert":
        order = mixed.order(session, models, variant, floats, calibration)
    session.say(f"{stage} {variant.name} ({variant.precision})")
    total = len(CONVERT_STAGES) if stage == "convert" else None
    with session.progress.task(f"{stage} {variant.name}", total) as tick:
        if stage == "export":
            artifact = export_model(model, folder=folder, recipe=session.recipe.name, variant=variant.name)
        elif stage == "coreml":
            artifact = convert_coreml(
                model, variant.precision, folder=folder, recipe=session.recipe.name, variant=variant.name
            )
        else:
            artifact = convert_model(
                model,
                variant.precision,
                calibration=calibration,
                parity_samples=session.data.joined(PARITY_SAMPLES),
                folder=folder,
                recipe=session.recipe.name,
                variant=variant.name,
                metadata={**open_description(session.source), **open_metadata(session.source)},
                float_file=floats,
                io=variant.io,
                mixed=order,
                recurrent=variant.recurrent,
                rewrite=rewriter(variant.rewrite_for) if variant.rewrite_for else None,
                tick=tick,
            )
    _draw(folder / artifact.file)
    session.say(f"  {units.size(artifact.size_bytes)}, {parity_words(artifact)}")


def _draw(file: Path) -> None:
    """The picture beside the sensitivity of a mixed file."""
    from edgekit.report.sensitivity import chart

    found = sensitivity_path(file)
    if found.exists():
        write_atomic(found.with_suffix(".svg"), chart(codec.loads(Sensitivity, found.read_bytes()), file.stem).encode())


def float_file(session: Session, models: Models, steps: tuple[str, ...], *, marked: bool = False) -> bytes:
    """The float32 .tflite of the model after `steps`: converted once for every precision that begins with it.

    `marked`: with marks for its recurrent modules, instead of unrolled.
    """
    from edgekit.convert.from_torch import to_tflite
    from edgekit.convert.recurrent_file import to_marked

    def write(folder: Path) -> None:
        model = models.get(steps)
        write_atomic(folder / FLOAT_FILE, to_marked(model) if marked else to_tflite(model.network, model))

    sources = ("from_torch", "recurrent", "recurrent_file", "recurrent_modules")
    names = (
        *(f"edgekit.convert.{name}" for name in sources),
        "edgekit.datasets.layout",
        "edgekit.recurrence",
        __name__,
    )
    key = stage_key("float", sources=names, inputs={"model": models.key(steps), "marked": marked}, tools=TOOLS)
    return (session.workspace.kept("float", key, write) / FLOAT_FILE).read_bytes()


def possible(session: Session, models: Models, variants: Sequence[VariantSpec]) -> tuple[VariantSpec, ...]:
    """Without the forms of `recurrent = "auto"` that the network is not written in, which is said."""
    kept = []
    for variant in variants:
        reason = ""
        if variant.form_of and variant.recurrent != "unrolled":
            reason = _refused(session, models, variant.steps).get(variant.recurrent, "")
        if reason:
            session.say(f"{variant.form_of}: no {variant.recurrent} form ({reason})")
        else:
            kept.append(variant)
    return tuple(kept)


def _refused(session: Session, models: Models, steps: tuple[str, ...]) -> dict[str, str]:
    """Form -> why the model after `steps` is not written in it."""

    def write(folder: Path) -> None:
        from edgekit.convert.recurrent_file import refused_forms

        found = refused_forms(models.get(steps), lambda: float_file(session, models, steps, marked=True))
        write_atomic(folder / REFUSED_FILE, codec.dumps(found).encode())

    sources = (*package_modules("edgekit.convert"), "edgekit.recurrence")
    key = stage_key("forms", sources=sources, inputs={"model": models.key(steps)}, tools=TOOLS)
    kept = session.workspace.kept("forms", key, write) / REFUSED_FILE
    return codec.loads(dict[str, str], kept.read_bytes())


def parity_words(artifact: Artifact) -> str:
    """`parity ok (max error / output range 2.1e-07)`, or what failed."""
    parity = artifact.parity
    if parity is None:
        return "parity not checked"
    if parity.rule == "coreml-weights":
        return coreml_words(parity)
    return f"parity {'ok' if parity.passed else 'FAILED'} ({parity.reason or f'{parity.measure} {parity.value:.4g}'})"


def coreml_words(parity: Parity) -> str:
    """What was read back, and that nothing was run."""
    if not parity.passed:
        return f"weights FAILED ({parity.reason})"
    return f"{parity.figures['weight_tensors']:.0f} weights read back equal; not run: {COREML_ELSEWHERE}"


def operators_of(made: Made) -> dict[str, int]:
    """How often each operator occurs in the file; nothing for a torch program."""
    if made.artifact.format != "tflite":
        return {}
    return operator_counts(read(read_file(made.path), str(made.path)))


def _read(session: Session, variant: VariantSpec, folder: Path, *, publish: bool) -> Made:
    sidecar = next(path for path in sorted(folder.glob("*.json")) if path.stem.endswith((".tflite", ".pt2")))
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
    if artifact.format == "mlpackage.zip":
        from edgekit.convert.package import unpack_to

        package = target.with_suffix("")  # what Xcode opens: VARIANT.mlpackage beside its zip
        shutil.rmtree(package, ignore_errors=True)
        unpack_to(path.read_bytes(), package)
    write_atomic(side, sidecar_path(path).read_bytes())
    for found in (sensitivity_path(path), sensitivity_path(path).with_suffix(".svg")):
        if found.exists():
            write_atomic(target.with_name(found.name), found.read_bytes())


def convert(session: Session, variants: Sequence[str], *, rewrite_for: str = "") -> tuple[Made, ...]:
    """The artifacts of `variants` (all where empty); each rewritten for a goal, where one is given.

    Where none was named, those that cannot be rewritten are left out, and that is said.
    """
    chosen = []
    for variant in session.variants(variants):
        try:
            chosen.append(for_goal(variant, rewrite_for))
        except UsageError as error:
            if variants:
                raise
            session.say(error.message)
    models = opened(session, chosen)
    return tuple(make(session, models, variant) for variant in possible(session, models, chosen))


def made_json(made: Sequence[Made]) -> str:
    """The side-cars, as one JSON list."""
    return codec.dumps(tuple(item.artifact for item in made))


def mixed_words(artifact: Artifact) -> str:
    """Which layers of a mixed file are not int8; empty for any other."""
    if artifact.precision != "mixed":
        return ""
    kinds = sorted({layer.exception for layer in artifact.exceptions})
    said = [
        f"{kind}: {', '.join(layer.name for layer in artifact.exceptions if layer.exception == kind)}" for kind in kinds
    ]
    return f"int8 but for {'; '.join(said)}" if said else "int8 everywhere is within the budget"


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
        if words := mixed_words(artifact):
            lines.append(f"{'':<20} {words}")
        lines += [f"{'':<20} {words}" for words in rewrite_words(artifact)]
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
