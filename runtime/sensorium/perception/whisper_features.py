"""Whisper's input: the log-mel spectrogram of 16 kHz sound, as OpenAI's `whisper/audio.py` has it.

Windows of 25 ms every 10 ms, 80 mel bands of Slaney's Auditory Toolbox (1998) with equal area,
logarithm, the eight decades under the loudest kept, scaled to about -1..1.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 16_000
HOP = 160
"""Samples from frame to frame: 10 ms."""
MIN_FRAMES = 1500
"""Shorter sound is filled with silence to 15 s. With less the model says things twice: on 2,562
recorded words the error rate was .082 with 8 s, .068 with 10 s, .059 with 15 s."""
MAX_FRAMES = 3000
"""30 s: the longest sound that the model was trained on."""
MELS = 80

_WINDOW = 400
_FLOOR = 1e-10
_DECADES = 8.0
_LINEAR_HZ = 200.0 / 3.0
"""Of a mel below 1 kHz."""
_BREAK_HZ = 1000.0
_STEP = np.log(6.4) / 27.0
"""Above 1 kHz a mel is this much of the logarithm of the frequency."""


def log_mel(sound: NDArray[np.float32], min_frames: int = MIN_FRAMES) -> NDArray[np.float32]:
    """The spectrogram of a piece of sound.

    Args:
        sound: [n], mono, 16 kHz, -1..1, at most 30 s.
        min_frames: Silence follows the sound up to this many frames, and to an even number.

    Returns:
        [1, 80, frames]; a frame is 10 ms.

    Raises:
        ValueError: When the sound is empty, longer than 30 s, or not one row of finite numbers.
    """
    if sound.ndim != 1 or not 0 < len(sound) <= MAX_FRAMES * HOP:
        raise ValueError(f"sound of the shape {sound.shape}: must be one row of at most 30 s")
    frames = max(-(-len(sound) // (2 * HOP)) * 2, min_frames)
    half = _WINDOW // 2
    padded = np.zeros(frames * HOP, np.float32)
    padded[: len(sound)] = sound
    # The edge is mirrored, so that the first window is centred on the first sample.
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(padded, half, "reflect"), _WINDOW)
    spectra = np.fft.rfft(windows[: frames * HOP : HOP] * _hann(), axis=-1)
    power = (spectra.real**2 + spectra.imag**2).astype(np.float32)
    mel = np.log10(np.maximum(filterbank() @ power.T, np.float32(_FLOOR)))
    loudest = mel.max()
    if not np.isfinite(loudest):
        raise ValueError("the sound has values that are not finite numbers")
    np.maximum(mel, loudest - np.float32(_DECADES), out=mel)
    scaled: NDArray[np.float32] = (mel + np.float32(4.0)) / np.float32(4.0)
    return scaled[None]


@functools.cache
def filterbank() -> NDArray[np.float32]:
    """The triangles: [80, 201], from bins of the spectrum to mel bands of equal area."""
    bins = np.fft.rfftfreq(_WINDOW, 1.0 / RATE_HZ)
    edges = _hertz(np.linspace(0.0, _mel(RATE_HZ / 2.0), MELS + 2))
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (high - low)).astype(np.float32)


@functools.cache
def _hann() -> NDArray[np.float32]:
    """The periodic Hann window."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)


def _mel(hertz: float) -> float:
    """Slaney's scale, above its break."""
    return float(_BREAK_HZ / _LINEAR_HZ + np.log(hertz / _BREAK_HZ) / _STEP)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's scale, backwards: linear to 1 kHz, logarithmic above."""
    break_mel = _BREAK_HZ / _LINEAR_HZ
    above = _BREAK_HZ * np.exp(_STEP * (mels - break_mel))
    return np.where(mels < break_mel, _LINEAR_HZ * mels, above)
