"""Says what is being done: bars on a terminal, plain lines elsewhere; always on stderr."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PLAIN_SECONDS = 5.0
"""Where there is no terminal, a long step says how far it is this often."""


class Progress:
    """The steps of one command.

    Args:
        console: Where to write; a console on stderr unless given.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)

    def say(self, line: str) -> None:
        """Writes one line."""
        self.console.print(line, markup=False, soft_wrap=True)

    @contextmanager
    def bytes(self, label: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """A step that moves bytes.

        Args:
            label: What is moved.
            total: Bytes in all; None where it is not known.

        Yields:
            A function to call with the number of bytes that were moved since the last call.
        """
        columns = (DownloadColumn(), TransferSpeedColumn())
        with self._bar(label, total, columns, "MB", 1e6) as advance:
            yield advance

    @contextmanager
    def steps(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """Work in steps of about the same length.

        Args:
            label: What is done.
            total: Steps in all.

        Yields:
            A function to call with the number of steps that were done since the last call.
        """
        with self._bar(label, total, (MofNCompleteColumn(),), "", 1) as advance:
            yield advance

    @contextmanager
    def _bar(
        self,
        label: str,
        total: int | None,
        columns: tuple[ProgressColumn, ...],
        unit: str,
        scale: float,
    ) -> Iterator[Callable[[int], None]]:
        if self.console.is_terminal:
            first = (TextColumn("{task.description}"), BarColumn())
            with Bars(*first, *columns, console=self.console, transient=True) as bars:
                task = bars.add_task(label, total=total)
                yield lambda count: bars.advance(task, count)
        else:
            yield _Lines(self, label, total, unit, scale)


class _Lines:
    def __init__(
        self, progress: Progress, label: str, total: int | None, unit: str, scale: float
    ) -> None:
        self._progress = progress
        self._label = label
        self._total = total
        self._unit = unit
        self._scale = scale
        self._done = 0
        self._said_s = time.monotonic()

    def __call__(self, count: int) -> None:
        self._done += count
        now_s = time.monotonic()
        if now_s - self._said_s >= _PLAIN_SECONDS:
            self._said_s = now_s
            of = f" of {self._number(self._total)}" if self._total else ""
            line = f"{self._label}: {self._number(self._done)}{of} {self._unit}"
            self._progress.say(line.rstrip())

    def _number(self, count: int) -> str:
        return str(count) if self._scale == 1 else f"{count / self._scale:.1f}"
