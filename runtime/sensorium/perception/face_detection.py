"""A picture to the input of BlazeFace (short range), and what it gives to faces.

Anchors, scales and thresholds are those of MediaPipe's face detection: face_detection_short_range
in mediapipe/modules/face_detection, SsdAnchorsCalculator, TensorsToDetectionsCalculator and
NonMaxSuppressionCalculator (weighted).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.boxes import overlap
from sensorium.perception.finite import finite
from sensorium.perception.image_input import Placement, resize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.card import Card

THRESHOLD = 0.5
"""min_score_thresh."""
OVERLAP = 0.3
"""min_suppression_threshold: what overlaps a surer face by more is the same face."""
KEYPOINTS = ("right_eye", "left_eye", "nose_tip", "mouth", "right_ear", "left_ear")
"""In the order of the model; right and left are the person's own."""
_STRIDES = (8, 16, 16, 16)
_PER_CELL = 2
"""Anchors of each layer: one, and one between it and the next (interpolated_scale_aspect_ratio)."""
_LIMIT = 100.0
"""score_clipping_thresh."""


@dataclass(frozen=True)
class Faces:
    """The faces in a picture, the surest first.

    Attributes:
        boxes: [n, 4]: left, top, right, bottom as shares of the picture, 0..1.
        scores: [n], 0..1.
        keypoints: [n, 6, 2]: x and y of `KEYPOINTS` as shares of the picture, 0..1.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    keypoints: NDArray[np.float32]


def anchors(side: int) -> NDArray[np.float32]:
    """The middles of the anchors, [n, 2], as shares of the input: rows of cells, layer by layer."""
    layers = []
    for stride in dict.fromkeys(_STRIDES):
        cells = (np.arange(side // stride) + 0.5) / (side // stride)
        grid = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 1, 2)
        layers.append(grid.repeat(_PER_CELL * _STRIDES.count(stride), axis=1).reshape(-1, 2))
    return np.concatenate(layers).astype(np.float32)


class FaceDetection:
    """The two sides of the detector.

    Args:
        card: Of the engine: a picture [1, n, n, 3] to regressors [1, m, 16] and classificators
            [1, m, 1].
    """

    def __init__(self, card: Card) -> None:
        self._name = card.name
        self._side = card.sizes(card.inputs[0])[1]
        self._input = card.inputs[0].name
        self._regressors, self._logits = (port.name for port in card.outputs)
        self._anchors = anchors(self._side)

    def feeds(self, image: NDArray[np.uint8]) -> tuple[dict[str, NDArray[Any]], Placement]:
        """What the engine takes of a picture [h, w, 3], and where the picture lies in it."""
        side = self._side
        scale = min(side / image.shape[0], side / image.shape[1])
        height, width = (max(1, round(length * scale)) for length in image.shape[:2])
        top, left = (side - height) // 2, (side - width) // 2
        square = np.full((1, side, side, 3), -1.0, np.float32)
        square[0, top : top + height, left : left + width] = (
            shrunk(image, height, width) / np.float32(127.5) - 1
        )
        return {self._input: square}, Placement(
            left / side, top / side, width / side, height / side
        )

    def found(
        self, results: Mapping[str, NDArray[Any]], placement: Placement,
        threshold: float = THRESHOLD,
    ) -> Faces:
        """The faces in what the engine gives.

        Raises:
            OutputError: Its scores, or a face, are not finite.
        """
        finite(results[self._logits], self._name)
        # In float64: the exponential of the limit is none of float32's.
        logits = np.clip(results[self._logits][0, :, 0].astype(np.float64), -_LIMIT, _LIMIT)
        scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
        sure = np.flatnonzero(scores >= threshold)
        values: NDArray[np.float32] = finite(results[self._regressors][0, sure], self._name)
        values = values.reshape(-1, 8, 2) / np.float32(self._side)
        middles = values[:, 0] + self._anchors[sure]
        half = values[:, 1] / 2
        points = np.concatenate(
            (middles[:, None] - half[:, None], middles[:, None] + half[:, None],
             values[:, 2:] + self._anchors[sure, None]), axis=1,
        )
        kept, weights = _blended(points, scores[sure])
        inside = placement.to_picture(kept.reshape(-1, 4)).reshape(-1, 8, 2)
        return Faces(inside[:, :2].reshape(-1, 4), weights, inside[:, 2:])


def shrunk(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float32]:
    """A picture at another size; what gets smaller is averaged first, by whole factors.

    Bilinear sampling alone would look at 4 of many pixels of a large picture.
    """
    factor = max(1, min(image.shape[0] // height, image.shape[1] // width))
    if factor > 1:
        rows, columns = (length // factor * factor for length in image.shape[:2])
        blocks = image[:rows, :columns].reshape(
            rows // factor, factor, columns // factor, factor, -1
        )
        return resize(blocks.mean(axis=(1, 3), dtype=np.float32), height, width)
    return resize(image, height, width)


def _blended(
    points: NDArray[np.float32], scores: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One face for each group that overlaps its surest: the mean by score, with the best score."""
    faces, best = [], []
    left = np.argsort(-scores, kind="stable")
    while left.size:
        corners = points[left, :2].reshape(-1, 4)
        same = overlap(corners[:1], corners)[0] > OVERLAP
        same[0] = True
        group = left[same]
        weights = (scores[group] / scores[group].sum())[:, None, None]
        faces.append((points[group] * weights).sum(axis=0))
        best.append(scores[left[0]])
        left = left[~same]
    return (
        np.array(faces, np.float32).reshape(-1, points.shape[1], 2), np.array(best, np.float32)
    )
