"""The tools' own code as part of a key: what another version made is not taken for this one's."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import sensorium
import sensorium_tools

ROOMS = ("perception", "convert", "evaluate", "plan", "quantise", "samples", "verify")
"""Those whose code decides what an engine is and what is said of it."""


@functools.cache
def code(*rooms: str) -> str:
    """Sha256 over the code of some of `ROOMS`, as 64 hex digits."""
    digest = hashlib.sha256()
    for root in (Path(sensorium.__file__).parent, Path(sensorium_tools.__file__).parent):
        for room in rooms:
            for path in sorted((root / room).rglob("*.py")):
                digest.update(path.relative_to(root).as_posix().encode() + b"\0")
                digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()
