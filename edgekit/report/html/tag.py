"""The only way to markup: `tag` escapes every text and every attribute that is not markup already."""

import html
from collections.abc import Iterable

from edgekit import units


class Html(str):
    """Markup. Made by `tag`, `joined` and `trusted` alone."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | float | bool | None) -> Html:
    """`<name attribute="value">children</name>`; None is left out, True is an attribute without a value.

    `_` in an attribute's name stands for `-`, a last one for nothing (`class_`).
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        parts.append(f" {key}" if value is True else f' {key}="{escaped(str(value))}"')
    parts.append(">")
    parts += [child if isinstance(child, Html) else escaped(child) for child in children if child is not None]
    if name not in VOID:
        parts.append(f"</{name}>")
    return Html("".join(parts))


VOID = ("meta", "link", "br")
"""Elements of HTML without an end tag."""


def escaped(text: str) -> str:
    """Text that stands for itself: no markup, no control character, nothing that turns the direction of writing."""
    return html.escape(units.printable(text))


def joined(parts: Iterable[str | None], between: str = "") -> Html:
    """Several parts as one."""
    return trusted(
        between.join(part if isinstance(part, Html) else escaped(part) for part in parts if part is not None)
    )


def trusted(markup: str) -> Html:
    """Markup that holds nothing from outside the package, or that is escaped already."""
    return Html(markup)
