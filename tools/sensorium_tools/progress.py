"""Says what is being done: bars on a terminal, plain lines elsewhere; always on stderr."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
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
        if self.console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
                       TransferSpeedColumn())
            with Bars(*columns, console=self.console, transient=True) as bars:
                task = bars.add_task(label, total=total)
                yield lambda count: bars.advance(task, count)
        else:
            yield _Lines(self, label, total)


class _Lines:
    def __init__(self, progress: Progress, label: str, total: int | None) -> None:
        self._progress = progress
        self._label = label
        self._total = total
        self._done = 0
        self._said_s = time.monotonic()

    def __call__(self, count: int) -> None:
        self._done += count
        now_s = time.monotonic()
        if now_s - self._said_s >= _PLAIN_SECONDS:
            self._said_s = now_s
            of = f" of {self._total / 1e6:.1f}" if self._total else ""
            self._progress.say(f"{self._label}: {self._done / 1e6:.1f}{of} MB")
