"""A picture to the input of an object detector, and what it gives to objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.errors import CardError
from sensorium.perception.boxes import Found, thinned
from sensorium.perception.detectors import HEAD
from sensorium.perception.detectors.darknet import OVERLAP, THRESHOLD
from sensorium.perception.detectors.preparation import Preparation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.perception.detectors.head import Settings
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
        CardError: The inputs, outputs or labels are not those of its head, or what it says of
            suppression and overlap cannot be done.
    """

    def __init__(self, card: Card) -> None:
        kind = HEAD[card.objects.head or "darknet"]
        self._settings = kind.defaults.of_card(card.objects)
        _check_suppression(card, self._settings)
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
                Boxes of different labels are compared where its suppression is across-labels.

        Returns:
            Boxes as shares of the picture; the arrays are its own.

        Raises:
            OutputError: The numbers cannot be what the card says they are.
        """
        candidates = self._head.candidates(
            results, self.threshold if threshold is None else threshold
        )
        found = thinned(
            candidates, self.overlap if limit is None else limit,
            across=self._settings.suppression == "across-labels",
        )
        return Found(placement.to_picture(found.boxes), found.labels.copy(), found.scores.copy())


def _check_suppression(card: Card, settings: Settings) -> None:
    """Refuses a card of which one of the keys suppression and overlap undoes the other."""
    said, head = card.objects, card.objects.head or "darknet"
    if settings.suppression == "none" and 0 <= said.overlap < 1:
        raise CardError(
            f"{card.name}: objects.overlap = {said.overlap:g} has no meaning where nothing is "
            f"suppressed (suppression none{'' if said.suppression else f', as {head} has it'})",
            'write suppression = "every-label" in [objects], or leave overlap out',
        )
    if settings.suppression != "none" and said.overlap < 0 and settings.overlap >= 1:
        raise CardError(
            f"{card.name}: objects.suppression = {said.suppression} needs an overlap: the head "
            f"{head} has none of its own",
            "write overlap in [objects], as 0.7; 1 lets all boxes stay",
        )
