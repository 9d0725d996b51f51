"""Whether an utterance is the wearer's: its voice against the one that was enrolled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium import records
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import ended, enrolment
from sensorium.perception.sound import RATE_HZ
from sensorium.perception.voiceprint import ENGINE, voiceprint
from sensorium.perception.wearer import Wearer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from sensorium.inference.engine import Engine
    from sensorium.perception.ended import Spoken
    from sensorium.perception.sense import Publish, Rings, Sample

NO, YES, UNKNOWN = 0, 1, 2
"""The record's field `wearer`."""
HEARD_S = 8.0
"""Of an utterance, at most: more changes no answer, and other senses wait meanwhile."""

_NAN = float("nan")


@dataclass(frozen=True)
class SpeakerOptions:
    """When it answers."""

    min_seconds: float = field(
        default=0.8,
        metadata={
            "doc": "Shorter speech is of an unknown speaker; errors rise quickly below 2 s.",
            "min": 0.3,
            "max": 8.0,
        },
    )
    strictness: float = field(
        default=0.0,
        metadata={
            "doc": "Added to the threshold: above 0 fewer others pass and the wearer is missed "
            "more often.",
            "min": -0.3,
            "max": 0.3,
        },
    )


class Speaker:
    """The sense; see `perception.sense.Sense`."""

    Options = SpeakerOptions
    ENGINES = (ENGINE,)
    READS = ("utterance", "audio", "speaker")
    WRITES = ("speaker",)
    TEMPO = Tempo(Slowing.DEFERRED, 30, 8000)

    def __init__(
        self, options: SpeakerOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._engine = engines[ENGINE]
        self._rings = rings
        self._wearer = Wearer(enrolment.place())

    @property
    def note(self) -> str:
        """Why every speaker is unknown, and what to do about it; empty where one is enrolled."""
        self._wearer.look()
        return self._wearer.problem

    def streams(self) -> tuple[SpeakerStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        return (SpeakerStream(self._options, self._engine, self._rings, self._wearer),)


class SpeakerStream:
    """Answers once for each utterance that has ended."""

    trigger = "utterance"
    outputs = Speaker.WRITES

    def __init__(
        self, options: SpeakerOptions, engine: Engine, rings: Rings, wearer: Wearer
    ) -> None:
        self._options = options
        self._engine = engine
        self._rings = rings
        self._wearer = wearer
        self._record = records.SPEAKER.zeros()

    def resume(self, rings: Rings) -> int | None:
        """See `Stream`: behind the utterance that was answered last."""
        return ended.resume(rings, "speaker")

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one record of the channel `utterance`: see `Stream.process`."""
        spoken = ended.spoken(sample, self._rings)
        if spoken is None:
            return
        record = self._record[0]
        for name in ("utterance", "start_ns", "end_ns"):
            record[name] = spoken.record[name]
        record["wearer"], record["sentences"] = UNKNOWN, 0
        record["score"] = record["threshold"] = _NAN
        record["seconds"] = 0.0
        self._judge(record, spoken)
        publish("speaker", self._record, sample.capture_ns, engine=self._engine)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: nothing spans two utterances."""

    def _judge(self, record: np.void, spoken: Spoken) -> None:
        self._wearer.look()
        known = self._wearer.enrolment
        if known is None or spoken.sound is None:
            return
        record["sentences"] = known.sentences
        last = min(spoken.last, spoken.first + int(HEARD_S * RATE_HZ))
        seconds = (last - spoken.first) / RATE_HZ
        heard = spoken.sound[spoken.first : last]
        if seconds < self._options.min_seconds or not heard.any():
            return
        likeness = known.score(voiceprint(heard, self._engine))
        threshold = known.threshold(seconds) + self._options.strictness
        record["score"], record["threshold"], record["seconds"] = likeness, threshold, seconds
        record["wearer"] = YES if likeness >= threshold else NO
