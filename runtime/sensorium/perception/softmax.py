"""Scores to shares: the softmax along the last axis, and its natural logarithm.

Both are in the precision of the scores, and neither overflows. A smaller temperature makes the
largest surer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Float = TypeVar("Float", bound="np.floating")


def softmax(scores: NDArray[Float], temperature: float = 1.0) -> NDArray[Float]:
    """Shares of sum 1 of scores / temperature, [..., n]."""
    raised = np.exp(_shifted(scores, temperature))
    shares: NDArray[Float] = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def log_softmax(scores: NDArray[Float], temperature: float = 1.0) -> NDArray[Float]:
    """Natural logarithms of the shares of `softmax`, [..., n]."""
    shifted = _shifted(scores, temperature)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def _shifted(scores: NDArray[Float], temperature: float) -> NDArray[Float]:
    shifted: NDArray[Float] = scores - scores.max(axis=-1, keepdims=True)
    if temperature != 1.0:
        shifted /= temperature
    return shifted
