"""Folders that training writes: whole or not at all, and the old ones back when it goes wrong.

A folder is written beside its place, in a room whose name begins with a dot, and then changes
places with the old one, which lies beside it meanwhile. What a process that was killed left of
that is mended by `mend`, which whoever writes the folder calls first.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sensorium.channels.running import is_running
from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PART, _OLD = "part", "old"


@contextmanager
def staged(
    folder: Path, files: Mapping[str, bytes], *, private: bool = False
) -> Iterator[Path]:
    """Writes a folder that takes its place when the block ends; one of the same name is replaced.

    When the block ends with an error, or Ctrl-C, nothing has changed.

    Args:
        folder: Its place.
        files: Names and content.
        private: Whether only the user may read them.

    Yields:
        Where it is written meanwhile; its name is the folder's.

    Raises:
        EngineError: When it cannot be written.
    """
    with _written(folder, files, private) as made:
        yield made
        _put(made, folder)


@contextmanager
def placed(
    folder: Path, files: Mapping[str, bytes], *, private: bool = False
) -> Iterator[None]:
    """As `staged`, but the folder is in its place while the block runs."""
    with _written(folder, files, private) as made:
        _put(made, folder)
        yield


def mend(folder: Path) -> None:
    """Puts right what a process that was killed left of a folder: the old one is back.

    Raises:
        EngineError: When that cannot be done.
    """
    with _told(folder):
        left = re.compile(rf"\.{re.escape(folder.name)}\.([0-9]+)\.({_PART}|{_OLD})")
        found = sorted(folder.parent.iterdir()) if folder.parent.is_dir() else []
        for path in found:
            match = left.fullmatch(path.name)
            if match is None or (int(match[1]) != os.getpid() and is_running(int(match[1]))):
                continue
            if match[2] == _OLD:
                gone = _beside(folder, _PART)
                shutil.rmtree(gone, ignore_errors=True)
                if folder.exists():
                    os.replace(folder, gone)
                os.replace(path, folder)
                path = gone
            shutil.rmtree(path, ignore_errors=True)


def _beside(folder: Path, kind: str) -> Path:
    return folder.with_name(f".{folder.name}.{os.getpid()}.{kind}")


@contextmanager
def _written(folder: Path, files: Mapping[str, bytes], private: bool) -> Iterator[Path]:
    """The folder beside its place; when the block ends with an error, `_put` is undone."""
    room, old = _beside(folder, _PART), _beside(folder, _OLD)
    made = room / folder.name
    try:
        mend(folder)
        with _told(folder):
            made.mkdir(mode=0o700 if private else 0o777, parents=True)
            for name, data in files.items():
                (made / name).write_bytes(data)
                if private:
                    (made / name).chmod(0o600)
        try:
            yield made
        except BaseException:
            if not made.exists():
                os.replace(folder, made)
            if old.exists():
                os.replace(old, folder)
            raise
        if old.exists():
            # From here on `mend` would not put it back.
            os.replace(old, room / _OLD)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _put(made: Path, folder: Path) -> None:
    """Lets a folder take its place."""
    with _told(folder):
        if folder.exists():
            os.replace(folder, _beside(folder, _OLD))
        os.replace(made, folder)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Tells an error of writing a folder."""
    try:
        yield
    except OSError as error:
        raise EngineError(
            f"{error.filename or folder}: cannot be written: {error.strerror or error}",
            "make room, or set SENSORIUM_DATA_DIR",
        ) from error
