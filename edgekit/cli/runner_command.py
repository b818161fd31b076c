"""The command that looks after the Android app: runner."""

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.cli.output import check_choice, write_result
from edgekit.errors import UsageError

ACTIONS = ("build", "install", "version")


def runner(
    action: Annotated[str, typer.Argument(metavar="build|install|version", help="What to do with the app.")],
    serial: options.DeviceSerial = "",
    apk: Annotated[Path | None, typer.Option(help="install: this APK instead of the one that is found.")] = None,
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Build, install or describe the Android app.

    build: in a checkout, with make, a JDK and Maven; an installed edgekit brings the APK along. install: on the device,
    unless the same is there; run and bench do it themselves. version: the app here and on the attached devices.

    \b
        edgekit runner build
        edgekit runner install --serial R3CN30
        edgekit runner version --format json
    """
    check_choice("runner", action, ACTIONS)
    check_choice("--format", format, ("text", "json"))
    if apk is not None and action != "install":
        raise UsageError(f"runner {action} takes no --apk", "edgekit runner install --apk FILE")
    if format == "json" and action != "version":
        raise UsageError(f"runner {action} has no JSON form", "edgekit runner version --format json")
    from edgekit import progress
    from edgekit.pipeline import runner_app

    if action == "build":
        write_result(runner_app.apk_text(runner_app.build()), out)
    elif action == "install":
        write_result(runner_app.install(serial, apk, progress.for_stderr(quiet)), out)
    else:
        found = runner_app.versions(serial)
        write_result(runner_app.as_json(found) if format == "json" else runner_app.as_text(found), out)
