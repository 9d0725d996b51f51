"""Cuts a whole sound into the pieces in which somebody speaks, by voice activity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.hysteresis import Change, SpeechGate
from sensorium.perception.silero import Silero
from sensorium.perception.utterances import Ending, Event, Utterances
from sensorium.perception.voice_activity import RATE_HZ, loudness_dbfs
from sensorium.perception.voice_options import VoiceOptions
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.utterances import Step

SILENCE_S = 0.6
"""Longer than on the microphone, where somebody waits: so each text has more context."""
LONGEST_S = 20.0
"""With the sound around a cut it stays under the 30 s that a recogniser takes at once."""


@dataclass(frozen=True)
class Segment:
    """Speech between two silences, or cuts; sample indices at 16 kHz.

    Attributes:
        first: Of the first sample that belongs to it.
        last: Behind the last one.
        onset: Where speech begins.
        continues: Whether it begins where a long speech was cut.
        cut: Whether it ends there.
        peak: Largest probability of speech, 0..1.
    """

    first: int
    last: int
    onset: int
    continues: bool
    cut: bool
    peak: float


class Segmentation:
    """The state of one sound, which comes in any pieces."""

    def __init__(self) -> None:
        options = VoiceOptions(utterance_silence_ms=round(SILENCE_S * 1000))
        self._onset = options.onset
        self._gate = SpeechGate(
            options.onset, options.offset, options.min_speech_ms * RATE_HZ // 1000,
            options.min_silence_ms * RATE_HZ // 1000,
        )
        self._utterances = Utterances(
            options.onset, options.offset, round(SILENCE_S * RATE_HZ), round(LONGEST_S * RATE_HZ)
        )
        self._silero = Silero()
        self._rest = np.zeros(0, np.float32)
        self._at = 0

    @property
    def going_on(self) -> bool:
        """Whether somebody speaks, as far as the sound was taken."""
        return self._utterances.going_on

    def take(self, engine: Engine, sound: NDArray[np.float32]) -> list[Segment]:
        """Takes the next sound and gives the segments that have ended.

        Args:
            engine: Silero's.
            sound: [n], mono, 16 kHz, finite, -1..1.

        Raises:
            EngineError: When the engine fails.
        """
        sound = np.concatenate((self._rest, sound)) if len(self._rest) else sound
        ended: list[Segment] = []
        whole = len(sound) // AUDIO_BLOCK * AUDIO_BLOCK
        for start in range(0, whole, AUDIO_BLOCK):
            ended += self._block(engine, sound[start : start + AUDIO_BLOCK])
        self._rest = sound[whole:].copy()
        return ended

    def finish(self, engine: Engine) -> list[Segment]:
        """The sound has ended: its last segments, none of which reaches beyond it."""
        end = self._at + len(self._rest)
        ended = []
        if len(self._rest):
            ended = self.take(engine, np.zeros(AUDIO_BLOCK - len(self._rest), np.float32))
        ended += [_segment(step) for step in self._utterances.lost() if step.event is Event.END]
        return [
            replace(segment, last=min(segment.last, end))
            for segment in ended if segment.first < end
        ]

    def _block(self, engine: Engine, block: NDArray[np.float32]) -> list[Segment]:
        probability = self._silero(engine, block)
        first, self._at = self._at, self._at + len(block)
        change = self._gate.update(probability, first, len(block))
        onset = self._gate.onset_sample if change == Change.BEGIN else None
        if self._gate.speaking and not self._utterances.going_on and probability >= self._onset:
            onset = onset or first
        steps = self._utterances.block(
            probability, loudness_dbfs(block), first, len(block), onset
        )
        return [_segment(step) for step in steps if step.event is Event.END]


def _segment(step: Step) -> Segment:
    return Segment(
        step.first, step.last, step.onset, step.continues, step.ending is Ending.LENGTH, step.peak
    )
