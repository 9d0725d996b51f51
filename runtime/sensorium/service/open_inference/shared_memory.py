"""Memory that the daemon makes for a client's tensors: a file in /dev/shm and our descriptor.

The client maps it; we read and write it through the descriptor alone. A client that cuts the file
short or removes its name so does not end us: what a mapping would answer with SIGBUS is here a
short read. Its name is random, so that who does not know it does not find it; only this user may
open it.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
else:
    LOCK_EX, LOCK_NB, LOCK_SH = 2, 4, 1

    def flock(handle: int, operation: int) -> None:
        """Windows has no such memory to lock."""
        raise OSError(_NONE)


FOLDER = Path("/dev/shm")
"""Where `shm_open` has its files."""
_PREFIX = "sensorium-tensors-"
_YOUNG_S = 10.0
_NONE = "Windows has no such memory"


def is_there() -> bool:
    """Whether this system has such memory."""
    return sys.platform == "linux" and FOLDER.is_dir()


@dataclass(eq=False)
class SharedMemory:
    """One piece.

    Attributes:
        key: Its name for `shm_open`, without a slash.
        size: In bytes.
        pid: Of who asked for it; 0: not known.
        used_s: When it was last used, by `time.monotonic`.
    """

    key: str
    size: int
    pid: int
    used_s: float = field(default_factory=time.monotonic)
    _handle: int = -1

    @classmethod
    def make(cls, size: int, pid: int) -> SharedMemory:
        """Makes a piece whose memory is there, all zero.

        Raises:
            OSError: There is not enough of it.
        """
        if sys.platform == "win32":
            raise OSError(_NONE)
        key = f"{_PREFIX}{secrets.token_hex(16)}"
        handle = os.open(FOLDER / key, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        made = cls(key, size, pid, _handle=handle)
        try:
            # Says that somebody has it: see `sweep`.
            flock(handle, LOCK_SH | LOCK_NB)
            # Not only its length: else a client would find out by SIGBUS that memory is short.
            os.posix_fallocate(handle, 0, size)
        except OSError:
            made.close()
            raise
        return made

    def read(self, offset: int, size: int) -> memoryview:
        """A copy of some bytes; shorter where the client cut the file short."""
        if sys.platform == "win32":
            raise OSError(_NONE)
        self.used_s = time.monotonic()
        # Not set to zero first: that is a pass over all of it.
        view, got = np.empty(size, np.uint8).data, 0
        while got < size:
            step = os.preadv(self._handle, [view[got:]], offset + got)
            if not step:
                return view[:got]
            got += step
        return view

    def write(self, offset: int, content: memoryview) -> None:
        """Writes some bytes, also where the client cut the file short.

        Raises:
            OSError: There is no memory for them.
        """
        if sys.platform == "win32":
            raise OSError(_NONE)
        self.used_s = time.monotonic()
        done = 0
        while done < len(content):
            done += os.pwrite(self._handle, content[done:], offset + done)

    @property
    def has_name(self) -> bool:
        """Whether a client can still open it."""
        return os.fstat(self._handle).st_nlink > 0

    def close(self) -> None:
        """Removes it; a client's mapping stays valid until the client lets go."""
        if self._handle >= 0:
            (FOLDER / self.key).unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1


def sweep() -> None:
    """Removes what services that were killed left behind."""
    if sys.platform == "win32":
        return
    for path in FOLDER.glob(f"{_PREFIX}*"):
        try:
            handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            # A service holds a shared lock on each of its own, from just after it made them.
            flock(handle, LOCK_EX | LOCK_NB)
            if time.time() - os.fstat(handle).st_mtime > _YOUNG_S:
                path.unlink(missing_ok=True)
        except OSError:
            continue
        finally:
            os.close(handle)
