"""Commands that read files: inspect, report, compare."""

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.cli.output import check_choice, write_result


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
    from edgekit.tflite import describe, read_file

    content = read_file(model)
    from edgekit.tflite import read

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
    from edgekit.result.store import load_report

    check_choice("--format", format, tuple(RENDERERS))
    write_result(render(load_report(path), format), out)


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
    from edgekit.result.store import load_report
    from edgekit.runner import codec

    found = differences.compare(load_report(before), load_report(after))
    write_result(codec.dumps(found) if format == "json" else differences.render(found), out)
