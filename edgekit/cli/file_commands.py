"""Commands that read files: inspect, report, compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgekit.cli import options
from edgekit.cli.output import check_choice, standard_input, write_result
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.result import Report


def inspect(
    model: Annotated[Path, typer.Argument(help="A .tflite file.")],
    tensors: Annotated[bool, typer.Option("--tensors", help="List every tensor with its quantization.")] = False,
    delegate: Annotated[
        list[str] | None, typer.Option("--delegate", "-d", help="Forecast what it takes; or all. May be repeated.")
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", help="Fail (exit 5) below a share: cpu>=95% of the nodes, cpu.macs>=95%."),
    ] = None,
    svg: Annotated[
        str, typer.Option(callback=options.writable, help="Draw the graph, one delegate's partitions in colours.")
    ] = "",
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    debug: options.Debug = False,
) -> None:
    """Say what a .tflite file holds, and what a delegate would take of it.

    Operators with versions, tensors, quantization, bytes by section. With --delegate: nodes taken and left behind,
    each with the rule that refuses it, and partitions.

        edgekit inspect model.tflite --delegate cpu --svg model.svg
    """
    check_choice("--format", format, ("text", "json"))
    from edgekit.cli import coverage
    from edgekit.runner import codec
    from edgekit.tflite import describe, read, read_file

    asked = coverage.asked(delegate or [], require or [], svg)
    given = standard_input(model)
    content = read_file(model) if given is None else given
    file = read(content, str(model))
    summary = describe.summary(file, content)
    found = coverage.forecasts(file, asked)
    if format == "json":
        text = codec.dumps({**codec.encode(summary), **coverage.as_data(found)})
    else:
        text = "\n".join((describe.render(summary, tensors=tensors), *coverage.texts(found)))
    if svg:
        coverage.draw(file, found, str(model), svg)
    write_result(text, out)
    coverage.check(found, asked, str(model))


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
    before: Annotated[Path, typer.Argument(help="A report.json, a folder that holds one, or a .tflite file.")],
    after: Annotated[Path, typer.Argument(help="Another one of its kind.")],
    precision: Annotated[
        str, typer.Option(help="Of .tflite files: the precision whose tolerance holds, instead of the second's own.")
    ] = "",
    samples: Annotated[
        Path | None,
        typer.Option(help="Of .tflite files: a .npy or .npz with inputs (N, ...), instead of seeded random ones."),
    ] = None,
    format: options.TextOrJson = "text",
    out: options.Out = "-",
    debug: options.Debug = False,
) -> None:
    """Lay two reports side by side, or two .tflite files of one network.

    Reports: size, latency and accuracy, row by row. Files: both run, tensor by tensor, and the operator is named that
    leaves the tolerance first (docs/parity.md).

        edgekit compare monday/report.json today/report.json
    """
    check_choice("--format", format, ("text", "json"))
    if ".tflite" in (before.suffix, after.suffix):
        from edgekit.pipeline import explain

        given = explain.explain_paths(before, after, precision=precision, samples=samples)
        write_result(explain.one_json(given) if format == "json" else explain.one_text(given), out)
        return
    if precision or samples is not None:
        raise UsageError("--precision and --samples are of .tflite files, and reports were named", "leave them out")
    from edgekit.report import differences
    from edgekit.runner import codec

    found = differences.compare(_report(before), _report(after))
    write_result(codec.dumps(found) if format == "json" else differences.render(found), out)


def _report(path: Path) -> "Report":
    from edgekit.result.store import load_report, parse_report

    given = standard_input(path)
    return load_report(path) if given is None else parse_report(given, str(path))
