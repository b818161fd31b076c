"""What the bundles of all platforms hold: labels.txt, normalization.json, and tables of their README.md."""

from collections.abc import Iterable, Sequence
from typing import Any

from edgekit import units
from edgekit.bundle import LABELS, MODEL, NORMALIZATION, SCHEMA
from edgekit.bundle.contents import Contents, Port
from edgekit.runner import codec


def shared_files(contents: Contents, readme: Iterable[str]) -> dict[str, bytes]:
    """File name -> content of what every platform's folder holds; `readme`: the lines of its README.md."""
    made = {
        MODEL: contents.model,
        NORMALIZATION: normalization(contents).encode(),
        "README.md": joined(readme).encode(),
    }
    if contents.labels:
        made[LABELS] = labels(contents).encode()
    return made


def labels(contents: Contents) -> str:
    """One class a line, in the order of the output's values; what would end a line or hide in it becomes `?`."""
    return "".join(f"{units.printable(label)}\n" for label in contents.labels)


def normalization(contents: Contents) -> str:
    """normalization.json: how to feed the file and read its outputs, for programs."""
    described = {
        "schema": SCHEMA,
        "version": 1,
        "edgekit": contents.edgekit,
        "recipe": contents.recipe,
        "variant": contents.artifact.variant,
        "sha256": contents.artifact.sha256,
        "inputs": [{**_port(port), "normalization": _numbers(port)} for port in contents.inputs],
        "outputs": [_port(port) for port in contents.outputs],
    }
    return codec.dumps(described) + "\n"


def _port(port: Port) -> dict[str, Any]:
    return {
        "name": port.name,
        "parameter": port.word,
        "shape": port.shape,
        "dtype": port.dtype,
        "layout": port.layout,
        "scale": port.scale,
        "zero_point": port.zero_point,
    }


def _numbers(port: Port) -> dict[str, Any] | None:
    found = port.normalization
    return None if found is None else {"mean": found.mean, "std": found.std, "raw": found.raw}


def head(contents: Contents, platform: str) -> list[str]:
    """Title, file, variant and how it is run: each with its reason."""
    artifact, running = contents.artifact, contents.running
    threads = "1 thread" if running.threads == 1 else f"{running.threads} threads"
    return [
        f"# {contents.recipe}, variant {artifact.variant}, for {platform}",
        "",
        f"Written by `edgekit bundle` {contents.edgekit}.",
        "",
        f"* **model.tflite**: {artifact.size_bytes} bytes, {artifact.compressed_bytes} after zlib 9,",
        f"  {artifact.precision}, sha256 `{artifact.sha256}`",
        f"* **Why this variant**: {contents.why}.",
        f"* **How it is run**: `{running.delegate}`, {threads}. {running.why[:1].upper()}{running.why[1:]}.",
    ]


def port_table(contents: Contents) -> list[str]:
    """Inputs and outputs with their quantization, and what to do before and after."""
    lines = [
        "| | name in the file | in the code | shape | dtype | layout | scale | zero point |",
        "|---|---|---|---|---|---|---|---|",
        *(_port_row("input", port) for port in contents.inputs),
        *(_port_row("output", port) for port in contents.outputs),
        "",
    ]
    lines += [f"* `{port.word}`: {normalization_words(port)}." for port in contents.inputs]
    if any(port.scale is not None for port in (*contents.inputs, *contents.outputs)):
        lines.append(
            "* Quantized: integer = round half to even(real / scale) + zero point, saturated; "
            "real = scale * (integer - zero point)."
        )
    return lines


def _port_row(kind: str, port: Port) -> str:
    shape = "x".join(str(size) for size in port.shape)
    scale = "-" if port.scale is None else f"{port.scale!r}"
    zero = "-" if port.zero_point is None or port.scale is None else str(port.zero_point)
    return (
        f"| {kind} | `{cell(port.name)}` | `{port.word}` | {shape} | {port.dtype} | {port.layout or '-'} "
        f"| {scale} | {zero} |"
    )


def normalization_words(port: Port) -> str:
    """`(raw - 127) / 128, raw: RGB pixel 0..255`, or that the data source states none."""
    found = port.normalization
    if found is None:
        return "the data source states no normalization: give the values that the network was trained on"
    said = f", raw: {cell(found.raw)}" if found.raw else ""
    raw = "raw" if found.mean == (0.0,) else f"(raw - {_several(found.mean)})"
    return f"{raw} / {_several(found.std)}{said}"


def _several(values: Sequence[float]) -> str:
    return f"{values[0]:g}" if len(values) == 1 else "[" + ", ".join(f"{value:g}" for value in values) + "]"


def measured_table(contents: Contents) -> list[str]:
    """What the report says about this very file."""
    rows = contents.running.rows
    if not rows:
        return ["No report of edgekit holds a measurement of this file."]
    return [
        "| target | status | latency |",
        "|---|---|---|",
        *(
            f"| `{cell(row.target)}` | {row.status} | "
            f"{'-' if row.latency_ns is None else units.duration(row.latency_ns)} |"
            for row in rows
        ),
    ]


def cell(text: str) -> str:
    """Text from a file or a user inside a Markdown table."""
    return units.printable(text).replace("|", "/").replace("`", "'")


def joined(lines: Iterable[str]) -> str:
    """Lines as a file's text."""
    return "\n".join(lines) + "\n"
