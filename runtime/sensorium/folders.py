"""Where Sensorium's files lie: the runtime folder, the user's folders and the data rooms."""

from __future__ import annotations

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
}


def runtime_dir() -> Path:
    """The folder of the public region and the control socket; never on a disk on Linux.

    Returns:
        $SENSORIUM_RUNTIME_DIR, else $XDG_RUNTIME_DIR/sensorium, else /dev/shm/sensorium-UID.
        On Windows the user's local folder.
    """
    own = os.environ.get("SENSORIUM_RUNTIME_DIR")
    if own:
        return Path(own)
    if sys.platform == "win32":
        return platformdirs.user_runtime_path("sensorium", appauthor=False)
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base:
        return Path(base) / "sensorium"
    return Path(f"/dev/shm/sensorium-{os.getuid()}")


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
    """The room of shipped data: `engines`, `calibration`, `configs` or `clients`.

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
