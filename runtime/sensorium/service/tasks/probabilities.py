"""Figures to shares, each by itself, and the surest labels first; see `perception.softmax`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def logistic(values: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Each of `values`, [n], by itself: 0.5 at 0, 0.73 at `temperature`."""
    # By the hyperbolic tangent, which does not overflow.
    shares: NDArray[np.float64] = 0.5 + 0.5 * np.tanh(values.astype(np.float64) / temperature / 2)
    return shares


def surest(scores: NDArray[np.floating], top_k: int, threshold: float) -> list[int]:
    """Places of the largest scores, the largest first.

    Args:
        scores: One for each label.
        top_k: Most places; 0: all.
        threshold: Smallest score.
    """
    order = [int(at) for at in np.argsort(-scores, kind="stable") if scores[at] >= threshold]
    return order[: top_k or None]
