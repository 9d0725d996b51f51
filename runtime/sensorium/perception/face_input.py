"""Brings a face into the shape that the face models take, and their points back to the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.image_input import crop, grey, resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Box = tuple[float, float, float, float]
    """Left, top, right, bottom in pixels of the picture."""

EXPRESSION_MARGIN = 10
"""Pixels around the box that the expression model sees (`offsets` in fer/fer.py)."""
LANDMARK_SCALE = 1.5
"""Side of the landmark model's square over the longer side of the box
(face_landmarker_graph.cc and face_detector_graph.cc of MediaPipe: scale 1.5, square_long)."""
EYE_CORNERS = (33, 263)
"""The outer corners of the eyes among the landmarks."""
BLENDSHAPE_LANDMARKS = np.array(
    [
        *(0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61),
        *(63, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127),
        *(132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160),
        *(161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251),
        *(263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308),
        *(310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365),
        *(373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397),
        *(398, 400, 402, 405, 409, 415, 454, 466, *range(468, 478)),
    ],
    np.intp,
)
"""The landmarks that the blendshape model takes, in its order (kLandmarksSubsetIdxs in
face_blendshapes_graph.cc of MediaPipe)."""


def square_around(box: Box, scale: float, margin: float = 0.0) -> tuple[int, int, int, int]:
    """A square around the middle of a box: its longer side by `scale`, and a margin around it."""
    left, top, right, bottom = box
    half = max(right - left, bottom - top, 1.0) * scale / 2 + margin
    x, y = (left + right) / 2, (top + bottom) / 2
    side = max(1, round(2 * half))
    first = (round(x - half), round(y - half))
    return (*first, first[0] + side, first[1] + side)


def expression_input(image: NDArray[np.uint8], box: Box, side: int) -> NDArray[np.float32]:
    """What the expression model takes.

    Args:
        image: [h, w, 3], red, green, blue.
        box: Of the face.
        side: Of the result in pixels.

    Returns:
        [1, side, side, 1], grey, -1..1; black outside of the picture.
    """
    face = crop(image, square_around(box, 1.0, EXPRESSION_MARGIN))
    values = resize(grey(face), side, side) / np.float32(127.5) - np.float32(1.0)
    return values[None, :, :, None]


def landmark_crop(
    image: NDArray[np.uint8], box: Box, side: int
) -> tuple[NDArray[np.float32], tuple[int, int, int, int]]:
    """What the landmark model takes, for a face that is upright.

    Args:
        image: [h, w, 3], red, green, blue.
        box: Of the face.
        side: Of the result in pixels.

    Returns:
        [1, side, side, 3] of 0..1, and the square of the picture that it shows.
    """
    square = square_around(box, LANDMARK_SCALE)
    return resize(crop(image, square), side, side)[None] / np.float32(255), square


def points_of(
    landmarks: NDArray[np.float32], square: tuple[int, int, int, int], side: int
) -> NDArray[np.float32]:
    """The landmarks [n, 2] in pixels of the picture.

    Args:
        landmarks: x, y and z of each in pixels of the model's input, in any shape.
        square: What the input showed of the picture.
        side: Of the input in pixels.
    """
    scale = np.float32((square[2] - square[0]) / side)
    points: NDArray[np.float32] = landmarks.reshape(-1, 3)[:, :2] * scale
    points += np.array(square[:2], np.float32)
    return points
