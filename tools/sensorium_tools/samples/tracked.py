"""Tracked hands out of files of bare numbers: frame after frame, 26 joints in metres."""

from __future__ import annotations

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
FRAME_BYTES = JOINTS * 3 * 4


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
        data: Little-endian 32-bit floats: x, y, z of each joint of each frame.
        place: Where it came from, for the message.

    Raises:
        EngineError: When it is not a whole number of frames.
    """
    if not data or len(data) % FRAME_BYTES:
        raise EngineError(
            f"{place}: {len(data)} bytes are no frames of {FRAME_BYTES} bytes",
            "replace it",
        )
    return np.frombuffer(data, "<f4").reshape(-1, JOINTS, 3).astype(np.float32)
