"""How far long work has come: silent (a pipe, a test) or a bar on standard error."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

Tick = Callable[[int, str], None]
"""`tick(steps_done_now, note)`: advance by so many steps; `note` (a loss, a file) stands beside the bar."""


class Progress(Protocol):
    """Opens one bar at a time; `total` None: unknown length."""

    def task(self, title: str, total: int | None) -> AbstractContextManager[Tick]:
        """A bar for the length of the `with` block."""


class Silent:
    """Shows nothing."""

    @contextlib.contextmanager
    def task(self, title: str, total: int | None) -> Iterator[Tick]:
        yield lambda steps, note: None


class Terminal:
    """A bar with the time left, on standard error. rich is imported at the first bar, never at start-up."""

    @contextlib.contextmanager
    def task(self, title: str, total: int | None) -> Iterator[Tick]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
            bar = bars.add_task(title, total=total, note="")
            yield lambda steps, note: bars.update(bar, advance=steps, note=note)


def for_stderr(quiet: bool = False) -> Progress:
    """A terminal bar where standard error is a terminal, silence elsewhere."""
    return Silent() if quiet or not sys.stderr.isatty() else Terminal()
