"""Where results go: standard output or a file, whole or not at all; progress and remarks go to standard error."""

import sys
from pathlib import Path

import typer

from edgekit.errors import UsageError

STANDARD = "-"
"""Standard input, or output."""


def remark(text: str) -> None:
    """A line on standard error."""
    typer.echo(text, err=True)


def write_result(text: str, out: str) -> None:
    """Print `text`, or write it to the file `out` atomically and say so."""
    text = text if text.endswith("\n") else text + "\n"
    if out == STANDARD:
        typer.echo(text, nl=False)
        return
    from edgekit.workspace import write_atomic

    write_atomic(Path(out), text.encode())
    remark(f"wrote {out}")


def standard_input(path: Path) -> bytes | None:
    """What came in where `path` is `-`; None where it is a file."""
    return sys.stdin.buffer.read() if str(path) == STANDARD else None


def check_choice(option: str, value: str, choices: tuple[str, ...]) -> str:
    """`value` where it is one of `choices`; else UsageError with the closest."""
    if value not in choices:
        from edgekit.runner.codec import closest

        raise UsageError(f"{option} {value!r} is not known{closest(value, choices)}", f"one of: {', '.join(choices)}")
    return value
