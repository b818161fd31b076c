"""Three significant digits, whatever the size."""

import pytest

from edgekit import units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1234, "1.23 k"),
        (99_949, "99.9 k"),
        (99_951, "100 k"),
        (9_994_000, "9.99 M"),
        (4e9, "4.00 G"),
    ],
)
def test_count(value, text):
    assert units.count(value) == text


@pytest.mark.parametrize(("value", "text"), [(12, "12 B"), (54264, "54.3 kB"), (18_659_148, "18.7 MB")])
def test_size(value, text):
    assert units.size(value) == text


@pytest.mark.parametrize(("value", "text"), [(9.7, "10 ns"), (9970, "9.97 µs"), (9996, "10.0 µs"), (5.3e6, "5.30 ms")])
def test_duration(value, text):
    assert units.duration(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(3, "3 s ago"), (90, "2 min ago"), (7300, "2 h ago"), (90_000, "1 d ago")]
)
def test_age(seconds, text):
    assert units.age(seconds) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("int8 \u00b5s \u00b1 5 %", "int8 \u00b5s \u00b1 5 %"),
        ("\x1b[31mred\x1b[0m", "?[31mred?[0m"),
        ("two\nlines\r\tand\0more", "two?lines??and?more"),
        ("\x9b2J \u202ereversed \u2028line", "?2J ?reversed ?line"),
    ],
)
def test_printable(text, shown):
    assert units.printable(text) == shown
