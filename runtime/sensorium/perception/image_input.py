"""Brings a picture into the shape that a vision model takes, with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Shares of red, green and blue in grey (ITU-R BT.601)."""


@dataclass(frozen=True)
class Placement:
    """Where a picture lies in a letterbox, as shares of the box's width and height."""

    left: float
    top: float
    width: float
    height: float

    def to_picture(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [n, 4] (left, top, right, bottom) as shares of the picture, within 0..1."""
        start = np.array([self.left, self.top] * 2, np.float32)
        size = np.array([self.width, self.height] * 2, np.float32)
        inside: NDArray[np.float32] = np.clip((boxes - start) / size, 0.0, 1.0)
        return inside


def resize(image: NDArray[Any], height: int, width: int) -> NDArray[np.float32]:
    """Bilinear, each pixel's centre at its middle, the edge repeated; no smoothing before.

    Args:
        image: [h, w] or [h, w, channels].
        height: Of the result, at least 1.
        width: Of the result, at least 1.

    Returns:
        Of the same kind of values.
    """
    above, below, down = _neighbours(image.shape[0], height)
    before, after, right = _neighbours(image.shape[1], width)
    extra = (1,) * (image.ndim - 2)
    down = down.reshape(-1, 1, *extra)
    right = right.reshape(1, -1, *extra)
    rows = image[above].astype(np.float32)
    rows += (image[below].astype(np.float32) - rows) * down
    columns = rows[:, before]
    columns += (rows[:, after] - columns) * right
    return columns


def middle(image: NDArray[Any], share: float) -> NDArray[Any]:
    """The square in the middle of a picture; see `middle_box`."""
    left, top, right, bottom = middle_box(image.shape[0], image.shape[1], share)
    return image[top:bottom, left:right]


def middle_box(height: int, width: int, share: float) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the square in the middle of a picture, in pixels.

    It begins where TensorFlow's EfficientNet begins it (_decode_and_center_crop in
    models/official/efficientnet/preprocessing.py of github.com/tensorflow/tpu).

    Args:
        height: Of the picture.
        width: Of the picture.
        share: Of its shorter side, 0..1.
    """
    side = max(1, int(share * min(height, width)))
    top, left = (height - side + 1) // 2, (width - side + 1) // 2
    return left, top, left + side, top + side


def crop(image: NDArray[Any], box: tuple[int, int, int, int]) -> NDArray[Any]:
    """A part of a picture; what lies outside of the picture is black.

    Args:
        image: [h, w] or [h, w, channels].
        box: Left, top, right, bottom in pixels; at least one wide and high.
    """
    left, top, right, bottom = box
    cut = np.zeros((bottom - top, right - left, *image.shape[2:]), image.dtype)
    rows = slice(max(0, top), max(0, min(image.shape[0], bottom)))
    columns = slice(max(0, left), max(0, min(image.shape[1], right)))
    inside = image[rows, columns]
    if inside.size:
        cut[
            rows.start - top : rows.start - top + inside.shape[0],
            columns.start - left : columns.start - left + inside.shape[1],
        ] = inside
    return cut


def grey(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How light each pixel of [h, w, 3] is, 0..255."""
    return image.astype(np.float32) @ _LUMA


def _neighbours(
    length: int, wanted: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each new pixel the old ones before and after it, and how far on it lies, 0..1."""
    places = (np.arange(wanted) + 0.5) * (length / wanted) - 0.5
    places = np.clip(places, 0, length - 1)
    before = places.astype(np.intp)
    after = np.minimum(before + 1, length - 1)
    return before, after, (places - before).astype(np.float32)
