"""How far long work has come: silent (a pipe, a test) or bars on standard error, each with the time left."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from edgekit import units

Tick = Callable[[int, str], None]
"""`tick(done_now, note)`: advance by so many steps or bytes; `note` (a loss, a file) stands beside the bar."""
Unit = Literal["steps", "bytes"]


def ignored(done: int, note: str) -> None:
    """A tick that nobody sees."""


class Progress(Protocol):
    """Opens bars; one inside another stands below it. `total` None: unknown length."""

    def task(self, title: str, total: int | None, unit: Unit = "steps") -> AbstractContextManager[Tick]:
        """A bar for the length of the `with` block."""


class Silent:
    """Shows nothing."""

    @contextlib.contextmanager
    def task(self, title: str, total: int | None, unit: Unit = "steps") -> Iterator[Tick]:
        yield ignored


SILENT = Silent()


class Terminal:
    """Bars on standard error, gone when they are done. rich is imported at the first bar, never at start-up."""

    def __init__(self) -> None:
        self._bars: Any = None

    @contextlib.contextmanager
    def task(self, title: str, total: int | None, unit: Unit = "steps") -> Iterator[Tick]:
        with contextlib.ExitStack() as last:
            if self._bars is None:
                self._bars = last.enter_context(_bars())
                last.callback(setattr, self, "_bars", None)
            bars = self._bars
            bar = bars.add_task(title, total=total, note="", done=_amount(0, total, unit))
            done = 0

            def tick(moved: int, note: str) -> None:
                nonlocal done
                done += moved
                bars.update(bar, advance=moved, note=note, done=_amount(done, total, unit))

            try:
                yield tick
            finally:
                bars.remove_task(bar)


def _bars() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[done]}", markup=False),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    return Bars(*columns, console=Console(stderr=True), transient=True)


def _amount(done: int, total: int | None, unit: Unit) -> str:
    """`3/12`, `1.20 MB/4.00 MB`; nothing where the length is not known."""
    if total is None:
        return ""
    return f"{units.size(done)}/{units.size(total)}" if unit == "bytes" else f"{done}/{total}"


def for_stderr(quiet: bool = False) -> Progress:
    """Bars where standard error is a terminal, silence elsewhere."""
    return SILENT if quiet or not sys.stderr.isatty() else Terminal()
