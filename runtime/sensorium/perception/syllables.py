"""Syllable nuclei: loud peaks of a voice between dips.

De Jong and Wempe, "Praat script to detect syllable nuclei and measure speech rate automatically",
Behavior Research Methods 41 (2009), 385-390: a syllable has one peak of intensity that is not
softer than 25 dB below the loudest, is parted from its neighbours by a dip of 2 dB, and is voiced.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.pitch import STEP

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 1024
"""Samples over which intensity is taken: 64 ms, Praat's for a lowest pitch of 50 Hz."""
RANGE_DB = 25.0
"""What is softer than the loudest by more than this is no syllable."""
DIP_DB = 2.0
"""Between two syllables, below the softer one's peak."""
LOUDEST = 99.0
"""Percentile that is taken for the loudest, so that a click is not (as in the script)."""
FLOOR_DB = -120.0


def intensity(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """The level around every `STEP` samples.

    Args:
        sound: [samples], mono, 16 kHz, finite, -1..1.

    Returns:
        [1 + samples // STEP], dBFS, at least FLOOR_DB; value i is centred on sample i * STEP.
    """
    quiet = np.zeros(WINDOW // 2)
    power = np.concatenate([quiet, np.square(sound, dtype=np.float64), quiet])
    frames = np.lib.stride_tricks.sliding_window_view(power, WINDOW)[::STEP]
    mean: NDArray[np.float64] = frames @ _window()
    return 10.0 * np.log10(np.maximum(mean, 10 ** (FLOOR_DB / 10)))


def threshold(levels: NDArray[np.float64]) -> float:
    """The level that speech has at least, dBFS."""
    return float(np.percentile(levels, LOUDEST)) - RANGE_DB


def nuclei(levels: NDArray[np.float64], voiced: NDArray[np.bool_]) -> list[int]:
    """The places of syllable nuclei.

    Args:
        levels: [n], dB, see `intensity`.
        voiced: [n], whether there is a pitch.

    Returns:
        Indices of `levels`, rising.
    """
    least = threshold(levels)
    peaks: list[int] = []
    inner = np.arange(1, len(levels) - 1)
    rises = (levels[inner] > levels[inner - 1]) & (levels[inner] >= levels[inner + 1])
    for place in inner[rises & (levels[inner] > least)]:
        # A peak without a dip before it belongs to the syllable before: the louder one stands.
        while peaks and _dip(levels, peaks[-1], place) < DIP_DB:
            if levels[peaks[-1]] >= levels[place]:
                break
            peaks.pop()
        else:
            peaks.append(int(place))
    return [place for place in peaks if voiced[place]]


def _dip(levels: NDArray[np.float64], one: int, other: int) -> float:
    """How far the level falls between two peaks, below the softer one."""
    return float(min(levels[one], levels[other]) - levels[one:other].min())


@cache
def _window() -> NDArray[np.float64]:
    window: NDArray[np.float64] = np.hanning(WINDOW + 2)[1:-1]
    window /= window.sum()
    return window
