"""Numbers with units, three significant digits, and text from outside, for people."""


def count(value: float) -> str:
    """1234567 -> `1.23 M`."""
    for limit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{_three(value / limit)} {name}"
    return f"{value:g}"


def size(value_bytes: float) -> str:
    """12345 -> `12.3 kB` (powers of ten)."""
    for limit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if abs(value_bytes) >= limit:
            return f"{_three(value_bytes / limit)} {name}"
    return f"{value_bytes:g} B"


def duration(value_ns: float) -> str:
    """12345 -> `12.3 µs`."""
    for limit, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if abs(value_ns) >= limit:
            return f"{_three(value_ns / limit)} {name}"
    return f"{value_ns:.0f} ns"


def age(seconds: float) -> str:
    """7300 -> `2 h ago`."""
    for limit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= limit:
            return f"{seconds / limit:.0f} {name} ago"
    return f"{seconds:.0f} s ago"


def as_text(name: str) -> str:
    """A file's name as text that can be written: a byte that is no UTF-8 becomes the replacement character."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def printable(text: str) -> str:
    """Text from a file or a device: control characters and line ends become `?`, so that no terminal obeys them."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _three(value: float) -> str:
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f}"
