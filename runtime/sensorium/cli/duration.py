"""A span of time in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """So many seconds, as `12 s`, `4 min` or `3 h 20 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
