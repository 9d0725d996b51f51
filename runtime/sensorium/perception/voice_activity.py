"""Whether somebody speaks: Silero's probability of each block, with hysteresis, and loudness."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.perception.hysteresis import Change, SpeechGate
from sensorium.perception.sense import input_reason
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Sample

RATE_HZ = 16_000
CONTEXT = 64
"""Samples of the block before that the model wants to see again."""
SILENCE_DBFS = -120.0
"""The least loudness that is told: digital silence has none."""

ENGINE = "silero-vad"


@dataclass(frozen=True)
class VoiceOptions:
    """Thresholds and times. The defaults are those of Silero's VADIterator."""

    onset: float = field(
        default=0.5,
        metadata={"doc": "Speech begins at this probability.", "min": 0.01, "max": 1.0},
    )
    offset: float = field(
        default=0.35,
        metadata={
            "doc": "Silence begins under this probability; not above onset.",
            "min": 0.0,
            "max": 1.0,
        },
    )
    min_speech_ms: int = field(
        default=32,
        metadata={
            "doc": "Speech this long is needed for an onset; 32 is one block.",
            "min": 0,
            "max": 5000,
        },
    )
    min_silence_ms: int = field(
        default=100,
        metadata={"doc": "Silence this long ends speech.", "min": 0, "max": 10_000},
    )

    def __post_init__(self) -> None:
        if self.offset > self.onset:
            raise ValueError("offset is above onset")


class VoiceActivity:
    """The sense; see `perception.sense.Sense`."""

    Options = VoiceOptions
    ENGINES = (ENGINE,)
    READS = ("audio",)
    WRITES = ("voice_activity", "voice_event")

    def __init__(self, options: VoiceOptions, engines: Mapping[str, Engine]) -> None:
        self._options = options
        self._engine = engines[ENGINE]

    def streams(self) -> tuple[VoiceStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        return (VoiceStream(self._options, self._engine),)


class VoiceStream:
    """The microphone's stream: the model's state, its context, the hysteresis."""

    trigger = "audio"
    outputs = VoiceActivity.WRITES

    def __init__(self, options: VoiceOptions, engine: Engine) -> None:
        self._engine = engine
        self._gate = SpeechGate(
            options.onset,
            options.offset,
            options.min_speech_ms * RATE_HZ // 1000,
            options.min_silence_ms * RATE_HZ // 1000,
        )
        self._record = records.VOICE_ACTIVITY.zeros()
        self._first, self._speaking, self._chance, self._loudness = (
            self._record[name] for name in ("first_sample", "speaking", "probability", "loudness")
        )
        self._feeds = {
            "input": np.zeros((1, CONTEXT + AUDIO_BLOCK), np.float32),
            "state": np.zeros((2, 1, 128), np.float32),
        }
        self._session = -1
        self._end_sample = 0
        self._end_ns = 0
        self._broken = False

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
        session, gap = int(audio["session"][0]), int(audio["gap"][0])
        if gap or session != self._session or self._broken:
            self._restart(publish)
            self._session, self._broken = session, False
        first = int(audio["first_sample"][0])
        block = audio["samples"][0]
        probability = self._probability(block)
        self._end_sample, self._end_ns = first + len(block), sample.capture_ns
        change = self._gate.update(probability, first, len(block))
        self._first[0] = first
        self._fill(probability, loudness_dbfs(block))
        self._tell(change, publish)
        publish(
            "voice_activity", self._record, sample.capture_ns,
            confidence=probability, engine=self._engine,
        )

    def lost(self, records: int) -> None:
        """See `Stream.lost`: what comes next does not follow what came before."""
        self._broken = records > 0 or self._broken

    def _probability(self, block: NDArray[np.float32]) -> float:
        sound, state = self._feeds["input"], self._feeds["state"]
        sound[0, :CONTEXT] = sound[0, -CONTEXT:]
        sound[0, CONTEXT:] = block
        results = self._engine.run(self._feeds)
        np.copyto(state, results["stateN"])
        return float(results["output"][0, 0])

    def _restart(self, publish: Publish) -> None:
        """Forgets the sound so far; speech that lasted to its end ends there."""
        change = self._gate.stop(self._end_sample)
        for array in self._feeds.values():
            array.fill(0.0)
        self._tell(change, publish)

    def _tell(self, change: Change, publish: Publish) -> None:
        """Counts an onset or offset, and publishes it as an event."""
        record = self._record
        self._speaking[0] = self._gate.speaking
        if change == Change.NONE:
            return
        if change == Change.BEGIN:
            record["onsets"] += 1
            record["onset_ns"] = self._time_ns(self._gate.onset_sample)
        else:
            record["offsets"] += 1
            record["offset_ns"] = self._time_ns(self._gate.offset_sample)
        record["event"] = change
        publish(
            "voice_event", record, self._end_ns,
            confidence=float(record["probability"][0]), engine=self._engine,
        )
        record["event"] = Change.NONE

    def _time_ns(self, sample: int) -> int:
        """Capture time of a sample, from that of the end of the newest block."""
        return self._end_ns - (self._end_sample - sample) * 1_000_000_000 // RATE_HZ

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
