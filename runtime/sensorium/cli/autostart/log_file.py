"""The log of a daemon that is kept where nothing else keeps one: a file of bounded size."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from sensorium import folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024
"""A longer file becomes the older half, in the place of the one before."""
_LOOK_S = 0.5


def path() -> Path:
    """Where the log of this user's kept daemon lies."""
    return folders.data_dir() / "service" / "service.log"


def append(log: Path, line: bytes) -> None:
    """Adds one line; makes the file and its folder.

    Raises:
        OSError: When it cannot be written.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(log, flags, 0o600), "ab") as file:
        file.write(line.rstrip(b"\r\n") + b"\n")
        full = file.tell() > MAX_BYTES
    if full:
        # Windows renames nothing that somebody reads just now: then with the next line.
        with contextlib.suppress(PermissionError):
            os.replace(log, _older(log))


def newest(log: Path, lines: int) -> list[bytes]:
    """The newest lines, oldest first; empty where there is no log.

    Raises:
        OSError: When it cannot be read.
    """
    found: list[bytes] = []
    for file in (_older(log), log):
        with contextlib.suppress(FileNotFoundError):
            found += file.read_bytes().splitlines()
    return found[-lines:] if lines > 0 else []


def coming(log: Path) -> Iterator[bytes]:
    """The lines that are added from now on, without end."""
    read = log.stat().st_size if log.exists() else 0
    while True:
        time.sleep(_LOOK_S)
        size = log.stat().st_size if log.exists() else 0
        if size < read:
            read = 0
        if size > read:
            with log.open("rb") as file:
                file.seek(read)
                text = file.read(size - read)
            whole = text.rfind(b"\n") + 1
            read += whole
            yield from text[:whole].splitlines()


def _older(log: Path) -> Path:
    return log.with_name(f"{log.name}.1")
