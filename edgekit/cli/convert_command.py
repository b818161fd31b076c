"""`edgekit convert`: a recipe's variants, or one model file."""

import typing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgekit.cli import options
from edgekit.cli.output import check_choice, write_result
from edgekit.cli.recipe_commands import open_recipe
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.pipeline.artifacts import Made
    from edgekit.pipeline.explain import Explained

_PRECISIONS = "float32, fp16, int8, int8-dynamic, int16x8, int4 or mixed"


def convert(
    model: Annotated[
        str,
        typer.Argument(metavar="[FILE|RECIPE]", help="A recipe, or .onnx, .keras, .h5, .pt2, .tflite, a SavedModel."),
    ] = "",
    variant: options.Variants = None,
    precision: Annotated[
        str | None,
        typer.Option(help=f"{_PRECISIONS}; of a recipe: of its variants (the baseline where none is named)."),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Of --precision mixed: points of the metric to lose on validation.")
    ] = None,
    exceptions: Annotated[
        str | None, typer.Option(help="Of --precision mixed: float or int16, for the layers that int8 hurts.")
    ] = None,
    io: Annotated[
        str | None, typer.Option(help="With --precision: inputs and outputs as float, integer or uint8.")
    ] = None,
    rewrite_for: Annotated[
        str,
        typer.Option("--for", help="Rewrite graphs for gpu, nnapi or xnnpack-sparse."),
    ] = "",
    explain: Annotated[
        bool, typer.Option("--explain", help="Compare tensor by tensor, and name the operator that does the damage.")
    ] = False,
    factory: Annotated[str, typer.Option(help="A function that builds a torch network, module:function.")] = "",
    weights: Annotated[
        Path | None, typer.Option(help="Its weights: a state dict (torch.save) or a TorchScript archive (.jit).")
    ] = None,
    shape: Annotated[
        list[str] | None, typer.Option(help="1x3x224x224 or 1x128:int64, once an input, in order, batch first.")
    ] = None,
    calibration: Annotated[
        str, typer.Option(help="int8: a .npy, .npz or folder of real inputs; or the word random, which is noise.")
    ] = "",
    samples: Annotated[
        Path | None, typer.Option(help="Inputs that parity is judged on, instead of seeded random ones.")
    ] = None,
    layout: Annotated[str, typer.Option(help="auto: image inputs NCHW become NHWC; as-is: none does.")] = "auto",
    metadata: Annotated[
        list[Path] | None, typer.Option(help="A file that the .tflite carries; may be repeated.")
    ] = None,
    time_limit: Annotated[float, typer.Option(min=1.0, help="Seconds that a converter's process may take.")] = 1800.0,
    workspace: options.Workspace = Path(".edgekit"),
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    seed: options.Seed = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compress and convert to .tflite files.

    A recipe's artifacts are checked against their source on real samples (docs/parity.md). A model file (--out names
    the .tflite) goes the road of its kind, and is checked against itself on --samples or random ones
    (docs/conversion.md).

    --for changes a graph where a delegate then takes more of it, each change verified (docs/rewrites.md).

    Exit code 1 when an artifact does not compute what its source computes; --explain says where it begins.

    \b
        edgekit convert digits-cnn --variant int8
        edgekit convert digits-cnn --precision mixed --budget 0.5
        edgekit convert model.onnx --precision int8 --calibration samples.npz --out model.tflite
        edgekit convert --factory my_module:build --weights state.pt --shape 1x3x224x224
    """
    check_choice("--format", format, ("text", "json"))
    from edgekit.pipeline import artifacts
    from edgekit.pipeline.convert_file import is_model_file
    from edgekit.recipe.spec import REWRITE_GOALS

    if not model and not factory:
        raise UsageError(
            "no recipe and no model was named", "edgekit convert digits-cnn, or edgekit convert model.onnx"
        )

    if rewrite_for:
        check_choice("--for", rewrite_for, REWRITE_GOALS)
    if factory or is_model_file(model):
        of_recipes = {"--variant": variant, "--budget": budget, "--exceptions": exceptions}
        _refuse(of_recipes, f"is of a recipe, and {model or factory} is a model", "leave it out")
        if explain and precision in (None, "float32"):
            raise UsageError(
                "--explain compares a file with its float form, and float32 is that form",
                "name another --precision; how far the outputs lie from the source's is said without it",
            )
        from edgekit.cli.convert_file import convert_file
        from edgekit.pipeline import explain as explaining

        found: list[explaining.Explained] = []
        made: tuple[Made, ...] = convert_file(
            model,
            factory=factory,
            weights=weights,
            shapes=tuple(shape or ()),
            precision=precision or "",
            calibration=calibration,
            samples=samples,
            layout=layout,
            metadata=tuple(metadata or ()),
            io=io,
            rewrite_for=rewrite_for,
            explain=(lambda item, floats: found.append(explaining.explain_file(item, floats))) if explain else None,
            time_limit=time_limit,
            out=out,
            seed=seed,
            quiet=quiet,
        )
        _write(made, tuple(found), format, "-", explained=explain)
        return
    of_files: dict[str, object] = {"--weights": weights, "--shape": shape, "--calibration": calibration}
    of_files |= {"--samples": samples, "--metadata": metadata}
    if out.endswith(".tflite"):
        raise UsageError(
            f"--out {out} is what a recipe's report would be written to", "its files lie in the workspace: leave it out"
        )
    _refuse(of_files, f"is of a model file, and {model or 'none'} is a recipe", "its variants say it")
    from edgekit.pipeline import explain as explaining
    from edgekit.pipeline import precisions

    session = open_recipe(model, workspace, quiet=quiet, seed=seed)
    asked = precisions.Asked(precision=precision, budget=budget, exceptions=exceptions, io=io)
    session, chosen = precisions.derived(session, tuple(variant or ()), asked)
    made = artifacts.convert(session, chosen, rewrite_for=rewrite_for)
    _write(made, explaining.explain(session, made) if explain else (), format, out, explained=explain)


def _write(made: "tuple[Made, ...]", found: "tuple[Explained, ...]", format: str, out: str, *, explained: bool) -> None:
    from edgekit.pipeline import artifacts
    from edgekit.pipeline import explain as explaining

    if explained:
        write_result(explaining.as_json(made, found) if format == "json" else explaining.as_text(made, found), out)
    else:
        write_result(artifacts.made_json(made) if format == "json" else artifacts.made_text(made), out)
    artifacts.raise_on_failed_parity(made)


def _refuse(given: typing.Mapping[str, object], reason: str, hint: str) -> None:
    for option, value in given.items():
        if value:
            raise UsageError(f"{option} {reason}", hint)
