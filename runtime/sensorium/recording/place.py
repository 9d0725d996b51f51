"""Where recordings lie, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium import folders

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SUFFIX = ".mcap"


def folder() -> Path:
    """The folder of the user's recordings; it need not exist yet."""
    return folders.data_dir() / "recordings"


def new_path(when: datetime) -> Path:
    """The file of a recording that begins at `when` (the user's local time)."""
    return folder() / f"{when:%Y-%m-%d_%H-%M-%S}{SUFFIX}"


def recordings() -> tuple[Path, ...]:
    """Every recording in `folder`, oldest name first."""
    return tuple(sorted(folder().glob(f"*{SUFFIX}")))
