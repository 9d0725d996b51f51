"""Boxes in a picture: how far they overlap, and one for each object instead of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Found:
    """The objects in a picture, the surest first.

    Attributes:
        boxes: [n, 4]: left, top, right, bottom.
        labels: [n]: which class.
        scores: [n], 0..1.
    """

    boxes: NDArray[np.float32]
    labels: NDArray[np.intp]
    scores: NDArray[np.float32]


def overlap(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of each of n boxes with each of m others.

    Args:
        boxes: [n, 4]: left, top, right, bottom.
        others: [m, 4].

    Returns:
        [n, m], 0..1; 0 where both are empty.
    """
    start = np.maximum(boxes[:, None, :2], others[None, :, :2])
    end = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.maximum(end - start, 0), axis=2)
    whole = _area(boxes)[:, None] + _area(others)[None] - shared
    share: NDArray[np.float32] = np.zeros_like(shared)
    np.divide(shared, whole, out=share, where=whole > 0)
    return share


def suppress(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], limit: float
) -> NDArray[np.intp]:
    """Which boxes stay, the surest first: none overlaps a surer one by more than `limit`."""
    order = np.argsort(-scores, kind="stable")
    kept = []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[overlap(boxes[best][None], boxes[order])[0] <= limit]
    return np.array(kept, np.intp)


def thinned(found: Found, limit: float, *, across: bool = False) -> Found:
    """The objects without those that overlap a surer one, the surest first.

    Args:
        found: In any order.
        limit: Largest overlap of two that both stay; from 1 on all stay.
        across: Whether objects of different labels suppress each other, too.
    """
    if limit >= 1:
        kept = np.arange(len(found.scores))
    elif across:
        kept = suppress(found.boxes, found.scores, limit)
    else:
        parts = [np.flatnonzero(found.labels == label) for label in np.unique(found.labels)]
        stay = [part[suppress(found.boxes[part], found.scores[part], limit)] for part in parts]
        kept = np.concatenate(stay) if stay else np.zeros(0, np.intp)
    kept = kept[np.argsort(-found.scores[kept], kind="stable")]
    return Found(found.boxes[kept], found.labels[kept], found.scores[kept])


def _area(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    area: NDArray[np.float32] = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    return area
