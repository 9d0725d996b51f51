"""The threads of a child."""

from __future__ import annotations

import os
from pathlib import Path

PASSES = 8
"""What begins meanwhile is as the thread that began it was: so it is looked again, so often."""


def threads_of(pid: int) -> list[int]:
    """The threads of a child of this process; none of what is no child of it (Linux)."""
    folder = Path(f"/proc/{pid}")
    try:
        parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        return [int(name) for name in os.listdir(folder / "task") if parent == os.getpid()]
    except OSError:
        return []
