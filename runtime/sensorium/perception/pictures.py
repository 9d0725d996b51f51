"""A picture as a channel carries it: checked, and as an array of pixels.

Also what an app has written, which may be anything: see `read`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.records.vision import PICTURE, PICTURE_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDES = (16, 4096)
"""Pixels of a side, the least and the most."""
RGB, RGBA = 1, 2
_CHANNELS = {RGB: 3, RGBA: 4}
_PIXELS = next(placed.offset for placed in PICTURE.placed if placed.field.name == "pixels")
HEAD = np.dtype({
    "names": [name for name in PICTURE.dtype.names or () if name != "pixels"],
    "formats": [PICTURE.dtype[name] for name in PICTURE.dtype.names or () if name != "pixels"],
    "itemsize": _PIXELS,
})
"""The record without its pixels: its first bytes."""


def size_of(record: NDArray[np.void]) -> tuple[int, int, int] | None:
    """Height, width and bytes a pixel; None where they break a rule of `records.PICTURE`.

    Args:
        record: Shape (1,), or its `HEAD` alone; a copy that nobody changes any more.
    """
    row = record[0]
    height, width = int(row["height"]), int(row["width"])
    channels = _CHANNELS.get(int(row["format"]), 0)
    if not channels or not all(SIDES[0] <= side <= SIDES[1] for side in (height, width)):
        return None
    return (height, width, channels) if height * width * channels <= PICTURE_BYTES else None


def read(record: NDArray[np.void]) -> NDArray[np.uint8] | None:
    """The pixels, [height, width, 3], red, green, blue; None where the record breaks a rule.

    Args:
        record: As `size_of` takes it; the pixels are a view into it.
    """
    size = size_of(record)
    if size is None:
        return None
    height, width, channels = size
    pixels = record["pixels"][0, : height * width * channels]
    shown: NDArray[np.uint8] = pixels.reshape(height, width, channels)[:, :, :3]
    return shown
