"""Which channel a sense hears in the place of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensorium.process.registry import Part

_CLEANED = {"clean_audio": "audio"}
"""A channel to the one whose records it repeats, cleaned, with the same numbers."""


def substitutes(parts: Iterable[Part]) -> dict[str, str]:
    """Channel to the one that senses are given instead, where one of `parts` writes that.

    Args:
        parts: Every enabled sense, whichever process runs it.
    """
    written = {name for part in parts for name in part.writes}
    return {source: clean for clean, source in _CLEANED.items() if clean in written}


def heard_by(part: Part, known: Mapping[str, str]) -> dict[str, str]:
    """Those of `known` that hold for a sense: what makes a substitute hears the source itself."""
    return {} if set(part.writes) & set(_CLEANED) else dict(known)
