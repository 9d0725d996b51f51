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

    A file that cannot be put aside grows to twice its size; lines are dropped from then on.

    Raises:
        OSError: When it cannot be written.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(log, flags, 0o600), "ab") as file:
        size = file.seek(0, os.SEEK_END)
        if size <= 2 * MAX_BYTES:
            size += file.write(line.rstrip(b"\r\n") + b"\n")
    if size > MAX_BYTES:
        # Windows renames nothing that somebody reads just now: then with the next line.
        with contextlib.suppress(OSError):
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
    return _after(log, _size(log))


def _after(log: Path, read: int) -> Iterator[bytes]:
    while True:
        time.sleep(_LOOK_S)
        if _size(log) < read:
            # It was put aside.
            rest, _ = _lines(_older(log), read)
            read = 0
            yield from rest
        lines, read = _lines(log, read)
        yield from lines


def _lines(file: Path, begin: int) -> tuple[list[bytes], int]:
    """The whole lines from a place on, and where the next one begins."""
    text = b""
    # Between a full file and the next one there is none.
    with contextlib.suppress(FileNotFoundError), file.open("rb") as opened:
        opened.seek(begin)
        text = opened.read(2 * MAX_BYTES)
    whole = text.rfind(b"\n") + 1
    return text[:whole].splitlines(), begin + whole


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def _older(log: Path) -> Path:
    return log.with_name(f"{log.name}.1")
