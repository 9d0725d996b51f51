"""A picture to the input of an object detector, and what it gives to objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.perception.boxes import Found, find
from sensorium.perception.image_input import letterbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.perception.image_input import Placement

THRESHOLD = 0.25
"""Smallest score that is shown ("By default, YOLO only displays objects detected with a confidence
of .25 or higher", the author's page on YOLO)."""
OVERLAP = 0.45
"""Largest overlap of two objects of one class (`nms` in examples/detector.c of darknet)."""


class ObjectDetection:
    """The two sides of a detector whose graph gives boxes and scores.

    Args:
        card: Of an engine that takes a picture [1, 3, n, n] and gives boxes [1, m, 4] (left, top,
            right, bottom as shares of the input) and scores [1, m, classes], in this order.
    """

    def __init__(self, card: Card) -> None:
        self._size = card.sizes(card.inputs[0])[2]
        self._input = card.inputs[0].name
        self._boxes, self._scores = (port.name for port in card.outputs[:2])

    def feeds(self, image: NDArray[np.uint8]) -> tuple[dict[str, NDArray[Any]], Placement]:
        """What the engine takes, and where the picture lies in it.

        Args:
            image: [h, w, 3], red, green, blue.
        """
        square, placement = letterbox(image, self._size)
        return {self._input: square}, placement

    def found(
        self, results: Mapping[str, NDArray[Any]], placement: Placement,
        threshold: float = THRESHOLD, limit: float = OVERLAP,
    ) -> Found:
        """The objects, the surest first.

        Args:
            results: Of the engine.
            placement: As `feeds` gave it.
            threshold: Smallest score, 0..1.
            limit: Largest overlap of two objects of one class, 0..1.

        Returns:
            Boxes as shares of the picture; the arrays are its own.
        """
        found = find(results[self._boxes][0], results[self._scores][0], threshold, limit)
        return Found(placement.to_picture(found.boxes), found.labels.copy(), found.scores.copy())
