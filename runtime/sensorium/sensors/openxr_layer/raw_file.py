"""Bytes of a layer's file, copied out of it: a game may cut it short at any moment.

Linux: read with pread, for which a file that was cut short is an answer, not a SIGBUS. Windows:
mapped, as nobody can cut short what is mapped; nor remove it, so what a game leaves while it is
read is the reader's to remove.
"""

from __future__ import annotations

import mmap
import os
import stat
import sys
from typing import TYPE_CHECKING

from sensorium.errors import SensorError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import ctypes
    import msvcrt

    from sensorium.channels.kernel_windows import create_file

    _GENERIC_READ, _SHARE_ALL, _OPEN_EXISTING = 0x80000000, 7, 3
    _NOT_BEHIND_A_LINK = 0x00200000
    _LOCK_AT = 0x7FFFFFFF
    """Where a game locks one byte, as in runtime/layer/platform_windows.c."""
else:
    import fcntl


class RawFile:
    """A file of the layer's folder, open for reading.

    Args:
        path: The file.
        size: That it must have, bytes; None: any.

    Raises:
        SensorError: It is not there, is no file of this user's alone, or has another size.
    """

    def __init__(self, path: Path, size: int | None = None) -> None:
        self.path = path
        self._map: mmap.mmap | None = None
        try:
            self._fd = _opened(path)
        except OSError as error:
            raise SensorError(f"{path} cannot be opened: {error.strerror}") from error
        try:
            self._judge(os.fstat(self._fd), size)
            if sys.platform == "win32" and size is not None:
                self._map = mmap.mmap(self._fd, size, access=mmap.ACCESS_READ)
        except BaseException:
            os.close(self._fd)
            raise

    def copy(self, at: int, size: int) -> bytes:
        """These bytes; fewer where the file was cut short."""
        if sys.platform == "win32":
            assert self._map is not None
            return self._map[at : at + size]
        else:  # noqa: RET505 - the checker of the other platform follows this form only
            return os.pread(self._fd, size, at)

    def has_writer(self) -> bool:
        """Whether the game's process still holds it: its lock ends with it, however it ends."""
        if sys.platform == "win32":
            os.lseek(self._fd, _LOCK_AT, os.SEEK_SET)
            try:
                msvcrt.locking(self._fd, msvcrt.LK_NBLCK, 1)
            except OSError:
                return True
            os.lseek(self._fd, _LOCK_AT, os.SEEK_SET)
            msvcrt.locking(self._fd, msvcrt.LK_UNLCK, 1)
            return False
        else:  # noqa: RET505 - the checker of the other platform follows this form only
            try:
                fcntl.flock(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return True
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            return False

    def close(self) -> None:
        """Closes it."""
        if self._map is not None:
            self._map.close()
        os.close(self._fd)

    def _judge(self, about: os.stat_result, size: int | None) -> None:
        if not stat.S_ISREG(about.st_mode):
            raise SensorError(f"{self.path} is no file")
        if sys.platform != "win32" and (about.st_uid != os.geteuid() or about.st_mode & 0o077):
            raise SensorError(f"{self.path} is not this user's alone", "delete it")
        if size is not None and about.st_size != size:
            raise SensorError(
                f"{self.path} has {about.st_size} bytes, not {size}",
                "let the layer and the daemon be of one version: sensorium layer install",
            )


def _opened(path: Path) -> int:
    """A descriptor; never of what a link leads to, nor of a pipe that nobody writes to."""
    if sys.platform == "win32":
        # The game may remove it meanwhile, which os.open does not let it.
        handle = create_file(
            str(path), _GENERIC_READ, _SHARE_ALL, None, _OPEN_EXISTING, _NOT_BEHIND_A_LINK, None
        )
        if handle == ctypes.c_void_p(-1).value:
            raise ctypes.WinError(ctypes.get_last_error())
        return msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY)
    else:  # noqa: RET505 - the checker of the other platform follows this form only
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
