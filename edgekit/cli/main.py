"""The program: parse, call, turn errors into one sentence, one hint and an exit code."""

import contextlib
import sys
from collections.abc import Sequence
from typing import Any

import typer

from edgekit import __version__
from edgekit.errors import EdgekitError, Interrupted, MissingDependency

COMMANDS: dict[str, str] = {
    "run": "edgekit.cli.recipe_commands:run",
    "new": "edgekit.cli.recipe_commands:new",
    "recipes": "edgekit.cli.recipe_commands:recipes",
    "compress": "edgekit.cli.recipe_commands:compress",
    "convert": "edgekit.cli.convert_command:convert",
    "bundle": "edgekit.cli.recipe_commands:bundle",
    "inspect": "edgekit.cli.file_commands:inspect",
    "report": "edgekit.cli.file_commands:report",
    "compare": "edgekit.cli.file_commands:compare",
    "bench": "edgekit.cli.device_commands:bench",
    "push": "edgekit.cli.device_commands:push",
    "devices": "edgekit.cli.device_commands:devices",
    "runner": "edgekit.cli.runner_command:runner",
    "doctor": "edgekit.cli.care_commands:doctor",
    "cache": "edgekit.cli.care_commands:cache",
}
"""Command -> module:function, in the order of `edgekit --help`."""
SUMMARIES: dict[str, str] = {
    "run": "Compress, convert, measure and report.",
    "new": "Write a working recipe for your own network.",
    "recipes": "List the recipes that edgekit brings.",
    "compress": "Apply a recipe's compression steps only.",
    "convert": "Compress and convert to .tflite files.",
    "bundle": "Write what an app needs to run a variant.",
    "inspect": "Say what a .tflite file holds, and what a delegate would take of it.",
    "report": "Print a report again, in any format.",
    "compare": "Lay two reports side by side, or two .tflite files of one network.",
    "bench": "Measure .tflite files as they are.",
    "push": "Push a file to a device, verified there.",
    "devices": "List the devices that adb reaches.",
    "runner": "Build, install or describe the Android app.",
    "doctor": "Say what is installed, missing, attached.",
    "cache": "Show, or shrink, what the workspace keeps.",
}
"""Command -> the first line of its help: the list of commands is printed without importing any of them."""
CLOSED_PIPE = 141
"""What a shell says of a program whose reader went away: 128 + SIGPIPE."""
CORE = ("adb_shell", "cryptography", "platformdirs", "pyasn1", "rsa", "rich")
"""Modules that edgekit-toolkit brings without any extra."""


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    _end_as_ctrl_c_does()


def _program(asked: str) -> typer.Typer:
    """All commands by name and summary; only the one that is asked for is imported."""
    import importlib

    app = typer.Typer(
        name="edgekit",
        help="Compress a neural network, take it to a phone, and prove what each optimisation was worth there.",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name, place in COMMANDS.items():
        module, _, function = place.partition(":")
        if name == asked:
            app.command(name)(getattr(importlib.import_module(module), function))
        else:
            app.command(name, help=SUMMARIES[name])(lambda: None)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line `arguments` (sys.argv where None) and exit with the code of docs/architecture.md."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        asked = next((word for word in words if not word.startswith("-")), "")
        command = typer.main.get_command(_program(asked))
        # not command.main(), which ends Ctrl-C and a closed pipe without a word
        with command.make_context("edgekit", words) as context:
            code = command.invoke(context)
    except BaseException as error:
        code = _exit_code(error, debug="--debug" in words)
    sys.exit(code if isinstance(code, int) else 0)


def _end_as_ctrl_c_does() -> None:
    """SIGTERM: children ended, what was measured kept. Called before a command's body, never for a help page."""
    import signal

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with contextlib.suppress(ValueError):  # not the main thread: somebody else's program
        signal.signal(signal.SIGTERM, interrupted)


def _exit_code(error: BaseException, *, debug: bool) -> int:
    if debug and not isinstance(error, (SystemExit, typer.Exit)):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        error = Interrupted()
    if isinstance(error, ModuleNotFoundError):
        error = _missing(error) or error
    if isinstance(error, EdgekitError):
        _say_error(error.message, error.hint)
        return error.exit_code
    if isinstance(error, (SystemExit, typer.Exit)):
        code = getattr(error, "exit_code", getattr(error, "code", 1))
        return code if isinstance(code, int) else 1
    if hasattr(error, "show") and hasattr(error, "exit_code"):  # a usage error of typer's parser
        _say_parser_error(error)
        return int(error.exit_code)
    if isinstance(error, BrokenPipeError):
        _silence_standard_output()
        return CLOSED_PIPE
    if isinstance(error, OSError):
        _say_error(
            f"{error.filename or 'a file'}: {error.strerror or error}", "check the path, its rights and the free space"
        )
        return 1
    _say_error(
        f"edgekit failed on {type(error).__name__}: {error}",
        "this is a bug; run it again with --debug and report what that prints",
    )
    return 1


def _missing(error: ModuleNotFoundError) -> MissingDependency | None:
    """What installs the package that an import did not find; None where a module of edgekit's own is missing."""
    from edgekit.optional import EXTRA_OF

    package = (error.name or "").partition(".")[0]
    if package in ("", "edgekit"):
        return None
    missing = MissingDependency(package, EXTRA_OF.get(package, ""))
    if package in CORE:
        missing.hint = "pip install edgekit-toolkit"
    elif package not in EXTRA_OF:
        missing.hint = f"install what brings it, for {sys.executable}"
    return missing


def _say_parser_error(error: Any) -> None:
    """Typer's own usage errors, in our form; `edgekit` alone prints the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return
    path = error.ctx.command_path if getattr(error, "ctx", None) is not None else "edgekit"
    said = " ".join(error.format_message().split()).removesuffix(".")
    _say_error(said[:1].lower() + said[1:], f"{path} --help says what it takes")


def _say_error(message: str, hint: str) -> None:
    from edgekit.units import printable  # a sentence may quote a file's or a device's words

    typer.echo(f"edgekit: {printable(message)}", err=True)
    if hint:
        typer.echo(f"  {printable(hint)}", err=True)


def _silence_standard_output() -> None:
    """The reader of the pipe has gone: let the interpreter's own flush at exit say nothing."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
