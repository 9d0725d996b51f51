"""What is heard where nobody says the phrase: noises and music-like sound, made from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.samples.checks import RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

NOISES = ("white", "room", "hum", "fan", "clicks", "music")
_FLAT_HZ = 60.0
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 6, 7, 10))
"""Major, minor and blues, in semitones."""


def background(kind: str, samples: int, noise: np.random.Generator) -> Sound:
    """A sound of one of `NOISES`, of a mean power of 1.

    Args:
        kind: Which.
        samples: How long, at 16 kHz.
        noise: Decides it.
    """
    if kind == "music":
        made = music(samples, noise)
    elif kind == "clicks":
        made = noise.normal(size=samples) * 0.02
        for _ in range(max(1, round(samples / RATE_HZ * noise.uniform(1, 8)))):
            place, length = int(noise.integers(samples)), int(noise.integers(8, 400))
            tail = noise.normal(size=length) * np.exp(-5.0 * np.arange(length) / length)
            made[place : place + length] += tail[: samples - place]
    elif kind == "hum":
        time = np.arange(samples) / RATE_HZ
        base = noise.uniform(45, 65) if noise.random() < 0.5 else noise.uniform(80, 400)
        made = noise.normal(size=samples) * 0.1
        for overtone in range(1, int(noise.integers(3, 12))):
            made += np.sin(
                2 * np.pi * base * overtone * time + noise.uniform(0, 6.3)
            ) * noise.random() / overtone
    else:
        falls = {"white": 0.0, "room": 1.0, "fan": float(noise.uniform(0.4, 1.6))}[kind]
        made = _coloured(samples, falls, noise)
        if kind == "fan":
            time = np.arange(samples) / RATE_HZ
            made *= 1 + noise.uniform(0, 0.9) * np.sin(2 * np.pi * noise.uniform(0.3, 12) * time)
    power = float(np.sqrt(np.mean(np.square(made)))) or 1.0
    return (made / power).astype(np.float32)


def music(samples: int, noise: np.random.Generator) -> NDArray[np.float64]:
    """Notes of a scale over a beat: tones with overtones, plucked, bowed or sung, and a drum."""
    made = np.zeros(samples)
    beat = int(RATE_HZ * noise.uniform(0.18, 0.5))
    scale = _SCALES[int(noise.integers(len(_SCALES)))]
    base = 55.0 * 2 ** noise.uniform(0, 1.5)
    overtones = noise.random(int(noise.integers(2, 10))) ** 2
    for start in range(0, samples, beat):
        if noise.random() < 0.3:
            length = min(int(noise.integers(400, 2500)), samples - start)
            drum = noise.normal(size=length) * np.exp(-6.0 * np.arange(length) / length)
            made[start : start + length] += noise.uniform(0.1, 0.8) * drum
        for _ in range(int(noise.integers(0, 4))):
            octave, step = int(noise.integers(1, 4)), scale[int(noise.integers(len(scale)))]
            length = min(int(beat * noise.uniform(0.5, 4)), samples - start)
            time = np.arange(length) / RATE_HZ
            bend = noise.uniform(0, 0.01) * np.sin(2 * np.pi * noise.uniform(4, 7) * time)
            turn = 2 * np.pi * base * 2 ** (octave + step / 12) * (time + bend / 6)
            tone = sum(
                share * np.sin(turn * place) for place, share in enumerate(overtones, 1)
            )
            shape = np.exp(-noise.uniform(0.5, 5) * time) * np.minimum(1, time * 60)
            made[start : start + length] += noise.uniform(0.2, 1) * shape * tone
    return made


def _coloured(samples: int, falls: float, noise: np.random.Generator) -> NDArray[np.float64]:
    """Noise whose power falls with the frequency to the power of `falls`."""
    size = 1 << (samples - 1).bit_length()
    waves = size // 2 + 1
    spectrum = noise.normal(size=waves) + 1j * noise.normal(size=waves)
    hertz = np.maximum(np.arange(waves) * RATE_HZ / size, _FLAT_HZ)
    return np.fft.irfft(spectrum / hertz ** (falls / 2), size)[:samples]
