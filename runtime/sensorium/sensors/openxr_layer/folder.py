"""The folder where the layers of running games write: the daemon's own, one file a session."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
import time
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import SensorError
from sensorium.sensors.openxr_layer import layout
from sensorium.sensors.openxr_layer.raw_file import RawFile

if TYPE_CHECKING:
    from pathlib import Path

MOST_SESSIONS = 64
"""Of a folder with more, the newest are looked at."""
_MADE_WITHIN_S = 10.0
_NAME = re.compile(r"[0-9]{1,10}-[0-9]{1,10}")


def path() -> Path:
    """Where it is, below the runtime folder."""
    return folders.runtime_dir() / "layer"


def prepare() -> Path:
    """Makes the folder for this user alone, and removes what dead games left.

    Returns:
        The folder.

    Raises:
        SensorError: It cannot be made, or is somebody else's.
    """
    folder = path()
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
    except OSError as error:
        raise SensorError(
            f"cannot make {folder}: {error.strerror}",
            "set SENSORIUM_RUNTIME_DIR to a folder that you may write",
        ) from error
    if not stat.S_ISDIR(about.st_mode) or (
        sys.platform != "win32" and (about.st_uid != os.geteuid() or about.st_mode & 0o077)
    ):
        raise SensorError(f"{folder} is not this user's alone", f"rm -r {folder}")
    for each in sessions():
        remove_if_dead(each)
    return folder


def complaint() -> SensorError | None:
    """Why a game could not write there now; None: it could. A game itself says nothing of it."""
    folder = path()
    try:
        room = _room(folder)
    except OSError as error:
        return SensorError(f"{folder}: {error.strerror}", "sensorium layer install")
    if room >= layout.TOTAL_SIZE:
        return None
    return SensorError(
        f"{folder} has no room for a game's file of {-(-layout.TOTAL_SIZE // 1024)} KiB",
        "make room there, or set SENSORIUM_RUNTIME_DIR to another folder for daemon and games",
    )


def _room(folder: Path) -> int:
    """Bytes that a new file there may have."""
    if sys.platform == "win32":
        return shutil.disk_usage(folder).free
    else:  # noqa: RET505 - the checker of the other platform follows this form only
        about = os.statvfs(folder)
        if about.f_flag & os.ST_RDONLY or (about.f_files and not about.f_favail):
            return 0
        # A tmpfs without a limit says that it has no blocks.
        return about.f_bavail * about.f_frsize if about.f_blocks else sys.maxsize


def sessions() -> list[Path]:
    """The files of sessions, newest first, at most `MOST_SESSIONS`; other names are left alone."""
    found = []
    try:
        entries = list(os.scandir(path()))
    except OSError:
        return []
    for entry in entries:
        # One that ended since the folder was read is not there any more.
        with contextlib.suppress(OSError):
            if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                found.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name))
    return [path() / name for _, name in sorted(found, reverse=True)[:MOST_SESSIONS]]


def remove_if_dead(session: Path) -> bool:
    """Removes the file of a killed game, of whatever version, and returns whether it was one."""
    try:
        file = RawFile(session)
        size = session.lstat().st_size
        age_s = time.time() - session.lstat().st_mtime
    except (SensorError, OSError):
        return False
    # Locked before it has a size: one without is being made just now, or never will be.
    dead = (size > 0 or age_s > _MADE_WITHIN_S) and not file.has_writer()
    file.close()
    if dead:
        # Windows keeps one that somebody else reads just now.
        with contextlib.suppress(OSError):
            session.unlink()
    return dead
