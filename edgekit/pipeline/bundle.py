"""`edgekit bundle`: one variant's artifact and what an app needs to run it, in a folder that is written whole."""

import contextlib
import importlib
import json
import re
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgekit import __version__, scratch
from edgekit.bundle import NORMALIZATION, PLATFORMS, SCHEMA
from edgekit.bundle.contents import Contents, ports
from edgekit.convert.package import unpacked
from edgekit.datasets.load import open_metadata
from edgekit.errors import UsageError
from edgekit.pipeline.artifacts import make, raise_on_failed_parity
from edgekit.pipeline.bundle_choice import choose_running, choose_variant, without_an_iphone
from edgekit.pipeline.models import Models
from edgekit.pipeline.session import Session
from edgekit.pipeline.whole import plan_numbers
from edgekit.result import Report
from edgekit.result.store import load_report
from edgekit.runner import codec
from edgekit.workspace import sync_file

BUILDING = ".edgekit-bundle-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What was written: `files` by name with their bytes."""

    folder: Path
    platform: str
    recipe: str
    variant: str
    variant_why: str
    delegate: str
    threads: int
    delegate_why: str
    files: Mapping[str, int]


def bundle(
    session: Session, *, platform: str, variant: str | None, report: Path | None, out: Path | None, force: bool
) -> Bundle:
    """Make the variant's artifact where it is missing, choose by the report, write the folder."""
    recipe = session.recipe
    if variant is not None:
        session.variants((variant,))
    if out is not None:
        _check_place(out, force)
    found = _report(session, report)
    names = [item.name for item in recipe.variants if item.format == "tflite"]
    if variant is not None and variant not in names:
        raise UsageError(
            f"variant {variant} is a Core ML package, which goes into a bundle beside a .tflite file of the same steps",
            f"name that one: {', '.join(names)}",
        )
    chosen, why = (variant, "asked for") if variant else choose_variant(found, names, recipe.baseline)
    folder = out or Path(f"{recipe.name}-{chosen}-{platform}")
    _check_place(folder, force)
    models = Models(session)
    made = make(session, models, next(item for item in recipe.variants if item.name == chosen))
    packages = [
        make(session, models, item)
        for item in recipe.variants
        if platform == "ios" and item.format == "coreml" and item.steps == made.variant.steps
    ][:1]
    raise_on_failed_parity((made, *packages))
    artifact, source = made.artifact, session.source
    inputs, outputs = ports(
        artifact,
        input_names=source.input_names,
        normalization=source.normalization,
        channels_last=recipe.model.channels_last,
        labelled=bool(source.class_names),
    )
    running = choose_running(found, chosen, artifact.sha256, recipe.plan.threads)
    if platform == "ios":
        running = without_an_iphone(running, recipe.plan.threads)
    contents = Contents(
        edgekit=__version__,
        recipe=recipe.name,
        why=why,
        artifact=artifact,
        model=made.path.read_bytes(),
        inputs=inputs,
        outputs=outputs,
        labels=source.class_names,
        running=running,
        plan=plan_numbers(recipe.plan),
        coreml=unpacked(packages[0].path.read_bytes()) if packages else {},
        coreml_artifact=packages[0].artifact if packages else None,
    )
    module, _, function = PLATFORMS[platform].partition(":")
    files: dict[str, bytes] = getattr(importlib.import_module(module), function)(contents)
    files |= {f"metadata-{_file_name(name)}": content for name, content in open_metadata(source).items()}
    _write(folder, files)
    return Bundle(
        folder=folder,
        platform=platform,
        recipe=recipe.name,
        variant=chosen,
        variant_why=why,
        delegate=contents.running.delegate,
        threads=contents.running.threads,
        delegate_why=contents.running.why,
        files={name: len(content) for name, content in sorted(files.items())},
    )


def _file_name(name: str) -> str:
    """A metadata entry's name as part of a file's: letters, digits and `._-` stay."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[:100]


def _report(session: Session, asked: Path | None) -> Report | None:
    """The one that was asked for, else the workspace's newest of this recipe, else none."""
    if asked is not None:
        return load_report(asked)
    newest = session.workspace.folder / "reports" / session.recipe.name / "report.json"
    return load_report(newest) if newest.is_file() else None


def _check_place(folder: Path, force: bool) -> None:
    """UsageError where the folder cannot be written without losing something."""
    blocking = next((place for place in (folder, *folder.parents) if place.exists() and not place.is_dir()), None)
    if blocking is not None:
        raise UsageError(f"{blocking} is no folder, so no bundle can be written to {folder}", "name another --out")
    if folder.exists() and Path.cwd().is_relative_to(folder.resolve()):
        raise UsageError(
            f"{folder} is the folder that you are in, or holds it", "name a folder for the bundle: --out NAME"
        )
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not force:
        raise UsageError(f"{folder} is there already", "name another --out, or add --force to replace it")
    if not _is_bundle(folder):
        raise UsageError(f"{folder} holds no bundle, so --force does not replace it", "name another --out")


def _is_bundle(folder: Path) -> bool:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        data = json.loads((folder / NORMALIZATION).read_bytes())
        return isinstance(data, dict) and data.get("schema") == SCHEMA
    return False


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Beside its place first, then renamed: a folder of this name is whole, or the one of before."""
    folder = folder.resolve()  # a link's own folder is replaced, not the link
    parent = folder.parent
    parent.mkdir(parents=True, exist_ok=True)
    scratch.sweep(parent, BUILDING)
    building = scratch.make(parent, BUILDING)
    try:
        for name, content in files.items():
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            (building / name).write_bytes(content)
            sync_file(building / name)
        building.chmod(0o755)
        if folder.exists():
            before = building.with_name(f"{BUILDING}before-{uuid.uuid4().hex[:8]}")
            folder.rename(before)
            try:
                building.rename(folder)
            except BaseException:
                before.rename(folder)
                raise
            shutil.rmtree(before, ignore_errors=True)
        else:
            building.rename(folder)
    finally:
        scratch.remove(building)


def as_json(made: Bundle) -> str:
    """The bundle as JSON text."""
    return codec.dumps({**{key: getattr(made, key) for key in Bundle.__slots__}, "folder": str(made.folder)})


def as_text(made: Bundle) -> str:
    """What was chosen and why, then the files."""
    threads = "1 thread" if made.threads == 1 else f"{made.threads} threads"
    lines = [
        f"{made.recipe} for {made.platform}: {made.folder}",
        f"  variant   {made.variant}: {made.variant_why}",
        f"  delegate  {made.delegate}, {threads}: {made.delegate_why}",
        *(f"  {size:>10}  {name}" for name, size in made.files.items()),
    ]
    return "\n".join(lines)
