"""What the viseme engine hears: 32 mel bands every 8 ms, relative to how loud the voice is."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 16_000
STEP = 128
"""Samples from frame to frame: 8 ms."""
WINDOW = 400
"""Samples that a frame hears: 25 ms."""
CENTRE = WINDOW // 2
"""Samples from the middle of a frame, which is its time, to its end."""
BANDS = 32
LOW_HZ, HIGH_HZ = 80.0, 7200.0

FLOOR_DB = -100.0
"""Digital silence in a band."""
QUIETEST_DB = -50.0
"""A voice is never taken to be softer than this, so that silence stays low."""
FALL_DB = 3.0 * STEP / RATE_HZ
"""How fast the level forgets a loud sound: 3 dB a second."""
REACH_DB = 70.0
"""What lies further below the level is not told apart."""

_SIZE = 512


class VisemeFeatures:
    """The features of one stream, block after block, each block's from its own and earlier sound.

    A frame's bands are the powers under triangles on the mel scale (HTK's 2595 log10(1 + f / 700)),
    in dB, less the level: the loudest frame so far, which falls slowly. So a microphone's gain
    changes nothing.
    """

    def __init__(self) -> None:
        self._tail = np.zeros(WINDOW - STEP, np.float32)
        self._level = QUIETEST_DB

    def push(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """The frames that end in this sound.

        Args:
            sound: [n], -1..1, n a multiple of `STEP`; what is not finite counts as silence.

        Returns:
            [n / STEP, BANDS], 0..about 1: 1 is the level, 0 is `REACH_DB` below it. The last
            frame's middle lies `CENTRE` samples before the sound's end.
        """
        clean = np.nan_to_num(sound, nan=0.0, posinf=0.0, neginf=0.0)
        whole = np.concatenate([self._tail, np.clip(clean, -1.0, 1.0)])
        self._tail = whole[len(whole) - (WINDOW - STEP) :].copy()
        frames = np.lib.stride_tricks.sliding_window_view(whole, WINDOW)[::STEP]
        spectrum = np.fft.rfft((frames - frames.mean(1, keepdims=True)) * _window(), _SIZE)
        power = spectrum.real**2 + spectrum.imag**2
        bands = 10.0 * np.log10(power @ mel_filters() + 10.0 ** (FLOOR_DB / 10.0))
        for row, loud in zip(bands, bands.max(1).tolist(), strict=True):
            self._level = max(loud, self._level - FALL_DB, QUIETEST_DB)
            row -= self._level
        told: NDArray[np.float32] = np.maximum(1.0 + bands / REACH_DB, 0.0).astype(np.float32)
        return told


@functools.cache
def _window() -> NDArray[np.float64]:
    """Hann, scaled so that a full-scale sine has the power 1/4 in its bin."""
    window: NDArray[np.float64] = np.hanning(WINDOW + 1)[:WINDOW].copy()
    window /= window.sum()
    return window


@functools.cache
def mel_filters() -> NDArray[np.float64]:
    """Triangles whose corners are evenly spaced in mel: [257, BANDS]."""
    low, high = (2595.0 * np.log10(1.0 + hz / 700.0) for hz in (LOW_HZ, HIGH_HZ))
    corners = 700.0 * (10.0 ** (np.linspace(low, high, BANDS + 2) / 2595.0) - 1.0)
    hz = np.arange(_SIZE // 2 + 1)[:, None] * (RATE_HZ / _SIZE)
    rising = (hz - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - hz) / (corners[2:] - corners[1:-1])
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return filters
