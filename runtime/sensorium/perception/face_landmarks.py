"""A face's box in a picture to its 478 landmarks, and from them its box and six points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium.perception.face_input import landmark_crop, points_of
from sensorium.perception.finite import finite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.perception.face_input import Box

    Square = tuple[int, int, int, int]

_MOUTH = (13, 14)
"""The inner middle of the upper and of the lower lip."""
_POINTS = np.array([468, 473, 1, _MOUTH[0], 234, 454], np.intp)
"""Landmarks at `face_detection.KEYPOINTS`: middles of the irises, tip of the nose, a lip, and
where the ears begin (MediaPipe's canonical face model)."""


class Landmarks(NamedTuple):
    """The landmarks of one face.

    Attributes:
        points: [478, 2], x and y in pixels of the picture.
        presence: 0..1, that they are of a face.
    """

    points: NDArray[np.float32]
    presence: float

    @property
    def box(self) -> Box:
        """Left, top, right, bottom of all points, in pixels."""
        (left, top), (right, bottom) = self.points.min(axis=0), self.points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    @property
    def keypoints(self) -> NDArray[np.float32]:
        """[6, 2] in the order of `face_detection.KEYPOINTS`, in pixels."""
        found = self.points[_POINTS]
        found[3] = self.points[list(_MOUTH)].mean(axis=0)
        return found


class FaceLandmarks:
    """The two sides of the landmark model.

    Args:
        card: Of the engine: a picture [1, n, n, 3] to landmarks, presence and more, in this order.
    """

    def __init__(self, card: Card) -> None:
        self._name = card.name
        self._side = card.sizes(card.inputs[0])[1]
        self._input = card.inputs[0].name
        self._places, self._logit = (port.name for port in card.outputs[:2])

    def feeds(
        self, image: NDArray[np.uint8], within: Box
    ) -> tuple[dict[str, NDArray[Any]], Square]:
        """What the engine takes, and the square of the picture that it shows.

        Args:
            image: [h, w, 3], red, green, blue.
            within: Box of a face that is upright.
        """
        values, square = landmark_crop(image, within, self._side)
        return {self._input: values}, square

    def found(self, results: Mapping[str, NDArray[Any]], square: Square) -> Landmarks:
        """The landmarks in what the engine gives.

        Raises:
            OutputError: They, or their presence, are not finite.
        """
        presence, places = (
            finite(results[output], self._name) for output in (self._logit, self._places)
        )
        logit = float(np.clip(presence.ravel()[0], -80, 80))
        points = points_of(places, square, self._side)
        return Landmarks(points, 1 / (1 + float(np.exp(-logit))))
