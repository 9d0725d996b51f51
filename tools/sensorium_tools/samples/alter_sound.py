"""What a room and a microphone do to a voice: loudness, echo, noise; and where somebody speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.samples.checks import RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

FRAME = RATE_HZ // 100
QUIET_DB = -38.0
"""A frame of 10 ms this far under the loudest is not speech."""
PAUSE_S = 0.25
"""A shorter pause within speech belongs to it."""
BLIP_S = 0.03
"""Shorter speech is a click."""

_FLAT_HZ = 100.0
"""A room's noise falls from here on."""


def intervals(sound: Sound) -> NDArray[np.float64]:
    """Where somebody speaks in a clean recording, by its energy.

    Args:
        sound: A voice without noise.

    Returns:
        float64 [n, 2]: first and last second of each stretch.
    """
    frames = len(sound) // FRAME
    if not frames:
        return np.zeros((0, 2))
    power = (sound[: frames * FRAME].astype(np.float64).reshape(frames, FRAME) ** 2).mean(1)
    loud = power > power.max() * 10 ** (QUIET_DB / 10)
    if not power.max():
        return np.zeros((0, 2))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(np.int8)))
    spans = edges.reshape(-1, 2) * (FRAME / RATE_HZ)
    joined: list[list[float]] = []
    for first, last in spans.tolist():
        if joined and first - joined[-1][1] < PAUSE_S:
            joined[-1][1] = last
        else:
            joined.append([first, last])
    kept = [span for span in joined if span[1] - span[0] >= BLIP_S]
    return np.array(kept, np.float64).reshape(-1, 2)


def pad(sound: Sound, before_s: float, after_s: float) -> Sound:
    """The sound with silence before and after it."""
    return np.pad(sound, (round(before_s * RATE_HZ), round(after_s * RATE_HZ)))


def louder(sound: Sound, peak: float) -> Sound:
    """The sound with another peak, 0 to 1; silence stays silence."""
    found = float(np.abs(sound).max(initial=0.0))
    return sound * np.float32(peak / found) if found else sound


def echo(sound: Sound, decay_s: float, share: float, noise: np.random.Generator) -> Sound:
    """The sound in a room: noise that dies away, folded with it.

    Args:
        sound: The voice.
        decay_s: Time in which the echo falls by 60 dB.
        share: Energy of the echo over that of the voice.
        noise: Of the room's walls.
    """
    length = round(decay_s * RATE_HZ)
    tail = noise.normal(size=length) * np.exp(-6.9 * np.arange(length) / length)
    tail *= np.sqrt(share / np.sum(tail**2))
    tail[0] = 1.0
    size = 1 << (len(sound) + length).bit_length()
    folded = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)
    return folded[: len(sound)].astype(np.float32)


def uneven(sound: Sound, tilt_db: float, noise: np.random.Generator) -> Sound:
    """The sound through a microphone that hears some octaves better than others.

    Args:
        sound: The voice.
        tilt_db: Standard deviation of the gain at 125, 250 ... 8000 Hz; between them it is smooth.
        noise: Of the microphone.
    """
    octaves = np.arange(7)
    gains = noise.normal(scale=tilt_db, size=len(octaves))
    size = 1 << len(sound).bit_length()
    hz = np.maximum(np.arange(size // 2 + 1) * (RATE_HZ / size), 1.0)
    curve = 10.0 ** (np.interp(np.log2(hz / 125.0), octaves, gains) / 20.0)
    return np.fft.irfft(np.fft.rfft(sound, size) * curve, size)[: len(sound)].astype(np.float32)


def noisy(sound: Sound, ratio_db: float, noise: np.random.Generator) -> Sound:
    """The sound with a room's noise, whose power falls with the frequency.

    Args:
        sound: The voice.
        ratio_db: Power of the voice's louder half over that of the noise.
        noise: The noise's.
    """
    size = 1 << (len(sound) - 1).bit_length()
    waves = size // 2 + 1
    spectrum = noise.normal(size=waves) + 1j * noise.normal(size=waves)
    spectrum /= np.sqrt(np.maximum(np.arange(waves), size * _FLAT_HZ / RATE_HZ))
    made = np.fft.irfft(spectrum, size)[: len(sound)]
    power = sound.astype(np.float64) ** 2
    voice = power[power >= power.mean()].mean()
    made *= np.sqrt(voice * 10 ** (-ratio_db / 10) / np.mean(made**2))
    return np.clip(sound + made, -1.0, 1.0).astype(np.float32)
