"""One text, said by one voice in one way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.samples import synthesisers
from sensorium_tools.train import kokoro, piper

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium_tools.train.voices import Voice

SPEEDS = (115, 215)
"""Slowest and fastest, words a minute."""
PITCHES = (15, 85)
"""Lowest and highest, of 0 to 99."""
_QUIET = 0.02
"""Of the peak: quieter sound at both ends is cut off."""


@dataclass(frozen=True)
class Utterance:
    """What is said, by whom and how."""

    voice: Voice
    speed: int
    pitch: int
    text: str

    def sound(self) -> NDArray[np.float32]:
        """Its sound without the silence around it: float32 [n], peak 1.

        Raises:
            EngineError: When the synthesiser fails.
        """
        if self.voice.synthesiser == "piper":
            sound = piper.speak(self.speed, self.pitch, self.text)
        elif self.voice.synthesiser == "kokoro":
            sound = kokoro.speak(self.voice.name, self.speed, self.text)
        else:
            sound = synthesisers.speak(
                self.voice.synthesiser, self.voice.name, self.speed, self.pitch, self.text
            )
        return trimmed(sound)


def trimmed(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """A sound from its first to its last loud sample, with a peak of 1; may be empty."""
    loud = np.abs(sound)
    peak = float(loud.max(initial=0.0))
    if not peak:
        return np.zeros(0, np.float32)
    places = np.flatnonzero(loud > _QUIET * peak)
    return sound[places[0] : places[-1] + 1] / np.float32(peak)


def several(
    voices: tuple[Voice, ...], texts: list[str], count: int, noise: np.random.Generator
) -> list[Utterance]:
    """Draws utterances: every voice in turn, texts in turn, in changing ways."""
    return [
        Utterance(
            voices[number % len(voices)],
            int(noise.integers(SPEEDS[0], SPEEDS[1] + 1)),
            int(noise.integers(PITCHES[0], PITCHES[1] + 1)),
            texts[(number // len(voices) + number) % len(texts)],
        )
        for number in range(count)
    ]
