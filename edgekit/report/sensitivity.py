"""The picture of what int8 does to each layer: VARIANT.sensitivity.svg, a page of its own without scripts or fonts."""

import math
from collections.abc import Callable, Sequence

from edgekit.artifact import LayerDamage, Sensitivity
from edgekit.report.html.tag import Html, tag

WIDTH, ROW, TOP, BOTTOM, SIDE = 840, 22, 96, 64, 20
"""Pixels: of the page, a layer, what stands above and below the layers, and the margin."""
NAMES, WORDS = 250, 150
"""Pixels left of the bars for names, and right of them for points."""
LONGEST = 34
"""Characters of a name; its end says more than its beginning."""
QUIET = -80.0
"""dB: noise so far below the outputs has no bar."""
_CHOSEN, _OTHER, _INK, _FAINT, _LINE = "#c2410c", "#4c78a8", "#1f2328", "#59636e", "#d1d9e0"


def chart(found: Sensitivity, title: str) -> str:
    """SVG text: a bar a layer in order of execution, as long as the noise that it alone in int8 puts on the outputs."""
    height = TOP + ROW * len(found.layers) + BOTTOM
    low, high = _ends(found.layers)
    plot = WIDTH - 2 * SIDE - NAMES - WORDS

    def at(level: float) -> float:
        return SIDE + NAMES + plot * (min(max(level, low), high) - low) / (high - low)

    return tag(
        "svg",
        tag("title", f"Damage of int8 by layer: {title}"),
        tag("rect", width=WIDTH, height=height, fill="#ffffff"),
        _text(SIDE, 30, f"Damage of int8 by layer: {title}", size=16, weight="600"),
        _text(SIDE, 52, _measured_words(found), fill=_FAINT),
        _text(SIDE, 72, _made_words(found), fill=_FAINT),
        *(_tick(at(level), level, height) for level in range(math.ceil(low / 20) * 20, int(high) + 1, 20)),
        *(_bar(place, layer, at(low), at) for place, layer in enumerate(found.layers)),
        _text(
            at(low), height - 24, "noise against the outputs' own variance, dB: each layer alone in int8", fill=_FAINT
        ),
        _text(WIDTH - SIDE, TOP - 6, "points lost alone", fill=_FAINT, anchor="end"),
        *_legend(found, height),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        width=WIDTH,
        height=height,
        font_family="system-ui, sans-serif",
        role="img",
    )


def _level(layer: LayerDamage) -> float:
    return -math.inf if layer.snr_db is None else -layer.snr_db


def _ends(layers: Sequence[LayerDamage]) -> tuple[float, float]:
    levels = [min(20.0, _level(layer)) for layer in layers if _level(layer) > QUIET] or [QUIET]
    low = math.floor((min(levels) - 5) / 10) * 10
    return low, max(0.0, math.ceil(max(levels) / 10) * 10)


def _measured_words(found: Sensitivity) -> str:
    return f"{len(found.layers)} layers on {found.samples} validation samples, metric {found.metric}"


def _made_words(found: Sensitivity) -> str:
    if found.mixed_lost_points is None or found.int8_lost_points is None or found.budget_points is None:
        return "no mixed file was made of it"
    kept = sum(bool(layer.exception) for layer in found.layers)
    return (
        f"int8 loses {found.int8_lost_points:.2f} points; with {kept} of {len(found.layers)} layers kept out of int8 "
        f"{found.mixed_lost_points:.2f} (budget {found.budget_points:g}, {found.judged} samples)"
    )


def _tick(x: float, level: int, height: int) -> Html:
    bottom = height - BOTTOM
    words = _text(x, bottom + 18, f"{level}", fill=_FAINT, anchor="middle")
    return tag("g", tag("line", x1=_px(x), y1=TOP, x2=_px(x), y2=bottom, stroke=_LINE), words)


def _bar(place: int, layer: LayerDamage, zero: float, at: Callable[[float], float]) -> Html:
    y = TOP + ROW * place
    end = at(_level(layer))
    lost = f"{layer.lost_points + 0:.2f}"
    return tag(
        "g",
        tag("title", f"{layer.name}: {layer.operators} operators, {layer.parameters} weights"),
        _text(SIDE + NAMES - 8, y + 15, _shortened(layer.name), anchor="end"),
        tag(
            "rect",
            x=_px(zero),
            y=y + 4,
            width=_px(max(end - zero, 1.0)),
            height=ROW - 8,
            rx=2,
            fill=_CHOSEN if layer.exception else _OTHER,
        ),
        _text(WIDTH - SIDE, y + 15, lost, fill=_INK if layer.lost_points > 0 else _FAINT, anchor="end"),
    )


def _legend(found: Sensitivity, height: int) -> list[Html]:
    kinds = sorted({layer.exception for layer in found.layers if layer.exception})
    entries = [(_OTHER, "int8"), *((_CHOSEN, f"kept in {kind}") for kind in kinds)]
    made = []
    for place, (fill, words) in enumerate(entries):
        x = SIDE + 110 * place
        made.append(tag("rect", x=x, y=height - 33, width=10, height=10, rx=2, fill=fill))
        made.append(_text(x + 16, height - 24, words, fill=_FAINT))
    return made


def _text(
    x: float, y: float, words: str, *, size: int = 12, fill: str = _INK, anchor: str = "start", weight: str = "400"
) -> Html:
    return tag("text", words, x=_px(x), y=_px(y), font_size=size, fill=fill, text_anchor=anchor, font_weight=weight)


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else "…" + name[1 - LONGEST :]


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
