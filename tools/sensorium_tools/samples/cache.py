"""Samples that took time to make, kept by the sha256 of all that decides them."""

from __future__ import annotations

import hashlib
import io
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


def folder() -> Path:
    """Where they lie; safe to delete."""
    return folders.cache_dir() / "samples"


def digest(decisive: Mapping[str, Any]) -> str:
    """Sha256 of what decides a sample; values are plain JSON."""
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def array(decisive: Mapping[str, Any], make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    """An array from the cache, else made and kept.

    A file that cannot be read is made anew. Two processes that make the same one at once both
    write the whole of it under another name first.

    Args:
        decisive: All that decides the content.
        make: Makes it.

    Raises:
        EngineError: When the cache cannot be written.
    """
    path = folder() / f"{digest(decisive)}.npy"
    try:
        kept: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        pass
    else:
        return kept
    made = make()
    buffer = io.BytesIO()
    np.save(buffer, made, allow_pickle=False)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(buffer.getvalue())
        os.replace(part, path)
    except OSError as error:
        raise EngineError(
            f"{path}: cannot be written: {error.strerror}", "make room, or set SENSORIUM_CACHE_DIR"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return made
