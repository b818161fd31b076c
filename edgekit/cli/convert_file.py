"""`edgekit convert FILE`: its options, checked and put together."""

import typing
from pathlib import Path

from edgekit.cli.output import STANDARD, check_choice, remark

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from edgekit.pipeline.artifacts import Made
    from edgekit.pipeline.convert_file import FloatFile


def convert_file(
    model: str,
    *,
    factory: str,
    weights: Path | None,
    shapes: tuple[str, ...],
    precision: str,
    calibration: str,
    samples: Path | None,
    layout: str,
    metadata: tuple[Path, ...],
    io: str | None,
    rewrite_for: str,
    explain: "Callable[[Made, FloatFile], None] | None",
    time_limit: float,
    out: str,
    seed: int | None,
    quiet: bool,
) -> "tuple[Made, ...]":
    """The one artifact of a model file or a factory."""
    from edgekit import progress
    from edgekit.cli.recipe_commands import pythons_from_environment
    from edgekit.pipeline.convert_file import RANDOM, Order
    from edgekit.pipeline.convert_file import convert_file as convert
    from edgekit.recipe.spec import Io, Precision

    check_choice("--precision", precision or "float32", typing.get_args(Precision))
    check_choice("--layout", layout, ("auto", "as-is"))
    check_choice("--io", io or "as made", typing.get_args(Io))
    if calibration == RANDOM:  # with --quiet too: nobody should ship such a file unknowingly
        remark("edgekit: --calibration random: the ranges come from noise; expect worse accuracy on real data")
    order = Order(
        file=Path(model) if model else None,
        factory=factory,
        weights=weights,
        shapes=shapes,
        precision=precision or "float32",
        calibration=calibration,
        samples=samples,
        images=layout,
        metadata=metadata,
        io=io or "as made",
        rewrite_for=rewrite_for,
        out=None if out == STANDARD else Path(out),
        seed=seed or 0,
        time_limit_s=time_limit,
    )
    made = convert(
        order,
        pythons=pythons_from_environment(),
        progress=progress.for_stderr(quiet),
        say=(lambda text: None) if quiet else remark,
        explain=explain,
    )
    return (made,)
