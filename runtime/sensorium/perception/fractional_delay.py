"""Delays sound by a part of a sample: a windowed sinc."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARGIN = 16
"""Samples before and after that the delay needs."""
_PHASES = 64
_KAISER = 7.0
"""About 70 dB of stop band: far below what an echo can be cancelled to."""


def delayed(sound: NDArray[np.float32], delay: float) -> NDArray[np.float32]:
    """`sound` without its margins, later by `delay`.

    Args:
        sound: [MARGIN + n + MARGIN].
        delay: 0..1 samples, taken to the next 1/64.

    Returns:
        [n]; with delay 0 the samples themselves.
    """
    phase = round(delay * _PHASES)
    if phase == 0:
        return sound[MARGIN:-MARGIN]
    return np.convolve(sound, _taps(phase), "valid")


@functools.cache
def _taps(phase: int) -> NDArray[np.float32]:
    at = np.arange(2 * MARGIN + 1) - MARGIN - phase / _PHASES
    window = np.i0(_KAISER * np.sqrt(np.maximum(0.0, 1.0 - (at / (MARGIN + 1)) ** 2)))
    taps = np.sinc(at) * window
    scaled: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return scaled
