"""Commands that reach a device: bench, push, devices."""

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.cli.output import check_choice, remark, write_result
from edgekit.cli.recipe_commands import pythons_from_environment


def bench(
    artifacts: Annotated[list[Path], typer.Argument(help="One or more .tflite files; the first is the baseline.")],
    target: options.Targets = None,
    workspace: options.Workspace = Path(".edgekit"),
    serial: options.Serial = "",
    threads: Annotated[int, typer.Option(min=1, help="Threads asked of the runtime.")] = 1,
    launches: options.Launches = None,
    min_seconds: options.MinSeconds = None,
    format: options.Format = "terminal",
    out: options.Out = "-",
    seed: options.Seed = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Measure .tflite files as they are.

    Inputs are random with a fixed seed (0 where none is given). Always measures; nothing is reused. Without --target:
    desktop:cpu; without --launches 5, without --min-seconds 1.

    \b
        edgekit bench model.tflite --target 'android:*:*'
        edgekit bench float.tflite int8.tflite --target desktop:cpu --launches 7
    """
    from edgekit.report import RENDERERS, render

    check_choice("--format", format, tuple(RENDERERS))
    from edgekit import progress
    from edgekit.pipeline import files

    outcome = files.bench(
        tuple(artifacts),
        targets=tuple(target or ("desktop:cpu",)),
        workspace=workspace,
        serial=serial,
        pythons=pythons_from_environment(),
        threads=threads,
        launches=launches,
        min_seconds=min_seconds,
        seed=seed or 0,
        progress=progress.for_stderr(quiet),
        say=(lambda text: None) if quiet else remark,
    )
    write_result(render(outcome.report, format), out)
    remark(f"report: {outcome.folder}")
    raise typer.Exit(outcome.exit_code)


def push(
    file: Annotated[Path, typer.Argument(help="The file to push.")],
    target: options.Targets = None,
    serial: options.Serial = "",
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Push a file to a device, verified there.

    It goes to the device's edgekit folder; skipped only when a file with the same sha256 lies there already. Without
    --target: the only attached device; with android:*:cpu every one.

        edgekit push model.tflite --serial R3CN30
    """
    from edgekit import progress
    from edgekit.pipeline import files

    for line in files.push(file, targets=tuple(target or ()), serial=serial, progress=progress.for_stderr(quiet)):
        typer.echo(line)


def devices(
    serial: options.Serial = "",
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    debug: options.Debug = False,
) -> None:
    """List the devices that adb reaches.

    With --serial only that one.

    edgekit devices
    """
    check_choice("--format", format, ("text", "json"))
    from edgekit.device import adb_program, choose, listing
    from edgekit.errors import AdbMissing

    try:
        found = listing.list_devices(serial)
        if serial and not found:
            choose.choose(serial, adb_program.devices())
    except AdbMissing as error:
        remark(f"{error.message}: {error.hint}")
        found = ()
    write_result(listing.devices_json(found) if format == "json" else listing.devices_text(found), out)
