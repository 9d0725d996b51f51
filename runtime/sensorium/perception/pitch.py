"""The pitch of a voice, frame by frame, by autocorrelation.

Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise
ratio of a sampled sound", Proceedings of the Institute of Phonetic Sciences 17 (1993), 97-110:
each frame's autocorrelation is divided by that of its window, its maxima are candidates, and the
cheapest path through the candidates of all frames is the pitch. The costs are those of the
paper and of Praat's `To Pitch (ac)`; a parabola takes the place of its sine interpolation.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 16_000
STEP = 160
"""Samples from frame to frame: 10 ms, for which the costs of a change are stated."""
FLOOR_HZ, CEILING_HZ = 75.0, 600.0
"""Praat's own; a low man's voice and a child's lie between them."""
WINDOW = 640
"""Samples of a frame: three periods of the lowest pitch."""
CANDIDATES = 14
"""Voiced candidates of a frame, at most."""
VOICING = 0.45
"""Strength of the candidate "no pitch"; correlation above it is a voice's."""
SILENCE = 0.03
"""A frame whose peak is below this share of the largest is silent."""
OCTAVE_COST = 0.01
"""By which a pitch is preferred to the one an octave below it."""
JUMP_COST, VOICING_COST = 0.35, 0.14
"""Of an octave between two frames, and of a begin or end of voice."""

_FFT = 1024
_SHORTEST, _LONGEST = int(RATE_HZ / CEILING_HZ), int(RATE_HZ / FLOOR_HZ) + 1
_QUIET = 1e-6


def pitch(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """The pitch of each frame.

    Args:
        sound: [samples], mono, 16 kHz, finite, -1..1.

    Returns:
        [frames], Hz, NaN where there is none; frame i is centred on sample i * STEP + WINDOW / 2.
        No frames for a sound that is shorter than one.
    """
    if len(sound) < WINDOW:
        return np.empty(0)
    centred = np.asarray(sound, np.float64) - np.mean(sound, dtype=np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(centred, WINDOW)[::STEP]
    largest = float(np.abs(centred).max())
    if largest < _QUIET:
        return np.full(len(frames), np.nan)
    frames = frames - frames.mean(axis=1, keepdims=True)
    hz, strength = _candidates(_correlation(frames))
    level = np.abs(frames).max(axis=1) / largest
    strength[:, 0] = VOICING + np.maximum(0.0, 2.0 - level / (SILENCE / (1.0 + VOICING)))
    return _path(hz, strength)


def _correlation(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each frame with itself, of the periodic part alone: [frames, _LONGEST + 2], 1 at 0."""
    window, own = _window()
    raw = _autocorrelation(frames * window)
    energy = raw[:, :1]
    # A frame of zeros correlates with nothing.
    ratio = np.divide(raw, energy, out=np.zeros_like(raw), where=energy > _QUIET**2)
    return ratio / own


def _candidates(r: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The strongest maxima of each frame: Hz and strength, [frames, 1 + CANDIDATES].

    Column 0 is "no pitch"; where there is no further candidate the strength is -infinity.
    """
    left, middle, right = (r[:, _SHORTEST + at : _LONGEST + at] for at in (-1, 0, 1))
    found = (middle > left) & (middle >= right) & (middle > VOICING / 2)
    bend = np.where(found, left - 2 * middle + right, -1.0)
    shift = np.where(found, 0.5 * (left - right) / bend, 0.0)
    peak = middle - 0.25 * (left - right) * shift
    # More than 1 is an error of a short window (Praat folds it back likewise).
    peak = np.where(peak > 1.0, 1.0 / np.maximum(peak, 1.0), peak)
    hz = RATE_HZ / (np.arange(_SHORTEST, _LONGEST) + shift)
    found &= (hz >= FLOOR_HZ) & (hz <= CEILING_HZ)
    strength = np.where(found, peak + OCTAVE_COST * np.log2(hz / FLOOR_HZ), -np.inf)
    best = np.argsort(-strength, axis=1, kind="stable")[:, :CANDIDATES]
    rows = np.arange(len(r))[:, None]
    none = np.zeros((len(r), 1))
    return np.hstack([none, hz[rows, best]]), np.hstack([none, strength[rows, best]])


def _path(hz: NDArray[np.float64], strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """The path of the largest strength less its changes, by dynamic programming."""
    octaves = np.log2(np.where(hz > 0.0, hz, 1.0))
    voiced = hz > 0.0
    back = np.zeros(hz.shape, np.intp)
    total = strength[0]
    for frame in range(1, len(hz)):
        jump = JUMP_COST * np.abs(octaves[frame][:, None] - octaves[frame - 1])
        both = voiced[frame][:, None] & voiced[frame - 1]
        one = voiced[frame][:, None] ^ voiced[frame - 1]
        gain = total - np.where(both, jump, VOICING_COST * one)
        back[frame] = np.argmax(gain, axis=1)
        total = gain[np.arange(len(gain)), back[frame]] + strength[frame]
    chosen = np.zeros(len(hz), np.intp)
    chosen[-1] = np.argmax(total)
    for frame in range(len(hz) - 1, 0, -1):
        chosen[frame - 1] = back[frame, chosen[frame]]
    found = hz[np.arange(len(hz)), chosen]
    return np.where(found > 0.0, found, np.nan)


@cache
def _window() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hann's window, and its autocorrelation, 1 at 0."""
    window = np.hanning(WINDOW + 2)[1:-1]
    own = _autocorrelation(window[None])[0]
    return window, own / own[0]


def _autocorrelation(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    spectra = np.abs(np.fft.rfft(frames, _FFT, axis=1)) ** 2
    found: NDArray[np.float64] = np.fft.irfft(spectra, _FFT, axis=1)[:, : _LONGEST + 2]
    return found
