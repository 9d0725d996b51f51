"""Tracked hands out of .npy files: [frames, 26, 3], the joints in metres."""

from __future__ import annotations

import io
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.samples.checks import JOINTS
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sensorium_tools.samples.draft import Entry, Listing

SIDES = ("left", "right")


def tracked(listing: Listing) -> Iterator[Draft]:
    """One sample for each frame: see `samples.readers`. The file's name tells left or right."""
    for entry in listing.entries:
        origin = f"{listing.source.name}/{entry.path}"
        for frame in range(len(_decoded(entry))):
            yield Draft(
                f"{entry.path}#{frame:04d}", origin, partial(_sample, entry, frame, origin)
            )


def _sample(entry: Entry, frame: int, origin: str) -> Sample:
    name = entry.path.rsplit("/", 1)[-1]
    sides = [side for side in SIDES if side in name]
    truth = {"handedness": sides[0]} if len(sides) == 1 else {}
    data = _decoded(entry)[frame]
    return Sample(f"{entry.path}#{frame:04d}", "hand", np.array(data), truth, origin)


@lru_cache(maxsize=256)
def _decoded(entry: Entry) -> NDArray[np.float32]:
    return decode(entry.read(), entry.place)


def decode(data: bytes, place: str) -> NDArray[np.float32]:
    """A file of hands as float32 [frames, 26, 3].

    Args:
        data: A .npy file; nothing in it is run.
        place: Where it came from, for the message.

    Raises:
        EngineError: When it is damaged, or of another type or shape.
    """
    try:
        found = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, MemoryError, OverflowError) as error:
        raise EngineError(f"{place}: not a .npy file, or damaged: {error}", "replace it") from error
    if not isinstance(found, np.ndarray) or found.dtype != np.float32 or (
        found.ndim != 3 or found.shape[1:] != (JOINTS, 3)
    ):
        shown = f"{getattr(found, 'dtype', '?')} of shape {getattr(found, 'shape', '?')}"
        raise EngineError(
            f"{place}: is {shown}, must be float32 of (frames, {JOINTS}, 3)", "replace it"
        )
    return found
