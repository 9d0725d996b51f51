"""How sure a classifier may be: temperature scaling and the expected calibration error.

Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks" (2017): all logits are
divided by one number, which gives the smallest negative log-likelihood on the validation side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.softmax import log_softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Logits = NDArray[np.float64]
    Classes = NDArray[np.int64]

BINS = 15
"""Of confidence, of equal width, as in the paper."""
_RANGE = (0.5, 20.0)
"""A few texts without an error among them would have it sure beyond all measure."""
_GOLDEN = (5**0.5 - 1) / 2


def loss_of(logits: Logits, truth: Classes, temperature: float = 1.0) -> float:
    """Mean negative log-likelihood of [n] true classes."""
    return float(-log_softmax(logits, temperature)[np.arange(len(truth)), truth].mean())


def temperature_of(logits: Logits, truth: Classes) -> float:
    """The temperature of the smallest loss, 0.5 to 20, to within a thousandth of it.

    The loss has one minimum, so a golden section of the logarithm's range finds it.
    """
    low, high = np.log(_RANGE[0]), np.log(_RANGE[1])
    while high - low > 1e-3:
        one, other = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if loss_of(logits, truth, float(np.exp(one))) <= loss_of(
            logits, truth, float(np.exp(other))
        ):
            high = other
        else:
            low = one
    return float(np.exp((low + high) / 2))


def calibration_error(chances: Logits, truth: Classes, bins: int = BINS) -> float:
    """The expected calibration error, 0..1: mean gap of confidence and accuracy over bins.

    Args:
        chances: [n, classes], of sum 1.
        truth: [n].
        bins: Each holds the confidences above its lower end up to its upper one.
    """
    sure = chances.max(-1)
    right = chances.argmax(-1) == truth
    place = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(place, sure - right, bins)
    return float(np.abs(gaps).sum() / len(truth))
