"""A picture of a graph with the forecast's delegate kernels in colours, as SVG: no script, no outside resource."""

import html
from collections.abc import Sequence

from edgekit import units
from edgekit.delegates import layout
from edgekit.delegates.coverage import Coverage
from edgekit.delegates.describe import headline
from edgekit.errors import UsageError
from edgekit.tflite.structure import ModelFile, Operator, Subgraph

COLOURS = ("#8ecae6", "#ffd166", "#95d5b2", "#f4a3b5", "#c8b6ff", "#ffb385", "#a3d9d0", "#d9c79e", "#b7c8f5", "#e3b7e0")
"""Of delegate kernels, one after another."""
LEFT, UNKNOWN, END = "#d5d8dc", "#ffffff", "#ffffff"
_HEADER = 62
_NAME_CHARACTERS = 23
_SHAPE_CHARACTERS = 24


def render(model: ModelFile, found: Coverage, title: str) -> str:
    """The main graph. Raises UsageError where it is too large to be drawn."""
    graph = model.main
    nodes = len(graph.operators)
    ends = [*graph.inputs, *graph.outputs]
    edges = _edges(graph)
    try:
        places = layout.place(nodes + len(ends), edges, range(nodes, nodes + len(graph.inputs)))
    except layout.TooLarge as error:
        raise UsageError(f"{title} is too large for a picture: {error}", "leave --svg out") from error
    width, height = max(places.width, 560), places.height + _HEADER
    lines = "".join(f'<path d="{_path(points)}"/>' for points in places.edges)
    boxes = [_box(graph, operator, found, index, places.boxes[index]) for index, operator in enumerate(graph.operators)]
    for number, tensor in enumerate(ends):
        what = "input" if number < len(graph.inputs) else "output"
        boxes.append(_end(graph, tensor, what, places.boxes[nodes + number]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="system-ui, sans-serif" font-size="11">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{_legend(found, title)}\n'
        f'<g transform="translate(0 {_HEADER})"><g fill="none" stroke="#7b8794" stroke-width="1.2">{lines}</g>\n'
        + "\n".join(boxes)
        + "\n</g></svg>\n"
    )


def _edges(graph: Subgraph) -> list[tuple[int, int]]:
    """From a node to each that reads what it made; the graph's ends stand behind the nodes."""
    nodes = len(graph.operators)
    maker = {tensor: index for index, operator in enumerate(graph.operators) for tensor in operator.outputs}
    maker |= {tensor: nodes + number for number, tensor in enumerate(graph.inputs)}
    found = {
        (maker[tensor], index): None
        for index, operator in enumerate(graph.operators)
        for tensor in operator.inputs
        if tensor in maker
    }
    first = nodes + len(graph.inputs)
    found |= {(maker[t], first + number): None for number, t in enumerate(graph.outputs) if t in maker}
    return list(found)


def _path(points: Sequence[layout.Point]) -> str:
    """Curves between places that are one below the other; straight lines through a gutter."""
    x, y = points[0]
    text = f"M{x:.1f} {y:.1f}"
    for next_x, next_y in points[1:]:
        if abs(next_x - x) < 0.5 or abs(next_y - y) < 0.5 or not 0 < next_y - y < 2 * layout.BOX[1]:
            text += f"L{next_x:.1f} {next_y:.1f}"
        else:
            middle = (y + next_y) / 2
            text += f"C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {next_y:.1f}"
        x, y = next_x, next_y
    return text


def _box(graph: Subgraph, operator: Operator, found: Coverage, index: int, centre: layout.Point) -> str:
    node = found.nodes[index]
    colour = LEFT if node.taken is False else UNKNOWN
    if node.taken:
        colour = COLOURS[(node.partition or 0) % len(COLOURS)]
    told = [f"node {index} {operator.name} v{operator.version}"]
    told.append(f"partition {node.partition + 1}" if node.partition is not None else _verdict(node.taken))
    if node.refusal:
        told += [node.refusal.rule, f"source: {node.refusal.source}"]
        told += [f"mend: {node.refusal.mend}"] if node.refusal.mend else []
    told += [f"in: {_tensor(graph, tensor)}" for tensor in operator.inputs if tensor >= 0]
    told += [f"out: {_tensor(graph, tensor)}" for tensor in operator.outputs]
    dashed = ' stroke-dasharray="4 3"' if node.taken is None else ""
    shape = _shape(graph, operator.outputs[0]) if operator.outputs else ""
    name = _short(f"{index} {operator.name}", _NAME_CHARACTERS)
    return _drawn(centre, colour, dashed, 5, [name, shape], told)


def _verdict(taken: bool | None) -> str:
    return "unknown" if taken is None else "taken" if taken else "left on the CPU"


def _end(graph: Subgraph, tensor: int, what: str, centre: layout.Point) -> str:
    told = [f"{what}: {_tensor(graph, tensor)}"]
    return _drawn(centre, END, "", layout.BOX[1] / 2, [what, _shape(graph, tensor)], told)


def _drawn(
    centre: layout.Point, colour: str, extra: str, radius: float, lines: Sequence[str], told: Sequence[str]
) -> str:
    (x, y), (width, height) = centre, layout.BOX
    title = "\n".join(_text(line) for line in told)
    return (
        f'<g><title>{title}</title><rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width}" '
        f'height="{height}" rx="{radius:g}" fill="{colour}" stroke="#52606d"{extra}/>'
        f'<text x="{x:.1f}" y="{y - 3:.1f}" text-anchor="middle" font-weight="600">{_text(lines[0])}</text>'
        f'<text x="{x:.1f}" y="{y + 11:.1f}" text-anchor="middle" font-size="10" fill="#323f4b">{_text(lines[1])}'
        "</text></g>"
    )


def _legend(found: Coverage, title: str) -> str:
    parts = [
        f'<text x="16" y="22" font-size="14" font-weight="700">{_text(title)}</text>',
        f'<text x="16" y="38">{_text(headline(found))}</text>',
    ]
    shown = min(found.partitions or 0, len(COLOURS))
    keys = [(COLOURS[number], f"{number + 1}") for number in range(shown)]
    if (found.partitions or 0) > shown:
        keys[-1] = (COLOURS[shown - 1], f"{shown}, then the colours again")
    keys += [(LEFT, "CPU")] if found.taken + found.unknown < found.total else []
    keys += [(UNKNOWN, "unknown")] if found.unknown else []
    x = 16.0
    for colour, text in keys:
        parts.append(f'<rect x="{x:g}" y="46" width="12" height="12" rx="2" fill="{colour}" stroke="#52606d"/>')
        parts.append(f'<text x="{x + 17:g}" y="56">{_text(text)}</text>')
        x += 30 + 6.5 * len(text)
    return "".join(parts)


def _shape(graph: Subgraph, tensor: int) -> str:
    found = graph.tensors[tensor]
    sizes = "x".join(str(size) for size in found.shape) or "scalar"
    return _short(f"{sizes} {found.dtype}", _SHAPE_CHARACTERS)


def _tensor(graph: Subgraph, tensor: int) -> str:
    found = graph.tensors[tensor]
    sizes = "x".join(str(size) for size in found.shape) or "scalar"
    return f"{found.dtype} {sizes}{' constant' if found.is_constant else ''} {_short(found.name, 80)}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(text: str) -> str:
    return html.escape(units.printable(text), quote=False)
