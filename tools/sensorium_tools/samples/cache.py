"""Sounds that took time to make, kept by the sha256 of all that decides them."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium import folders
from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_DIGEST_BYTES = 32
"""A file begins with the sha256 of the rest."""


def folder() -> Path:
    """Where they lie; safe to delete."""
    return folders.cache_dir() / "samples"


def digest(decisive: Mapping[str, Any]) -> str:
    """Sha256 of what decides a sample; values are plain JSON."""
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def sound(decisive: Mapping[str, Any], make: Callable[[], NDArray[np.int16]]) -> NDArray[np.int16]:
    """A sound from the cache, else made and kept.

    A file that was changed is made anew. Two processes that make the same one at once both write
    the whole of it under another name first.

    Args:
        decisive: All that decides the content.
        make: Makes it: int16 [n].

    Raises:
        EngineError: When the cache cannot be written.
    """
    path = folder() / f"{digest(decisive)}.sound"
    try:
        whole = path.read_bytes()
    except OSError:
        whole = b""
    kept = whole[_DIGEST_BYTES:]
    if whole and hashlib.sha256(kept).digest() == whole[:_DIGEST_BYTES]:
        return np.frombuffer(kept, "<i2")
    made = make()
    data = made.astype("<i2").tobytes()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(hashlib.sha256(data).digest() + data)
        os.replace(part, path)
    except OSError as error:
        raise EngineError(
            f"{path}: cannot be written: {error.strerror}", "make room, or set SENSORIUM_CACHE_DIR"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return made
