"""From an engine's scores to the boxes that may be objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.errors import OutputError
from sensorium.perception.boxes import Found
from sensorium.perception.finite import finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.detectors.ports import Picture

MOST = 4096
"""Candidates, the surest: what suppression compares with each other grows with their square."""
_ROUNDING = 0.01
"""How far a probability may lie outside of 0..1 in a graph of a smaller precision."""
_STEEPEST = 80.0
"""A logit beyond it is as sure: its exponential would leave the range of float32."""


class Chosen(NamedTuple):
    """Places that may be objects, in the order of the boxes.

    Attributes:
        rows: [k]: which box.
        labels: [k]: which class.
        scores: [k], 0..1.
    """

    rows: NDArray[np.intp]
    labels: NDArray[np.intp]
    scores: NDArray[np.float32]


def probability(values: NDArray[np.float32], unit: str, name: str) -> NDArray[np.float32]:
    """Scores as probabilities.

    Args:
        values: Of the engine.
        unit: What they are: probability or logit.
        name: Of the engine.

    Raises:
        OutputError: They are not finite, or said to be probabilities and are not.
    """
    finite(values, name)
    if unit == "logit":
        clipped = np.clip(values, -_STEEPEST, _STEEPEST)
        return np.float32(1) / (np.float32(1) + np.exp(-clipped))
    if values.size and not -_ROUNDING <= values.min() <= values.max() <= 1 + _ROUNDING:
        raise OutputError(
            f"{name}: its scores reach from {values.min():.3g} to {values.max():.3g}, and "
            "probabilities from 0 to 1",
            'write scores = "logit" in [objects] of its card, or name its head and outputs',
        )
    return values


def choose(scores: NDArray[np.float32], threshold: float, suppression: str) -> Chosen:
    """Boxes and labels with a score above a threshold, at most `MOST`.

    Args:
        scores: [n, classes], 0..1.
        threshold: Smallest score.
        suppression: See `Settings`: decides whether a box has its surest label alone.
    """
    if suppression in ("best-label", "across-labels"):
        best = scores.argmax(1)
        values = scores[np.arange(len(scores)), best]
        rows = np.flatnonzero(values > threshold)
        return _surest(Chosen(rows, best[rows], values[rows]))
    rows, labels = np.nonzero(scores > threshold)
    return _surest(Chosen(rows, labels, scores[rows, labels]))


def found(
    boxes: NDArray[np.float32], chosen: Chosen, unit: str, picture: Picture
) -> Found:
    """The candidates, without those whose box is larger than a number can be.

    Args:
        boxes: [k, 4]: left, top, right, bottom of each that was chosen, of finite numbers of the
            engine.
        chosen: The same ones.
        unit: Of the boxes: pixels or shares, of the input.
        picture: The input.

    Returns:
        With boxes as shares of the input.
    """
    if unit == "pixels":
        boxes = np.divide(boxes, [picture.width, picture.height] * 2, dtype=np.float32)
    sound = np.isfinite(boxes).all(1)
    return Found(
        np.ascontiguousarray(boxes[sound], np.float32), chosen.labels[sound], chosen.scores[sound]
    )


def corners(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes [k, 4] of centre x, centre y, width and height to left, top, right, bottom."""
    half = boxes[:, 2:] * np.float32(0.5)
    return np.concatenate(
        [boxes[:, :2] - half, boxes[:, :2] + half], axis=1, dtype=np.float32
    )


def _surest(chosen: Chosen) -> Chosen:
    if len(chosen.rows) <= MOST:
        return chosen
    kept = np.sort(np.argsort(-chosen.scores, kind="stable")[:MOST])
    return Chosen(chosen.rows[kept], chosen.labels[kept], chosen.scores[kept])
