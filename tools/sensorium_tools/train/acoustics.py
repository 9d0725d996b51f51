"""What lies between a mouth and a microphone's samples: throat, room, microphone, noise, level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.samples.checks import RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

MOST_STRETCH = 0.14
"""Of a voice that is played slower or faster: its pitch, throat and speed at once."""
_BANDS = 7
"""Points of a microphone's frequency response."""


def stretched(sound: Sound, noise: np.random.Generator) -> Sound:
    """The voice of a larger or smaller speaker: played up to 14 % slower or faster."""
    factor = float(np.clip(np.exp(noise.normal(0, 0.07)), 1 - MOST_STRETCH, 1 + MOST_STRETCH))
    places = np.arange(int(len(sound) / factor)) * factor
    made: Sound = np.interp(places, np.arange(len(sound)), sound).astype(np.float32)
    return made


def room(noise: np.random.Generator) -> NDArray[np.float64]:
    """An impulse response: the direct sound, a few walls, and noise that dies away.

    Returns:
        float64 [n]; the first sample is the direct sound, 1.
    """
    decay_s, share = float(noise.uniform(0.1, 0.8)), float(np.exp(noise.uniform(-4, 0.7)))
    length = round(decay_s * RATE_HZ)
    tail = noise.normal(size=length) * np.exp(-6.9 * np.arange(length) / length)
    tail[: int(noise.integers(16, 200))] = 0.0
    tail *= np.sqrt(share / max(float(np.sum(tail**2)), 1e-9))
    for _ in range(int(noise.integers(1, 6))):
        tail[min(int(noise.integers(20, 480)), length - 1)] += noise.uniform(-0.5, 0.5)
    tail[0] = 1.0
    return tail


def microphone(samples: int, noise: np.random.Generator) -> NDArray[np.float64]:
    """A frequency response for a real Fourier transform of `samples`: float64 [samples // 2 + 1].

    A smooth curve of some decibels; one in four is a telephone's or a cheap headset's band.
    """
    hertz = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    points = np.geomspace(60, 8000, _BANDS)
    curve = noise.normal(0, 4.0, _BANDS) + noise.normal(0, 3.0) * np.linspace(-1, 1, _BANDS)
    decibels = np.interp(np.log(np.maximum(hertz, 20.0)), np.log(points), curve)
    if noise.random() < 0.25:
        low, high = noise.uniform(80, 350), noise.uniform(3200, 6500)
        decibels -= 24 * np.maximum(0, np.log2(low / np.maximum(hertz, 1.0)))
        decibels -= 48 * np.maximum(0, np.log2(np.maximum(hertz, 1.0) / high))
    response: NDArray[np.float64] = 10 ** (np.clip(decibels, -60, 20) / 20)
    return response


def through(sound: Sound, noise: np.random.Generator) -> Sound:
    """A sound through a microphone and, two times out of three, a room."""
    response = room(noise) if noise.random() < 0.67 else np.ones(1)
    size = 1 << (len(sound) + len(response)).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(response, size) * microphone(size, noise)
    return np.fft.irfft(spectrum, size)[: len(sound)].astype(np.float32)


def mixed(sound: Sound, voice: slice, other: Sound, noise: np.random.Generator) -> Sound:
    """A voice over a background, at a random ratio and level.

    Args:
        sound: With the voice in it.
        voice: Where the voice is.
        other: The background, as long, of a mean power of 1.
        noise: Ratio of 3 to 40 dB, mostly good ones; peak of 0.01 to 1; one in 20 clips.
    """
    power = float(np.sqrt(np.mean(np.square(sound[voice], dtype=np.float64)))) or 1e-3
    ratio_db = 3 + 37 * float(noise.beta(1.6, 1.4))
    made = sound + other * np.float32(power * 10 ** (-ratio_db / 20))
    peak = float(np.exp(noise.uniform(np.log(0.01), np.log(1.0))))
    if noise.random() < 0.05:
        peak = float(noise.uniform(1, 3))
    made *= np.float32(peak / max(float(np.abs(made).max(initial=0.0)), 1e-6))
    return np.clip(made, -1.0, 1.0).astype(np.float32)
