"""Starting this program again as a child."""

from __future__ import annotations

import os
from pathlib import Path

import sensorium


def environment(**more: str) -> dict[str, str]:
    """The environment for a child, in which it finds the same Sensorium.

    Args:
        more: Variables to add.
    """
    root = str(Path(sensorium.__file__).resolve().parents[1])
    paths = [root, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    found = os.pathsep.join(dict.fromkeys(path for path in paths if path))
    return {**os.environ, "PYTHONPATH": found, **more}
