"""Whether somebody speaks: Silero's probability of each block, with hysteresis, and loudness.

It also finds utterances. After a restart it goes on where it was: no sound in the ring is left out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.channels.catalogue import AUDIO_SLOTS
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import voice_resume
from sensorium.perception.hysteresis import Change, SpeechGate
from sensorium.perception.sense import input_reason
from sensorium.perception.silero import ENGINE, Silero
from sensorium.perception.sound import bounded, first_index, utterance_id
from sensorium.perception.utterances import Step, Utterances
from sensorium.perception.voice_options import VoiceOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample

RATE_HZ = 16_000
SILENCE_DBFS = -120.0
"""The least loudness that is told: digital silence has none."""

WARM_UP = 31
"""Blocks before the next that are heard again after a restart, so that the model's state is its
own again: a second."""

_FRESH = 8
"""Blocks behind the newest from which on the state now is not told; what happened is."""


class VoiceActivity:
    """The sense; see `perception.sense.Sense`."""

    Options = VoiceOptions
    ENGINES = (ENGINE,)
    READS = ("audio",)
    WRITES = ("voice_activity", "voice_event", "utterance")
    TEMPO = Tempo(Slowing.NEVER, 100, 0)
    """It finds the utterances; sound that it has not heard is not looked at later."""

    def __init__(
        self, options: VoiceOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._engine = engines[ENGINE]
        self._rings = rings

    def streams(self) -> tuple[VoiceStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        return (VoiceStream(self._options, self._engine, self._rings),)


class VoiceStream:
    """The microphone's stream: the model's state, its context, the hysteresis."""

    trigger = "audio"
    outputs = VoiceActivity.WRITES

    def __init__(self, options: VoiceOptions, engine: Engine, rings: Rings) -> None:
        self._engine = engine
        self._rings = rings
        self._onset, self._offset = options.onset, options.offset
        self._gate = SpeechGate(
            options.onset,
            options.offset,
            options.min_speech_ms * RATE_HZ // 1000,
            options.min_silence_ms * RATE_HZ // 1000,
        )
        self._utterances = Utterances(
            options.onset,
            options.offset,
            options.utterance_silence_ms * RATE_HZ // 1000,
            int(options.utterance_max_s * RATE_HZ),
        )
        self._record = records.VOICE_ACTIVITY.zeros()
        self._first, self._index, self._speaking, self._chance, self._loudness = (
            self._record[name]
            for name in ("first_sample", "sample", "speaking", "probability", "loudness")
        )
        self._told = records.UTTERANCE.zeros()
        self._silero = Silero()
        self._session = 0
        self._generation = 0
        self._end_sample = self._end_first = 0
        self._end_ns = 0
        self._next = self._next_first = 0
        self._quiet_until = 0
        self._broken = False

    def resume(self, rings: Rings) -> int | None:
        """Goes on behind what was told last; see `Stream`."""
        point = voice_resume.find(rings)
        self._generation = rings.generation("audio")
        if point.event is not None:
            for name in ("onsets", "offsets", "onset_ns", "offset_ns"):
                self._record[name] = point.event[name]
        oldest = max(1, rings.latest("audio") - AUDIO_SLOTS + 2)
        if point.n == 1:
            return oldest
        self._end_sample, self._end_ns = point.known
        self._session = point.session
        self._utterances.free_from(point.free)
        self._gate.speaking = point.speaking
        if point.going_on is not None:
            self._utterances.resume(point.going_on)
        if point.n <= oldest:
            # What went on lies outside the ring: the first block will be seen to not follow it.
            return oldest
        self._quiet_until = point.n - 1
        self._next = max(oldest, point.n - WARM_UP)
        again = rings.at("audio", self._next)
        self._next_first = int(again.record["first_sample"][0]) if again is not None else 0
        return self._next

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one block: see `Stream.process`."""
        if not sample.valid:
            self._restart(publish)
            self._fill(0.0, SILENCE_DBFS)
            publish(
                "voice_activity", self._record, sample.capture_ns,
                valid=False, reason=input_reason(sample.reason),
            )
            return
        audio = sample.record
        session, first = int(audio["session"][0]), int(audio["first_sample"][0])
        place = (session, first)
        if self._broken or audio["gap"][0] or place != (self._session, self._next_first):
            self._restart(publish)
            self._session, self._broken = session, False
            self._begin(sample.n)
        elif sample.n != self._next:
            # The same sound in a new region: speech goes on, but an utterance has one region.
            self._end_utterance(publish)
            self._begin(sample.n)
        block = bounded(audio["samples"][0])
        probability = self._silero(self._engine, block)
        self._next, self._next_first = sample.n + 1, first + len(block)
        if sample.n <= self._quiet_until:
            return
        self._end_sample, self._end_ns = first_index(self._next), sample.capture_ns
        self._end_first = self._next_first
        self._first[0] = first
        self._index[0] = index = first_index(sample.n)
        change = self._gate.update(probability, first, len(block))
        loudness = loudness_dbfs(block)
        self._fill(probability, loudness)
        onset = index - first + self._gate.onset_sample if change == Change.BEGIN else None
        if self._gate.speaking and not self._utterances.going_on and probability >= self._onset:
            onset = onset or index
        for step in self._utterances.block(probability, loudness, index, len(block), onset):
            self._tell_utterance(step, publish)
        self._tell(change, publish)
        if self._is_news(sample.n, probability):
            publish(
                "voice_activity", self._record, sample.capture_ns,
                confidence=probability, engine=self._engine,
            )

    def _is_news(self, n: int, probability: float) -> bool:
        """Whether the state at block `n` is told: of silence only the newest, each wakes others."""
        behind = self._rings.latest("audio") - n
        hushed = not self._gate.speaking and probability < self._offset
        return behind < (1 if hushed and not self._utterances.going_on else _FRESH)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: what comes next does not follow what came before."""
        self._broken = records > 0 or self._broken

    def _restart(self, publish: Publish) -> None:
        """Forgets the sound so far; speech that lasted to its end ends there."""
        change = self._gate.stop(self._end_first)
        self._silero.forget()
        self._end_utterance(publish)
        self._tell(change, publish)

    def _begin(self, n: int) -> None:
        """Record `n` is the first of a region, or of sound that follows nothing."""
        self._generation = self._rings.generation("audio")
        self._utterances.free_from(first_index(n))

    def _end_utterance(self, publish: Publish) -> None:
        for step in self._utterances.lost():
            self._tell_utterance(step, publish)

    def _tell(self, change: Change, publish: Publish) -> None:
        """Counts an onset or offset, and publishes it as an event."""
        record = self._record
        self._speaking[0] = self._gate.speaking
        if change == Change.NONE:
            return
        if change == Change.BEGIN:
            record["onsets"] += 1
            record["onset_ns"] = self._time_ns(self._end_first - self._gate.onset_sample)
        else:
            record["offsets"] += 1
            record["offset_ns"] = self._time_ns(self._end_first - self._gate.offset_sample)
        record["event"] = change
        publish(
            "voice_event", record, self._end_ns,
            confidence=float(record["probability"][0]), engine=self._engine,
        )
        record["event"] = Change.NONE

    def _tell_utterance(self, step: Step, publish: Publish) -> None:
        told = self._told[0]
        told["utterance"] = utterance_id(self._generation, step.onset)
        for name in ("event", "ending", "first", "last", "onset", "offset", "continues", "speech",
                     "peak"):
            told[name] = getattr(step, name)
        told["start_ns"] = self._time_ns(self._end_sample - step.onset)
        told["end_ns"] = self._time_ns(self._end_sample - step.offset)
        told["session"] = self._session
        publish(
            "utterance", self._told, self._end_ns, confidence=step.peak, engine=self._engine
        )

    def _time_ns(self, behind: int) -> int:
        """Capture time of so many samples before the end of the newest block."""
        return self._end_ns - behind * 1_000_000_000 // RATE_HZ

    def _fill(self, probability: float, loudness: float) -> None:
        self._chance[0] = probability
        self._loudness[0] = loudness


def loudness_dbfs(block: NDArray[np.float32]) -> float:
    """The level of a block: 20 log10 of its root mean square.

    A full-scale square wave is 0 dBFS, a full-scale sine -3.01. At least `SILENCE_DBFS`.

    Args:
        block: Samples, -1..1.
    """
    power = float(np.dot(block, block)) / len(block)
    return max(10.0 * math.log10(power), SILENCE_DBFS) if power > 0.0 else SILENCE_DBFS
