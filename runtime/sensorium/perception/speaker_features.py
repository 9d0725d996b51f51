"""What the speaker model hears: mel spectra of 1.6 s, as Resemblyzer computes them.

The figures are those of resemblyzer/hparams.py; the spectra those of librosa's `melspectrogram`
with its defaults (Slaney's mel scale and areas, a Hann window, power, silence around the sound).
What is left out is Resemblyzer's cutting of silences: speech is cut out before.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RATE_HZ = 16_000
WINDOW = 400
"""Samples of a spectrum: 25 ms."""
HOP = 160
"""Samples from one spectrum to the next: 10 ms."""
MELS = 40
FRAMES = 160
"""Spectra that the model takes at once: 1.6 s."""
LOUDNESS_DBFS = -30.0
"""Softer sound is made this loud; louder stays."""
RATE = 1.3
"""Parts in a second of sound (`rate` of `embed_utterance` in resemblyzer/voice_encoder.py)."""
MIN_COVERAGE = 0.75
"""Share of the last part that must be sound (`min_coverage` there)."""

_HZ_PER_MEL = 200 / 3
_BREAK_HZ, _BREAK_MEL = 1000.0, 15.0
_LOG_STEP = math.log(6.4) / 27
"""Slaney's mel scale: linear to 1 kHz, then 27 steps for each factor of 6.4 (Auditory Toolbox,
Interval technical report 1998-010)."""


def mel_spectra(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power in mel bands.

    Args:
        sound: [samples], mono, 16 kHz, -1..1.

    Returns:
        [1 + samples // HOP, MELS]; the first is centred on the first sample.
    """
    quiet = np.zeros(WINDOW // 2, np.float32)
    whole = np.concatenate([quiet, np.asarray(sound, np.float32), quiet])
    frames = np.lib.stride_tricks.sliding_window_view(whole, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * _window(), axis=1)) ** 2
    return (power @ _bands().T).astype(np.float32)


def parts(samples: int) -> list[int]:
    """The first spectrum of each part of `FRAMES` that a sound is cut into; at least one."""
    frames = -(-(samples + 1) // HOP)
    step = round(RATE_HZ / RATE / HOP)
    starts = list(range(0, max(1, frames - FRAMES + step + 1), step))
    coverage = (samples - starts[-1] * HOP) / (FRAMES * HOP)
    if coverage < MIN_COVERAGE and len(starts) > 1:
        starts.pop()
    return starts


def model_inputs(sound: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """What the model takes for a sound, silence after its end: each [1, FRAMES, MELS]."""
    starts = parts(len(sound))
    missing = (starts[-1] + FRAMES) * HOP - len(sound)
    spectra = mel_spectra(np.pad(louder(sound), (0, max(0, missing))))
    return [spectra[None, start : start + FRAMES] for start in starts]


def louder(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound at `LOUDNESS_DBFS` where it is softer; silence stays silence."""
    root = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if len(sound) else 0.0
    if root == 0.0:
        return sound
    gain = max(1.0, 10 ** (LOUDNESS_DBFS / 20) / root)
    made: NDArray[np.float32] = (sound * gain).astype(np.float32)
    return made


def voice(embeddings: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """One unit vector for the parts' embeddings: their mean's direction."""
    mean = np.mean(embeddings, axis=0)
    unit: NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return unit


@cache
def _window() -> NDArray[np.float32]:
    """Hann's window, periodic."""
    turns = np.arange(WINDOW) * (2 * np.pi / WINDOW)
    window: NDArray[np.float32] = (0.5 - 0.5 * np.cos(turns)).astype(np.float32)
    return window


@cache
def _bands() -> NDArray[np.float32]:
    """Triangles between neighbouring mels, each of area 1 over Hz: [MELS, WINDOW // 2 + 1]."""
    edges = _hz(np.linspace(0.0, _mel(RATE_HZ / 2), MELS + 2))
    bins = np.linspace(0.0, RATE_HZ / 2, WINDOW // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def _mel(hz: float) -> float:
    """Of a frequency above the break."""
    return _BREAK_MEL + math.log(hz / _BREAK_HZ) / _LOG_STEP


def _hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mels - _BREAK_MEL))
    hz: NDArray[np.float64] = np.where(mels < _BREAK_MEL, mels * _HZ_PER_MEL, above)
    return hz
