"""Where Sensorium's files lie: the runtime folder, the user's folders and the data rooms."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT_ROOMS = {
    "engines": "engines",
    "calibration": "calibration",
    "configs": "configs",
    "clients": "runtime/clients",
    "layer": "runtime/layer",
}
_IN_MEMORY = (0x01021994, 0x858458F6)
"""TMPFS_MAGIC and RAMFS_MAGIC of linux/magic.h."""
_STATFS_BYTES = 256
"""More than struct statfs has on any machine; it begins with f_type, a long."""


def runtime_dir() -> Path:
    """The folder of the public region and the control socket.

    On Linux it is chosen in memory, so that what the wearer does is written to no disk; only who
    names a folder decides for himself.

    Returns:
        $SENSORIUM_RUNTIME_DIR, else $XDG_RUNTIME_DIR/sensorium where that is in memory, else
        /dev/shm/sensorium-UID. On Windows the user's local folder.
    """
    own = os.environ.get("SENSORIUM_RUNTIME_DIR")
    if own:
        return Path(own)
    if sys.platform == "win32":
        return platformdirs.user_runtime_path("sensorium", appauthor=False)
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and is_in_memory(Path(base) / "sensorium"):
        return Path(base) / "sensorium"
    return Path(f"/dev/shm/sensorium-{os.getuid()}")


def is_in_memory(folder: Path) -> bool:
    """Whether a folder, or the nearest one above it that exists, lies on a tmpfs or ramfs."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    about = (ctypes.c_long * (_STATFS_BYTES // ctypes.sizeof(ctypes.c_long)))()
    statfs = getattr(ctypes.CDLL(None), "statfs", None)
    if statfs is None or statfs(os.fsencode(folder), about):
        return False
    return about[0] & 0xFFFFFFFF in _IN_MEMORY


def config_dir() -> Path:
    """The user's configuration and grants."""
    return _folder("SENSORIUM_CONFIG_DIR", platformdirs.user_config_path)


def data_dir() -> Path:
    """The user's recordings, enrolments, own engines and calibration sets."""
    return _folder("SENSORIUM_DATA_DIR", platformdirs.user_data_path)


def cache_dir() -> Path:
    """Downloads and built engines; safe to delete."""
    return _folder("SENSORIUM_CACHE_DIR", platformdirs.user_cache_path)


def data_room(name: str) -> Path:
    """The room of shipped data: `engines`, `calibration`, `configs`, `clients` or `layer`.

    Returns:
        `sensorium/_data/NAME` of an installed wheel, else the room of the checkout.
    """
    installed = _PACKAGE / "_data" / name
    if installed.is_dir():
        return installed
    return _PACKAGE.parents[1] / _CHECKOUT_ROOMS[name]


def _folder(variable: str, default: Callable[..., Path]) -> Path:
    own = os.environ.get(variable)
    return Path(own) if own else default("sensorium", appauthor=False)
