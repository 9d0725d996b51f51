"""How much memory a process holds, where the system tells it in a file (Linux)."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def resident_bytes(pid: int | None = None) -> int | None:
    """The resident set of a process.

    Args:
        pid: Of the process; None: this one.

    Returns:
        Bytes; None where it cannot be told, or the process is gone.
    """
    if sys.platform == "win32":
        return None
    try:
        pages = Path(f"/proc/{pid or 'self'}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
