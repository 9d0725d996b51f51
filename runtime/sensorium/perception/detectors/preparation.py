"""A picture to a detector's input: its size, its colours and the range of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from sensorium.perception.image_input import Placement, resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.detectors.head import Settings
    from sensorium.perception.detectors.ports import Picture


class Preparation:
    """Makes one input of each picture.

    Args:
        port: Which input.
        settings: How it is prepared.
    """

    def __init__(self, port: Picture, settings: Settings) -> None:
        self._port = port
        self._settings = settings
        reverse = slice(None, None, -1) if settings.channels == "bgr" else slice(None)
        self._order = reverse
        self._factor = np.float32(1 / settings.divisor)
        self._mean = np.array(settings.mean, np.float32)
        self._deviation = np.array(settings.deviation, np.float32)

    def __call__(self, image: NDArray[np.uint8]) -> tuple[NDArray[Any], Placement]:
        """The input, and where the picture lies in it.

        Args:
            image: [h, w, 3], red, green, blue.
        """
        port, settings = self._port, self._settings
        top, left, height, width = self._place(*image.shape[:2])
        # What lies around the picture is grey in every channel, before anything is taken from it.
        whole = np.full((port.height, port.width, 3), settings.pad, np.float32)
        whole[top : top + height, left : left + width] = self._resized(image, height, width)
        values = whole[:, :, self._order]
        if settings.divisor != 1:
            values = values * self._factor
        if settings.mean:
            values = values - self._mean
        if settings.deviation:
            values = values / self._deviation
        if port.type == "uint8":
            values = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        if port.first:
            values = values.transpose(2, 0, 1)
        return np.ascontiguousarray(values)[None], Placement(
            left / port.width, top / port.height, width / port.width, height / port.height
        )

    def _place(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Top, left, height and width of a picture in the input, in pixels."""
        port, settings = self._port, self._settings
        if settings.fit == "stretch":
            return 0, 0, port.height, port.width
        scale = min(port.height / height, port.width / width)
        whole = round if settings.whole else int
        high = min(port.height, max(1, whole(height * scale)))
        wide = min(port.width, max(1, whole(width * scale)))
        if settings.fit == "corner":
            return 0, 0, high, wide
        return (port.height - high) // 2, (port.width - wide) // 2, high, wide

    def _resized(self, image: NDArray[np.uint8], height: int, width: int) -> NDArray[Any]:
        if self._settings.resampling == "antialiased":
            picture = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
            return np.asarray(picture)
        return resize(image, height, width)
