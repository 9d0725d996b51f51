"""How a box in a picture is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.service.tasks import json_schema as schema

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIDES = ("left", "top", "right", "bottom")
BOX = schema.record(
    {side: schema.number() for side in _SIDES}, "In pixels, from the picture's left and upper edge."
)


def box(corners: Sequence[float], width: int, height: int) -> dict[str, float]:
    """A box as an answer has it.

    Args:
        corners: Left, top, right, bottom as shares of the picture, 0..1.
        width: Of the picture in pixels.
        height: Of the picture in pixels.
    """
    sizes = (width, height, width, height)
    return {
        side: round(share * size, 1)
        for side, share, size in zip(_SIDES, corners, sizes, strict=True)
    }
