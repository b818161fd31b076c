"""Commands that read files: inspect, report, compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgekit.cli import options
from edgekit.cli.output import check_choice, standard_input, write_result

if TYPE_CHECKING:
    from edgekit.result import Report


def inspect(
    model: Annotated[Path, typer.Argument(help="A .tflite file.")],
    tensors: Annotated[bool, typer.Option("--tensors", help="List every tensor with its quantization.")] = False,
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    debug: options.Debug = False,
) -> None:
    """Say what a .tflite file holds.

    Operators with versions, tensors, quantization, bytes by section.

        edgekit inspect model.tflite --tensors
    """
    check_choice("--format", format, ("text", "json"))
    from edgekit.runner import codec
    from edgekit.tflite import describe, read, read_file

    given = standard_input(model)
    content = read_file(model) if given is None else given
    summary = describe.summary(read(content, str(model)), content)
    write_result(codec.dumps(summary) if format == "json" else describe.render(summary, tensors=tensors), out)


def report(
    path: Annotated[Path, typer.Argument(help="A report.json, or a folder that holds one.")],
    format: options.Format = "terminal",
    out: options.Out = "-",
    debug: options.Debug = False,
) -> None:
    """Print a report again, in any format.

    Needs nothing but the core installed.

        edgekit report .edgekit/reports/digits-cnn --format md
    """
    from edgekit.report import RENDERERS, render

    check_choice("--format", format, tuple(RENDERERS))
    write_result(render(_report(path), format), out)


def compare(
    before: Annotated[Path, typer.Argument(help="A report.json, or a folder that holds one.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    debug: options.Debug = False,
) -> None:
    """Lay two reports side by side.

    Size, latency and accuracy, row by row.

        edgekit compare monday/report.json today/report.json
    """
    check_choice("--format", format, ("text", "json"))
    from edgekit.report import differences
    from edgekit.runner import codec

    found = differences.compare(_report(before), _report(after))
    write_result(codec.dumps(found) if format == "json" else differences.render(found), out)


def _report(path: Path) -> "Report":
    from edgekit.result.store import load_report, parse_report

    given = standard_input(path)
    return load_report(path) if given is None else parse_report(given, str(path))
