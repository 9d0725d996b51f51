"""Another speaker for the same words: a channel vocoder with a pitch and a throat of its own.

The envelope of each frame's spectrum (its low cepstrum, as in Oppenheim and Schafer, Discrete-Time
Signal Processing, 13) filters pulses of another pitch, or noise where the voice has no tone. A few
synthesisers so become many speakers: a head that was trained without it heard almost nothing of
voices that are made by a vocoder themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.samples.checks import RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

FRAME, HOP = 512, 128
_LIFTER = 36
"""Cepstral coefficients of the envelope: finer structure is the pitch's."""
_LAGS = (RATE_HZ // 400, RATE_HZ // 70)
"""Where a tone's period is looked for, in samples."""
PITCH_HZ = (75.0, 290.0)
THROAT = 0.09
"""Standard deviation of the logarithm of the throat's length."""


def revoiced(sound: Sound, noise: np.random.Generator) -> Sound:
    """The sound with another pitch and another throat: float32 of the same length.

    Args:
        sound: A voice alone, float32 [n].
        noise: Decides pitch, melody, throat and breath.
    """
    padded = np.pad(sound, (FRAME, FRAME + HOP))
    window = np.hanning(FRAME)
    spectra = np.fft.rfft(_frames(padded) * window)
    power = np.abs(spectra) ** 2
    floor = 1e-7 * float(power.max(initial=1e-9))
    cepstrum = np.fft.irfft(0.5 * np.log(power + floor))
    cepstrum[:, _LIFTER : FRAME - _LIFTER + 1] = 0.0
    envelope = np.exp(np.fft.rfft(cepstrum).real)
    bins = np.arange(envelope.shape[1])
    throat = float(np.clip(np.exp(noise.normal(0, THROAT)), 0.8, 1.25))
    places = np.minimum(bins * throat, bins[-1])
    low = places.astype(int)
    high = np.minimum(low + 1, bins[-1])
    share = places - low
    envelope = envelope[:, low] * (1 - share) + envelope[:, high] * share
    tone = _tone(power) * noise.uniform(0.7, 1.0)
    pulses = np.fft.rfft(_frames(_pulses(len(padded), noise)) * window)
    breath = np.fft.rfft(_frames(noise.normal(size=len(padded))) * window)
    driven = tone[:, None] * pulses + np.sqrt(1 - tone[:, None] ** 2) * breath
    level = np.sqrt(np.sum(window**2))
    made = np.fft.irfft(driven * envelope / level) * window
    whole, weight = np.zeros(len(padded)), np.full(len(padded), 1e-3)
    for place in range(len(made)):
        whole[place * HOP : place * HOP + FRAME] += made[place]
        weight[place * HOP : place * HOP + FRAME] += window**2
    result: Sound = (whole / weight)[FRAME : FRAME + len(sound)].astype(np.float32)
    return result


def _frames(sound: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]


def _tone(power: NDArray[np.floating]) -> NDArray[np.floating]:
    """How much of each frame is a tone, 0 to 1: from its autocorrelation."""
    related = np.fft.irfft(power)
    peak = related[:, _LAGS[0] : _LAGS[1]].max(1) / np.maximum(related[:, 0], 1e-12)
    share: NDArray[np.floating] = np.clip((peak - 0.25) / 0.3, 0.0, 1.0)
    return share


def _pulses(samples: int, noise: np.random.Generator) -> NDArray[np.float64]:
    """Pulses of a melody that falls and wavers; their power is 1."""
    time = np.arange(samples) / RATE_HZ
    pitch = np.exp(noise.uniform(*np.log(PITCH_HZ))) * (1 - noise.uniform(0, 0.15) * time)
    for _ in range(3):
        pitch *= 1 + noise.uniform(0, 0.1) * np.sin(
            2 * np.pi * noise.uniform(0.3, 5) * time + noise.uniform(0, 6.3)
        )
    pitch = np.maximum(pitch, 50.0)
    turns = np.floor(np.cumsum(pitch / RATE_HZ))
    places = np.flatnonzero(np.diff(turns, prepend=0.0))
    made = np.zeros(samples)
    made[places] = np.sqrt(RATE_HZ / pitch[places])
    return made
