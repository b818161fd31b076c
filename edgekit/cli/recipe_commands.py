"""Commands that take a recipe: run, new, recipes, compress, convert, bundle."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgekit.cli import options
from edgekit.cli.output import check_choice, remark, write_result

if TYPE_CHECKING:
    from edgekit.pipeline.session import Session


def run(
    recipe: options.RecipeFile,
    target: options.Targets = None,
    variant: options.Variants = None,
    workspace: options.Workspace = Path(".edgekit"),
    serial: options.Serial = "",
    format: options.Format = "terminal",
    out: options.Out = "-",
    seed: options.Seed = None,
    launches: options.Launches = None,
    min_seconds: options.MinSeconds = None,
    fresh: options.Fresh = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compress, convert, measure and report.

    Everything a recipe says, in order, each artifact checked against its source before it is measured.

    Files that are already there are not computed again; a complete series of measurements is reused and its age
    printed. Exit code 0: every row measured or unsupported; 6: some row failed; 4: no device
    row could be measured; 5: a gate missed.

        edgekit run recipes/digits-cnn.toml --target desktop:cpu
    """
    from edgekit.report import RENDERERS, render

    check_choice("--format", format, tuple(RENDERERS))
    from edgekit.pipeline import whole

    session = open_recipe(recipe, workspace, quiet=quiet, seed=seed, serial=serial)
    outcome = whole.run(
        session,
        targets=tuple(target or ()),
        variants=tuple(variant or ()),
        launches=launches,
        min_seconds=min_seconds,
        fresh=fresh,
    )
    write_result(render(outcome.report, format), out)
    remark(f"report: {outcome.folder}")
    for gate in outcome.missed:  # why the exit code is 5: said with --quiet too
        remark(f"edgekit: {gate.message}")
    raise typer.Exit(outcome.exit_code)


def new(
    path: Annotated[Path, typer.Argument(help="The recipe file to write, e.g. my-net.toml.")],
    model: Annotated[str, typer.Option(help="Your network's factory, module:function.")] = "my_module:build",
    data: Annotated[str, typer.Option(help="Your data source, module:function.")] = "my_module:data",
    task: Annotated[str, typer.Option(help="classification or regression.")] = "classification",
    image: Annotated[bool, typer.Option(help="The first input is an image (NCHW in torch, NHWC in the file).")] = True,
    starter: Annotated[bool, typer.Option(help="Also write the module, with a tiny network to start from.")] = False,
    target: options.Targets = None,
    debug: options.Debug = False,
) -> None:
    """Write a working recipe for your own network.

    edgekit new my-net.toml --starter && edgekit run my-net.toml
    """
    check_choice("--task", task, ("classification", "regression"))
    from edgekit.recipe.new import write_recipe

    targets = tuple(target or ("desktop:cpu", "loopback:0:cpu"))
    written = write_recipe(path, model=model, data=data, task=task, image=image, targets=targets, starter=starter)
    for file in written:
        remark(f"wrote {file}")
    remark(f"next: edgekit run {path}")


def recipes(format: options.TextOrJson = "text", out: options.Out = "-", debug: options.Debug = False) -> None:
    """List the recipes that edgekit brings.

    edgekit recipes
    """
    check_choice("--format", format, ("text", "json"))
    from edgekit.recipe.table import find_recipes, recipes_json, recipes_text

    found = find_recipes()
    write_result(recipes_json(found) if format == "json" else recipes_text(found), out)


def compress(
    recipe: options.RecipeFile,
    variant: options.Variants = None,
    workspace: options.Workspace = Path(".edgekit"),
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    seed: options.Seed = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Apply a recipe's compression steps only.

    Prints what each step did: parameters, MACs, validation metric, seconds.

        edgekit compress digits-cnn --variant pruned-qat-int8
    """
    check_choice("--format", format, ("text", "json"))
    from edgekit.pipeline import models

    session = open_recipe(recipe, workspace, quiet=quiet, seed=seed)
    histories = models.compress(session, tuple(variant or ()))
    write_result(models.histories_json(histories) if format == "json" else models.histories_text(histories), out)


def bundle(
    recipe: options.RecipeFile,
    platform: Annotated[str, typer.Option("--for", help="android or ios.")],
    variant: Annotated[
        str | None, typer.Option(help="This variant, instead of the fastest that paid (else the baseline).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder to write, instead of RECIPE-VARIANT-PLATFORM.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the bundle that lies in the folder.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="A report.json that decides, instead of the workspace's newest.")
    ] = None,
    workspace: options.Workspace = Path(".edgekit"),
    format: options.TextOrJson = "text",
    seed: options.Seed = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write what an app needs to run a variant.

    The model, its labels and normalization, code with the delegate that measured best, and what that costs an APK
    (docs/bundle.md). Made by the recipe where the workspace has no such file yet.

        edgekit bundle digits-cnn --for android
    """
    from edgekit.bundle import PLATFORMS

    check_choice("--for", platform, tuple(PLATFORMS))
    check_choice("--format", format, ("text", "json"))
    from edgekit.pipeline import bundle as bundles

    session = open_recipe(recipe, workspace, quiet=quiet, seed=seed)
    made = bundles.bundle(session, platform=platform, variant=variant, report=report, out=out, force=force)
    write_result(bundles.as_json(made) if format == "json" else bundles.as_text(made), "-")


def open_recipe(recipe: str, workspace: Path, *, quiet: bool, seed: int | None, serial: str = "") -> "Session":
    from edgekit import progress
    from edgekit.pipeline.session import open_session

    return open_session(
        recipe,
        workspace,
        seed=seed,
        serial=serial,
        pythons=pythons_from_environment(),
        progress=progress.for_stderr(quiet),
        say=(lambda text: None) if quiet else remark,
    )


def pythons_from_environment() -> dict[str, str]:
    """Interpreters that hold another runtime: EDGEKIT_PYTHON_TFLITE_RUNTIME, EDGEKIT_PYTHON_TENSORFLOW."""
    import os

    variables = {
        "tflite-runtime": "EDGEKIT_PYTHON_TFLITE_RUNTIME",
        "tensorflow": "EDGEKIT_PYTHON_TENSORFLOW",
    }
    return {runtime: os.environ[name] for runtime, name in variables.items() if os.environ.get(name)}
