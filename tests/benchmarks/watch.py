"""The C client beside a running daemon: when it saw what."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from fixtures import clients

if TYPE_CHECKING:
    from fixtures.daemon import Daemon
    from numpy.typing import NDArray

APP = "benchmark"
STATUSES = ("OK", "NEW", "SAME", "STALE", "INVALID", "DENIED", "CLOSED", "VERSION")
NEW, STALE, INVALID = 1, 3, 4

NOTE = np.dtype([
    ("seen_ns", "<u8"), ("capture_ns", "<u8"), ("publish_ns", "<u8"), ("n", "<u8"),
    ("count", "<u8"), ("channel", "<u4"), ("status", "<u4"), ("reason", "<u4"), ("state", "<u4"),
    ("value", "<f4"), ("score", "<f4"),
])
"""`note_t` of watch.c. Voice: probability, loudness, speaking, onsets. Gesture: grab, best raw
score, held label, begins. Head: x."""


class Watch:
    """`watch.c`, compiled and running; a context manager.

    Args:
        folder: Private, for the program and its notes.
        environment: Of the daemon, see `Daemon.environment`.
        channels: Names.
    """

    def __init__(self, folder: Path, environment: dict[str, str], *channels: str) -> None:
        self._channels = channels
        self._file = folder / "notes"
        program = folder / "watch"
        if not program.exists():
            clients.compile_c(program, [Path(__file__).with_suffix(".c")])
        self._process = subprocess.Popen(
            [program, APP, self._file, *channels],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
        )

    def __enter__(self) -> Watch:
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            pipe.close()

    def notes(self) -> dict[str, NDArray[np.void]]:
        """Ends the program; channel to its notes, `NOTE` of shape (count,)."""
        assert self._process.stdin
        self._process.stdin.close()
        assert self._process.wait(20) == 0
        found = np.fromfile(self._file, NOTE)
        return {name: found[found["channel"] == i] for i, name in enumerate(self._channels)}


def allow(daemon: Daemon, classes: str) -> None:
    """Grants the watcher what it watches."""
    with daemon.client() as client:
        client.request("grant", action="allow", app=APP, classes=classes)
