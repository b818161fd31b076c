"""Options that several commands share, defined once so that they behave the same everywhere."""

import errno
import os
from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli.output import STANDARD


def _no_file(path: Path) -> Path:
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    return path


def writable(out: str) -> str:
    """Said before the work, not after it: where the result's folder is missing, or a folder stands in its place."""
    if not out:  # an output that was not asked for
        return out
    path = Path(out)
    if out != STANDARD and not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    if out != STANDARD and path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), out)
    return out


RecipeFile = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A recipe file, or the name of one that edgekit brings.")
]
Workspace = Annotated[
    Path,
    typer.Option(callback=_no_file, help="Folder that keeps every stage's files, the measurements and the reports."),
]
Targets = Annotated[
    list[str] | None,
    typer.Option("--target", "-t", help="kind:address:delegate@runtime, may be repeated; e.g. desktop:cpu."),
]
Variants = Annotated[
    list[str] | None, typer.Option("--variant", help="Only this variant (and the baseline); may be repeated.")
]
Serial = Annotated[
    str, typer.Option(envvar="ANDROID_SERIAL", help="Serial of the device that * stands for in a target's address.")
]
DeviceSerial = Annotated[
    str,
    typer.Option(
        "--serial", envvar="ANDROID_SERIAL", help="Serial of the device that is meant, where several are attached."
    ),
]
Format = Annotated[str, typer.Option("--format", "-f", help="terminal, json, md, csv or html.")]
TextOrJson = Annotated[str, typer.Option("--format", "-f", help="text or json.")]
Out = Annotated[str, typer.Option("--out", "-o", callback=writable, help="Write to this file; - is standard output.")]
Seed = Annotated[
    int | None,
    typer.Option(min=0, max=2**32 - 1, help="Seed of training, order and samples, instead of the recipe's own."),
]
Launches = Annotated[int | None, typer.Option(min=1, help="Timed launches of each artifact, instead of the plan's.")]
MinSeconds = Annotated[
    float | None, typer.Option(min=0.0, help="Seconds of samples in a launch, instead of the plan's.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Measure anew even where a complete series is kept.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks on standard error.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
