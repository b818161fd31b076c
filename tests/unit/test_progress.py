"""Bars on a terminal: amounts, nesting, the time left; silence elsewhere."""

import io
import sys

import pytest

from edgekit import progress


class Screen(io.StringIO):
    def isatty(self):
        return True


def terminal(monkeypatch):
    """Standard error as a terminal of 120 columns; in the test's own body: pytest lays its capture over a fixture's."""
    made = Screen()
    monkeypatch.setattr(sys, "stderr", made)
    for name, value in {"TERM": "xterm", "COLUMNS": "120", "TTY_COMPATIBLE": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return made


def test_a_bar_shows_steps_note_and_the_time_left(monkeypatch):
    screen = terminal(monkeypatch)
    bars = progress.for_stderr()
    with bars.task("train", 4) as tick:
        tick(1, "loss 0.5")
        bars._bars.refresh()
        assert "train" in screen.getvalue() and "1/4" in screen.getvalue() and "loss 0.5" in screen.getvalue()
        assert "-:--:--" in screen.getvalue() or "0:00:0" in screen.getvalue(), "a column for the time left"
    assert bars._bars is None


def test_a_bar_inside_a_bar(monkeypatch):
    screen = terminal(monkeypatch)
    bars = progress.for_stderr()
    with bars.task("measure", 2) as outer:
        with bars.task("push m.tflite", 3_000_000, "bytes") as inner:
            inner(0, "")
            inner(1_500_000, "")
            bars._bars.refresh()
            assert "1.50 MB/3.00 MB" in screen.getvalue()
            assert len(bars._bars.tasks) == 2
        assert len(bars._bars.tasks) == 1, "the inner bar goes, the outer stays"
        outer(1, "")
    with bars.task("again", None) as tick:
        tick(1, "x")
    assert bars._bars is None


def test_an_error_ends_the_bars(monkeypatch):
    terminal(monkeypatch)
    bars = progress.for_stderr()
    with pytest.raises(ValueError), bars.task("a", 1), bars.task("b", 1):
        raise ValueError
    assert bars._bars is None


def test_silence_without_a_terminal_and_with_quiet(monkeypatch):
    assert progress.for_stderr(quiet=True) is progress.SILENT
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    quiet = progress.for_stderr()
    with quiet.task("train", 4) as tick:
        tick(1, "loss")
    assert quiet is progress.SILENT and sys.stderr.getvalue() == ""
