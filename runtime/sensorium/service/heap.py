"""Keeps memory that was freed for the next request.

glibc gives each large piece back to the system as soon as it is free and takes a new one for the
next, and the system clears every page of it: for a body of 4 MB that took twice as long as all
copies of it together.
"""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of malloc.h."""
_KEPT = 64 << 20
_PIECE = 32 << 20
"""The most that mallopt(3) takes."""


def keep_freed() -> bool:
    """Keeps up to 64 MiB of freed memory in this process.

    Returns:
        False where the system's C library cannot be told.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    return bool(mallopt(_M_TRIM_THRESHOLD, _KEPT) and mallopt(_M_MMAP_THRESHOLD, _PIECE))
