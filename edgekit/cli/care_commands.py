"""Commands that look after the installation: doctor, cache."""

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.cli.output import STANDARD, check_choice, remark, write_result


def doctor(
    device: Annotated[
        bool, typer.Option("--device", help="Try everything on the attached device and write a file of it.")
    ] = False,
    serial: options.DeviceSerial = "",
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Say what is installed, missing, attached.

    Each gap comes with what it stops and the line that mends it.

    Exit code 0 when `edgekit run` on this computer would work, 3 when a package for that is missing.

    With --device: a self-test of a phone (docs/first-phone.md); no check begins after five minutes. It installs the
    app, and writes what it saw to --out, or to edgekit-device-SERIAL-DATE.json. Exit code 0 when the phone can be
    measured on, else 4.

    \b
        edgekit doctor
        edgekit doctor --device --serial R3CN30
    """
    check_choice("--format", format, ("text", "json"))
    if device:
        _self_test(serial, format, out, quiet)
    from edgekit.cli.recipe_commands import pythons_from_environment
    from edgekit.pipeline import health

    found = health.examine(serial=serial, pythons=pythons_from_environment())
    write_result(health.as_json(found) if format == "json" else health.as_text(found), out)
    raise typer.Exit(health.exit_code(found))


def _self_test(serial: str, format: str, out: str, quiet: bool) -> None:
    from edgekit import progress
    from edgekit.pipeline import self_test

    report = self_test.self_test(serial, progress.for_stderr(quiet))
    text = self_test.as_json(report)
    write_result(text if format == "json" else self_test.as_text(report), STANDARD)
    write_result(text, self_test.file_name(report) if out == STANDARD else out)
    raise typer.Exit(self_test.exit_code(report))


def cache(
    workspace: options.Workspace = Path(".edgekit"),
    older_than_days: Annotated[
        float | None, typer.Option(min=0, help="Remove stages not used for so many days.")
    ] = None,
    to_megabytes: Annotated[
        float | None,
        typer.Option(min=0, help="Remove the least recently used stages down to this size (1 MB: 10^6 bytes)."),
    ] = None,
    series_older_than_days: Annotated[
        float | None, typer.Option(min=0, help="Remove series of measurements whose last launch is older.")
    ] = None,
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    debug: options.Debug = False,
) -> None:
    """Show, or shrink, what the workspace keeps.

    A stage that is gone is computed again when it is needed; a series of measurements is not.

    \b
        edgekit cache
        edgekit cache --older-than-days 30
    """
    check_choice("--format", format, ("text", "json"))
    from edgekit import cache as caches

    if older_than_days is not None or to_megabytes is not None:
        freed = caches.prune(workspace, older_than_days=older_than_days, to_megabytes=to_megabytes)
        remark(f"removed {len(freed)} stages, {sum(entry.size_bytes for entry in freed) / 1e6:.1f} MB")
    if series_older_than_days is not None:
        freed = caches.prune_series(workspace, older_than_days=series_older_than_days)
        remark(f"removed {len(freed)} series, {sum(entry.size_bytes for entry in freed) / 1e6:.1f} MB")
    entries = (*caches.entries(workspace), *caches.series_entries(workspace))
    write_result(caches.entries_json(entries) if format == "json" else caches.entries_text(entries), out)
