"""Sounds as the head's windows see them: a phrase in a scene, or a long stretch without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.speech_embedding import STEP, WARM_STEPS
from sensorium.perception.wake_trigger import WINDOW
from sensorium_tools.samples.checks import RATE_HZ
from sensorium_tools.train import acoustics, vocoder
from sensorium_tools.train.backgrounds import NOISES, background

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

SCORES = 8
"""Windows of a clip."""
STEPS = WARM_STEPS + WINDOW + SCORES - 2
"""Steps of a clip: 80 ms each."""
_END_STEP = STEPS - 5
"""The phrase ends about here, so that four or five windows see all of it."""
LATE_S = 0.30
"""A window is one of the phrase when it ends up to so long after it."""
_CROWDED = 0.4
"""Share of the clips in which somebody speaks before or after."""


@dataclass(frozen=True)
class Clip:
    """A phrase in a scene.

    Attributes:
        sound: float32 [STEPS * 1280].
        end: Sample at which the phrase ends.
    """

    sound: Sound
    end: int

    def heard(self) -> NDArray[np.bool_]:
        """Which of its windows have seen the phrase to its end, and not long ago: [SCORES]."""
        first = STEPS - SCORES + 1
        ends = np.arange(first, STEPS + 1) * STEP
        return (ends >= self.end - 160) & (ends <= self.end + LATE_S * RATE_HZ)


def clip(
    said: Sound, others: Sequence[Sound], noise: np.random.Generator, revoiced: float = 0.0
) -> Clip:
    """Puts a phrase into a scene.

    Args:
        said: The phrase, without silence around it.
        others: What else is said: before it and after it, sometimes.
        noise: Decides all.
        revoiced: Share of the phrases that get another speaker; see `vocoder`.
    """
    voice = acoustics.stretched(said, noise)
    if noise.random() < revoiced:
        voice = vocoder.revoiced(voice, noise)
    end = _END_STEP * STEP - int(noise.integers(STEP))
    made = np.zeros(STEPS * STEP, np.float32)
    voice = voice[-end:]
    start = end - len(voice)
    made[start:end] = voice
    if others and noise.random() < _CROWDED:
        follows = others[int(noise.integers(len(others)))][: len(made) - end]
        gap = int(noise.uniform(0, 0.2) * RATE_HZ)
        room = len(made) - end - gap
        made[end + gap :] += follows[:room] if len(follows) >= room else np.pad(
            follows, (0, max(0, room - len(follows)))
        )[:room]
    if others and noise.random() < _CROWDED:
        precedes = others[int(noise.integers(len(others)))]
        until = max(0, start - int(noise.uniform(0.02, 0.5) * RATE_HZ))
        tail = precedes[-until:] if until else precedes[:0]
        made[until - len(tail) : until] += tail
    other = background(NOISES[int(noise.integers(len(NOISES)))], len(made), noise)
    made = acoustics.through(made, noise)
    return Clip(acoustics.mixed(made, slice(start, end), other, noise), end)


def stretch(
    sounds: Sequence[Sound], noise: np.random.Generator, revoiced: float = 0.0
) -> Sound:
    """Sounds one after the other, with short pauses, through one microphone, over one background.

    Args:
        sounds: float32 [n] each, of any level.
        noise: Decides all.
        revoiced: Share of the sounds that get another speaker; see `vocoder`.
    """
    parts: list[Sound] = []
    for sound in sounds:
        voice = acoustics.stretched(sound, noise)
        if noise.random() < revoiced:
            voice = vocoder.revoiced(voice, noise)
        peak = max(float(np.abs(voice).max(initial=0.0)), 1e-6)
        pause = np.zeros(int(noise.uniform(0.05, 0.7) * RATE_HZ), np.float32)
        parts += [voice / np.float32(peak), pause]
    made = acoustics.through(np.concatenate(parts), noise)
    other = background(NOISES[int(noise.integers(len(NOISES)))], len(made), noise)
    return acoustics.mixed(made, slice(None), other, noise)


def nobody(kind: str, seconds: float, noise: np.random.Generator) -> Sound:
    """A stretch of one of `backgrounds.NOISES`, at any level, through a microphone."""
    made = acoustics.through(background(kind, round(seconds * RATE_HZ), noise), noise)
    peak = float(np.exp(noise.uniform(np.log(0.003), np.log(0.9))))
    return made * np.float32(peak / max(float(np.abs(made).max()), 1e-6))
