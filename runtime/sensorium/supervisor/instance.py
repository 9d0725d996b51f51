"""One daemon a user: the runtime folder and the lock in it."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from sensorium.errors import ControlError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_NAME = "daemon.lock"
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def prepare(folder: Path) -> None:
    """Makes the runtime folder, for this user alone.

    Raises:
        ControlError: When it cannot be made or written; the remedy names the variable.
    """
    remedy = "set SENSORIUM_RUNTIME_DIR to a folder that you may write"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ControlError(
            f"the runtime folder {folder} cannot be made: {error.strerror}", remedy
        ) from error
    if sys.platform != "win32":
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise ControlError(f"the runtime folder {folder} is not a folder", remedy)
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise ControlError(
                f"the runtime folder {folder} is open to other users",
                f"chmod 700 {folder}, or {remedy}",
            )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ControlError(f"the runtime folder {folder} cannot be written", remedy)


def is_running(folder: Path, name: str = LOCK_NAME) -> bool:
    """Whether a daemon runs in a runtime folder; asks nobody, so it starts none on demand.

    Args:
        folder: The runtime folder.
        name: Of the lock that is held while it runs.
    """
    if not folder.is_dir():
        return False
    try:
        InstanceLock(folder, name).close()
    except ControlError:
        return True
    return False


class InstanceLock:
    """Held for as long as the daemon runs; the system frees it when it dies.

    Args:
        folder: The runtime folder.
        name: Of its file; another one for another process of which there is one a user.

    Raises:
        ControlError: When another daemon holds it.
    """

    def __init__(self, folder: Path, name: str = LOCK_NAME) -> None:
        path = folder / name
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)
        except OSError as error:
            raise ControlError(
                f"cannot make {path}: {error.strerror}",
                "set SENSORIUM_RUNTIME_DIR to a folder that you may write",
            ) from error
        try:
            self._lock()
        except OSError:
            os.lseek(self._fd, 0, os.SEEK_SET)
            other = os.read(self._fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            raise ControlError(
                f"Sensorium is running already (process {other})",
                "sensorium status shows it, sensorium stop ends it",
            ) from None
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.write(self._fd, str(os.getpid()).encode())

    def _lock(self) -> None:
        if sys.platform == "win32":
            # A byte far behind the text, so that the text can still be read.
            os.lseek(self._fd, 1 << 20, os.SEEK_SET)
            msvcrt.locking(self._fd, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Frees the lock."""
        os.close(self._fd)
