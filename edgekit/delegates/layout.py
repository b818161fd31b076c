"""Where the boxes of a graph's picture go: layers from top to bottom, folded into columns.

Longest-path layers, long edges through a place of their own in every layer between, places ordered by the mean of
their neighbours (K. Sugiyama et al., 1981: Methods for visual understanding of hierarchical system structures).
"""

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

BOX = (164, 34)
GAP = (16, 16)
COLUMN_GAP = 40
LANE = 7
"""Between edges that go from column to column beside each other."""
MOST_PLACES = 60_000
_SWEEPS = 6
_SHAPE = 1.6
"""Width by height that a picture is folded to."""

Point = tuple[float, float]


class TooLarge(Exception):
    """More boxes and bends than a picture can show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """`boxes`: centre of each node. `edges`: for each edge the points of its line, from box to box."""

    boxes: tuple[Point, ...]
    edges: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def layers(count: int, edges: Sequence[tuple[int, int]], inputs: Collection[int]) -> list[int]:
    """Layer of each node: one more than its lowest parent's; what no input reaches stands right above its reader.

    Edges that go round in a circle are left out.
    """
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for start, end in edges:
        after[start].append(end)
        waiting[end] += 1
    found, fed = [0] * count, [node in inputs for node in range(count)]
    ready = [node for node in range(count) if waiting[node] == 0]
    for node in ready:  # grows meanwhile
        for end in after[node]:
            found[end] = max(found[end], found[node] + 1)
            fed[end] |= fed[node]
            waiting[end] -= 1
            if waiting[end] == 0:
                ready.append(end)
    for node in reversed(ready):
        if not fed[node] and after[node]:
            found[node] = max(found[node], min(found[end] for end in after[node]) - 1)
    return found


def place(count: int, edges: Sequence[tuple[int, int]], inputs: Collection[int]) -> Layout:
    """`inputs`: the nodes that stand at the top. Raises TooLarge."""
    layer = layers(count, edges, inputs)
    edges = [(start, end) for start, end in edges if layer[start] < layer[end]]
    if count + sum(layer[end] - layer[start] - 1 for start, end in edges) > MOST_PLACES:
        raise TooLarge(f"{count} nodes and the edges between them need more than {MOST_PLACES:,} places")
    rows: list[list[int]] = [[] for _ in range(max(layer, default=0) + 1)]
    for node in range(count):
        rows[layer[node]].append(node)
    paths, links, places = [], [], count
    for start, end in edges:  # a long edge gets a place of its own in every layer between
        path = [start]
        for between in range(layer[start] + 1, layer[end]):
            rows[between].append(places)
            path.append(places)
            places += 1
        path.append(end)
        paths.append(path)
        links += list(itertools.pairwise(path))
    _order(rows, links)
    return _fold(count, rows, paths)


def _order(rows: list[list[int]], links: Sequence[tuple[int, int]]) -> None:
    """Sort each row by the mean position of the neighbours above, then of those below, several times."""
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for start, end in links:
        below.setdefault(start, []).append(end)
        above.setdefault(end, []).append(start)
    position = {node: float(index) for row in rows for index, node in enumerate(row)}
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            near: Mapping[int, list[int]] = above if down else below
            means = {
                node: sum(position[other] for other in near[node]) / len(near[node]) if node in near else position[node]
                for node in row
            }
            row.sort(key=lambda node: means[node])
            middle = (len(row) - 1) / 2
            position |= {node: index - middle for index, node in enumerate(row)}


def _breaks(rows: list[list[int]], paths: list[list[int]], per_column: int) -> list[int]:
    """First rows of the columns: near each multiple of `per_column`, where the fewest edges go from row to row."""
    row_of = {node: number for number, row in enumerate(rows) for node in row}
    crossing = [0] * (len(rows) + 1)
    for path in paths:
        for place in path[1:]:
            crossing[row_of[place]] += 1
    found = [0]
    while len(rows) - found[-1] > per_column * 1.15:
        aim = found[-1] + per_column
        window = range(found[-1] + max(1, round(0.75 * per_column)), min(len(rows), aim + round(0.1 * per_column)) + 1)
        found.append(min(window, key=lambda row: (crossing[row], abs(row - aim))))
    return found


def _fold(count: int, rows: list[list[int]], paths: list[list[int]]) -> Layout:
    step_x, step_y = BOX[0] + GAP[0], BOX[1] + GAP[1]
    slim = 26  # of a place where an edge only goes by
    widths = [max(step_x, sum(step_x if node < count else slim for node in row)) for row in rows]
    mean_width = sum(widths) / len(widths)
    columns = max(1, round(math.sqrt(len(rows) * step_y * _SHAPE / (mean_width + COLUMN_GAP))))
    starts = [*_breaks(rows, paths, math.ceil(len(rows) / columns)), len(rows)]
    tallest = max(end - start for start, end in itertools.pairwise(starts))
    column_of = {
        node: number for number, (start, end) in enumerate(itertools.pairwise(starts)) for row in rows[start:end]
        for node in row
    }  # fmt: skip
    lanes = _Lanes(paths, column_of, top=GAP[1], height=step_y * tallest)
    where: dict[int, Point] = {}
    left = float(GAP[0])
    for number, (start, end) in enumerate(itertools.pairwise(starts)):
        lanes.before(number, left)
        left += lanes.room(number)
        width = max(widths[start:end])
        for index, row in enumerate(rows[start:end]):
            x = left + (width - sum(step_x if node < count else slim for node in row)) / 2
            for node in row:
                room = step_x if node < count else slim
                where[node] = (x + room / 2, lanes.top + step_y * index + BOX[1] / 2)
                x += room
        left += width
    lines = tuple(_line(path, where, column_of, lanes, count) for path in paths)
    return Layout(
        boxes=tuple(where[node] for node in range(count)), edges=lines, width=left + GAP[0], height=lanes.height
    )


class _Lanes:
    """Edges from one column to the next go down, through the gap and over the top: a lane for each."""

    def __init__(self, paths: list[list[int]], column_of: Mapping[int, int], *, top: float, height: float) -> None:
        self._lanes: dict[int, dict[int, int]] = {}
        for path in paths:
            for place, following in itertools.pairwise(path):
                if column_of[place] != column_of[following]:  # edges of one tensor share a lane
                    lanes = self._lanes.setdefault(column_of[following], {})
                    lanes.setdefault(path[0], len(lanes))
        most = max((len(lanes) for lanes in self._lanes.values()), default=0)
        self.top = top + LANE * most
        self.height = self.top + height + LANE * most + GAP[1]
        self._bottom = self.top + height
        self._left: dict[int, float] = {}

    def room(self, column: int) -> float:
        """Width that the lanes before a column take."""
        return COLUMN_GAP + LANE * len(self._lanes.get(column, ())) if column else 0

    def before(self, column: int, left: float) -> None:
        self._left[column] = left

    def around(self, source: int, column: int, x: float, following_x: float) -> list[Point]:
        lane = self._lanes[column][source]
        gutter = self._left[column] + COLUMN_GAP / 2 + LANE * lane
        over, under = self.top - GAP[1] / 2 - LANE * (lane + 1), self._bottom + LANE * (lane + 1)
        return [(x, under), (gutter, under), (gutter, over), (following_x, over)]


def _line(
    path: list[int], where: Mapping[int, Point], column_of: Mapping[int, int], lanes: _Lanes, count: int
) -> tuple[Point, ...]:
    """From the lower side of a box to the upper side of the next."""
    half, points = BOX[1] / 2, list[Point]()
    for place, following in itertools.pairwise(path):
        (x, y), (next_x, next_y) = where[place], where[following]
        points.append((x, y + half))
        if column_of[place] != column_of[following]:
            points += lanes.around(path[0], column_of[following], x, next_x)
        points.append((next_x, next_y - half))
        if following >= count:
            points.append((next_x, next_y + half))
    return tuple(points)
