"""Which regions of a picture moved an answer: each is hidden once, and the difference is its part.

Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014, section 4.2: a grey
square that is moved over the picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks.boxes import BOX, box

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from numpy.typing import NDArray

    from sensorium.service.tasks.work import Work

    Region = tuple[float, float, float, float]
    Score = Callable[[NDArray[np.float32]], Awaitable[float]]
    """What an engine takes of a picture, [1, channels, h, w], to the score that is explained."""

SQUARE, STEP = 1 / 4, 1 / 8
"""Side of the square and its way from place to place, as shares of the input's sides: 49 places,
each of them a run of the engine."""

SCHEMA = schema.record({
    "label": schema.text(),
    "regions": schema.array(schema.record({
        "box": BOX,
        "score": schema.number("The label's score less that with this region hidden."),
    }), "Squares that overlap, row by row."),
}, "Where asked for: what each region did to the surest label.")


async def occlude(
    values: NDArray[np.float32], looked_at: tuple[int, int, int, int], whole: float, score: Score,
    work: Work,
) -> list[dict[str, Any]]:
    """What each region did: the score with it less the one without it.

    Args:
        values: What the engine takes, [1, channels, h, w]; 0 is grey.
        looked_at: Left, top, right, bottom in the picture's pixels of what the values show.
        whole: The score of the values.
        score: Gives that of others; see `Score`.
        work: The request.

    Returns:
        For each region `box`, in the picture's pixels, and `score`.
    """
    left, top, right, bottom = looked_at
    width, height = right - left, bottom - top
    regions = list(_regions())

    async def without(region: Region) -> float:
        hidden = values.copy()
        x0, x1 = (round(share * values.shape[3]) for share in region[::2])
        y0, y1 = (round(share * values.shape[2]) for share in region[1::2])
        hidden[..., y0:y1, x0:x1] = 0
        return await score(hidden)

    found = await work.several(without, regions)
    explained = []
    for region, left_over in zip(regions, found, strict=True):
        corners = box(region, width, height)
        for side, length in (("left", left), ("right", left), ("top", top), ("bottom", top)):
            corners[side] = round(corners[side] + length, 1)
        explained.append({"box": corners, "score": round(whole - left_over, 6)})
    return explained


def _regions() -> Iterator[Region]:
    """Left, top, right, bottom of each place, as shares, row by row."""
    places = np.arange(0, 1 - SQUARE + STEP / 2, STEP).tolist()
    for top in places:
        for left in places:
            yield left, top, left + SQUARE, top + SQUARE
