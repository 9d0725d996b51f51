"""Gives what is seen in one picture after another the same number as long as it stays in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.boxes import overlap

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_OVERLAP = 0.3
"""Intersection over union by which a box is that of the picture before."""
KEPT_NS = 2_000_000_000
"""How long a thing that is not found keeps its number."""
MOST = 256


class _Track(NamedTuple):
    number: int
    box: NDArray[np.float32]
    label: int
    seen_ns: int


class Tracks:
    """The things in sight in one stream of pictures."""

    def __init__(self) -> None:
        self._known: list[_Track] = []

    def follow(
        self, boxes: NDArray[np.float32], labels: NDArray[np.intp], key: int, time_ns: int
    ) -> list[int]:
        """The number of each box, not 0; the largest overlaps are settled first.

        Args:
            boxes: [n, 4]: left, top, right, bottom; of them the first `MOST` are followed.
            labels: [n]: a thing keeps its class.
            key: Of the picture, as `Picture.key`; numbers are made from it.
            time_ns: Of the picture.

        Returns:
            n numbers.
        """
        boxes, labels = boxes[:MOST], labels[:MOST]
        known = [track for track in self._known if abs(time_ns - track.seen_ns) <= KEPT_NS]
        numbers = [0] * len(boxes)
        if known and len(boxes):
            shares = overlap(boxes, np.stack([track.box for track in known]))
            shares[labels[:, None] != np.array([track.label for track in known])] = 0
            while (best := np.unravel_index(np.argmax(shares), shares.shape)) and (
                shares[best] >= LEAST_OVERLAP
            ):
                numbers[best[0]] = known[best[1]].number
                shares[best[0]], shares[:, best[1]] = 0, 0
        fresh = (key * MOST + place + 1 & 0xFFFFFFFFFFFFFFFF for place in range(len(boxes)))
        numbers = [number or new for number, new in zip(numbers, fresh, strict=True)]
        now = {
            number: _Track(number, box.copy(), int(label), time_ns)
            for number, box, label in zip(numbers, boxes, labels, strict=True)
        }
        self._known = [*now.values(), *(track for track in known if track.number not in now)][:MOST]
        return numbers
