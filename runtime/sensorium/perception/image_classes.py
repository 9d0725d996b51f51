"""A picture to the input of an image classifier that was trained as EfficientNet-Lite was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.image_input import middle, middle_box, resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.card import Card

SHARE = 224 / 256
"""Of the shorter side that is looked at (CROP_FRACTION in TensorFlow's preprocessing.py)."""
MEAN, DEVIATION = 127.0, 128.0
"""MEAN_RGB and STDDEV_RGB of efficientnet_lite_builder.py."""


class ImageClasses:
    """The input of a classifier.

    Args:
        card: Of an engine that takes a picture [1, 3, h, w] and gives one score for each class.
    """

    def __init__(self, card: Card) -> None:
        self._input = card.inputs[0].name
        _, _, self._height, self._width = card.sizes(card.inputs[0])

    @property
    def input(self) -> str:
        """The name of the engine's input."""
        return self._input

    def box(self, image: NDArray[np.uint8]) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of what is looked at, in the picture's pixels."""
        return middle_box(image.shape[0], image.shape[1], SHARE)

    def feeds(self, image: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """What the engine takes of a picture [h, w, 3], red, green, blue."""
        part = resize(middle(image, SHARE), self._height, self._width)
        values = ((part - MEAN) / DEVIATION).transpose(2, 0, 1)[None]
        return {self._input: np.ascontiguousarray(values)}
