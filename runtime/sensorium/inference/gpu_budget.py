"""What the engines of all of a daemon's processes take of the GPU's memory, held within a limit.

Each process writes down its own share in a file, on which it holds a lock for as long as it lives:
the system frees the lock when it dies, so that nothing stays counted that is no more there.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sys
import time
from typing import TYPE_CHECKING

from sensorium.errors import GpuBudget

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TURN = "turn.lock"
_BEHIND = 1 << 20
"""Where Windows locks: behind the text, which others may then read."""
_DIGITS = 32
_WAIT_S, _NAP_S = 10.0, 0.002
"""How long Windows waits for a turn, and how often it looks."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_number = itertools.count()


class SharedBudget:
    """One process's share, and what is left to it; for one thread at a time.

    Each method raises GpuBudget where the folder cannot be used.

    Args:
        folder: Of all processes of the daemon; made where it is missing.
        limit: Bytes; 0: no limit, and nothing is written.

    Attributes:
        limit: May be changed; `keep` must follow.
        kept: Bytes that this process has written down.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.limit = limit
        self._folder = folder
        self._path = folder / f"{os.getpid()}-{next(_number)}"
        self._own: int | None = None
        self.kept = 0

    def take(self) -> int | None:
        """Takes all that is left, until `keep` says what of it is needed.

        Returns:
            Bytes that may be used besides what was kept before; None: no limit.
        """
        if not self.limit:
            return None
        with self._turn():
            left = max(0, self.limit - self._others() - self.kept)
            self._write(self.kept + left)
        return left

    def keep(self, size: int) -> None:
        """Writes down what this process uses in all, in bytes."""
        self.kept = size
        if self.limit:
            with self._turn():
                self._write(size)

    def left(self) -> int | None:
        """Bytes that nobody uses; negative: so many too many are used; None: no limit."""
        if not self.limit:
            return None
        with self._turn():
            return self.limit - self._others() - self.kept

    def close(self) -> None:
        """Gives all back. A second call does nothing."""
        if self._own is not None:
            with self._turn():
                os.close(self._own)
                self._own, self.kept = None, 0
                self._path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time looks and writes: nobody holds it longer than that takes."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            turn = _opened(self._folder / _TURN)
            try:
                _lock(turn, wait=True)
                yield
            finally:
                os.close(turn)
        except OSError as error:
            raise GpuBudget(
                f"what engines take of the GPU cannot be counted: {error}",
                f"make {self._folder} a folder that you may write",
            ) from error

    def _write(self, size: int) -> None:
        if self._own is None:
            own = _opened(self._path)
            try:
                _lock(own, wait=False)
            except OSError:
                os.close(own)
                raise
            self._own = own
        os.lseek(self._own, 0, os.SEEK_SET)
        os.write(self._own, b"%0*d" % (_DIGITS, size))

    def _others(self) -> int:
        """What all other processes that live have written down."""
        taken = 0
        for path in self._folder.iterdir():
            if path.name in (_TURN, self._path.name):
                continue
            other = _opened(path)
            try:
                _lock(other, wait=False)
            except OSError:
                # Its owner lives.
                with contextlib.closing(os.fdopen(other, "rb")) as told:
                    taken += _number_in(told.read(_DIGITS), path)
            else:
                os.close(other)
                path.unlink(missing_ok=True)
        return taken


def _number_in(text: bytes, path: Path) -> int:
    if not text.isdigit() and text:
        raise OSError(errno.EINVAL, "it holds no number", str(path))
    return int(text or b"0")


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)


def _lock(descriptor: int, *, wait: bool) -> None:
    """Raises an OSError where somebody else holds it, who is not to be waited for."""
    if sys.platform == "win32":
        # LK_LOCK looks once a second only, and not at all under wine.
        end = time.monotonic() + (_WAIT_S if wait else 0)
        while True:
            os.lseek(descriptor, _BEHIND, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError:
                if time.monotonic() >= end:
                    raise
                time.sleep(_NAP_S)
            else:
                return
            finally:
                os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
