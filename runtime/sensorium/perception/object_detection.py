"""A picture to the input of an object detector, and what it gives to objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.perception.boxes import Found, thinned
from sensorium.perception.detectors import HEAD
from sensorium.perception.detectors.darknet import OVERLAP, THRESHOLD
from sensorium.perception.detectors.preparation import Preparation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.perception.image_input import Placement

__all__ = ["OVERLAP", "TASK", "THRESHOLD", "ObjectDetection", "is_detector"]

TASK = "objects"
"""What a detector may be judged by; a card of that task without a head has the head darknet."""


def is_detector(card: Card) -> bool:
    """Whether a card is of an engine that detects objects."""
    return bool(card.objects.head) or card.evaluation.task == TASK


class ObjectDetection:
    """The two sides of a detector, as its card's table [objects] describes it.

    Args:
        card: Of a detector, with its inputs and outputs.

    Attributes:
        threshold: Smallest score of an object, where `found` is given none.
        overlap: Largest overlap of two boxes, where `found` is given none.

    Raises:
        CardError: The inputs, outputs or labels are not those of its head.
    """

    def __init__(self, card: Card) -> None:
        kind = HEAD[card.objects.head or "darknet"]
        self._settings = kind.defaults.of_card(card.objects)
        self._head = kind(card, self._settings)
        self._prepare = Preparation(self._head.picture, self._settings)
        self.threshold = self._settings.threshold
        self.overlap = 1.0 if self._settings.suppression == "none" else self._settings.overlap

    def feeds(self, image: NDArray[np.uint8]) -> tuple[dict[str, NDArray[Any]], Placement]:
        """What the engine takes, and where the picture lies in it.

        Args:
            image: [h, w, 3], red, green, blue.
        """
        values, placement = self._prepare(image)
        return {self._head.picture.name: values, **self._head.more()}, placement

    def found(
        self, results: Mapping[str, NDArray[Any]], placement: Placement,
        threshold: float | None = None, limit: float | None = None,
    ) -> Found:
        """The objects, the surest first.

        Args:
            results: Of the engine.
            placement: As `feeds` gave it.
            threshold: Smallest score, 0..1; None: the detector's own.
            limit: Largest overlap of two boxes that both stay, 0..1; None: the detector's own.

        Returns:
            Boxes as shares of the picture; the arrays are its own.

        Raises:
            EngineError: The numbers cannot be what the card says they are.
        """
        candidates = self._head.candidates(
            results, self.threshold if threshold is None else threshold
        )
        found = thinned(
            candidates, self.overlap if limit is None else limit,
            across=self._settings.suppression == "across-labels",
        )
        return Found(placement.to_picture(found.boxes), found.labels.copy(), found.scores.copy())
