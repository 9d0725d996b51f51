"""Speech to text: partial text while one speaks, the final one at the end, nothing lost or twice.

It sleeps on the utterances that voice activity finds, and takes their sound from the ring. So a
process that was killed, or fell behind, finds all that it missed: every utterance whose sound is
still in the ring gets exactly one final transcript, in their order, and one whose sound is not gets
a final that says so.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium import records
from sensorium.channels.catalogue import EVENT_SLOTS
from sensorium.perception import transcripts
from sensorium.perception.sound import Sound, generation_of
from sensorium.perception.utterances import Event
from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_text import Vocabulary
from sensorium.records import encode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample
    from sensorium.perception.whisper_decoding import Heard

SAID, NOTHING, LOST = 1, 2, 3
"""The record's field `outcome`."""
_SILENCE, _DOUBT = 0.6, -1.0
"""Nothing was said where both hold: `no_speech_threshold` and `logprob_threshold` of OpenAI's
`whisper/transcribe.py`."""


@dataclass(frozen=True)
class SpeechOptions:
    """Speech to text."""

    encoder: str = field(
        default="whisper-tiny-en-encoder",
        metadata={"doc": "The engine of the model's first half."},
    )
    decoder: str = field(
        default="whisper-tiny-en-decoder",
        metadata={"doc": "The engine of its second half."},
    )
    partials: bool = field(
        default=True, metadata={"doc": "Whether text is told while one speaks, too."}
    )


class Speech:
    """The sense; see `perception.sense.Sense`."""

    Options = SpeechOptions
    ENGINES = (SpeechOptions.encoder, SpeechOptions.decoder)
    READS = ("utterance", "audio")
    WRITES = ("transcript",)

    def __init__(
        self, options: SpeechOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._encoder, self._decoder = engines[options.encoder], engines[options.decoder]
        self._rings = rings
        vocabulary = Vocabulary.parse(self._decoder.metadata, options.decoder)
        self._whisper = Whisper(self._encoder.run, Decoder(self._decoder.run, vocabulary))

    @staticmethod
    def engines(options: SpeechOptions) -> tuple[str, ...]:
        """The engines that the options name."""
        return (options.encoder, options.decoder)

    def streams(self) -> tuple[SpeechStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        return (SpeechStream(self._options, self._whisper, self._decoder, self._rings),)


class SpeechStream:
    """What was told of the utterance that goes on, and what was made of its sound so far."""

    trigger = "utterance"
    outputs = Speech.WRITES

    def __init__(
        self, options: SpeechOptions, whisper: Whisper, engine: Engine, rings: Rings
    ) -> None:
        self._whisper = whisper
        self._engine = engine
        self._rings = rings
        self._partials = options.partials
        self._record = records.TRANSCRIPT.zeros()
        self._before = transcripts.Delivered()
        self._kept: tuple[tuple[int, int, int], Heard] | None = None
        self._told = ""
        self._busy_until = 0.0

    def resume(self, rings: Rings) -> int | None:
        """Begins with the first utterance that has no final yet; see `Stream`."""
        self._before = transcripts.delivered(rings)
        latest = rings.latest("utterance")
        for n in range(max(1, latest - EVENT_SLOTS + 2), latest + 1):
            sample = rings.at("utterance", n)
            if sample is None or not sample.valid:
                continue
            told = sample.record[0]
            # Before the first final, what was said while nobody listened is not missed.
            if int(told["utterance"]) > self._before.newest and (
                self._before.newest or self._sound(told) is not None
            ):
                return n
        return latest + 1

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes what was told of an utterance; see `Stream.process`."""
        if not sample.valid:
            return
        told = sample.record[0]
        if int(told["utterance"]) <= self._before.newest:
            return
        if told["event"] == Event.END:
            self._finish(told, sample, publish)
        elif told["event"] == Event.BEGIN:
            self._told = ""
        elif self._partials and self._is_newest(sample) and time.monotonic() >= self._busy_until:
            self._guess(told, sample, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: their sound is long overwritten, and nobody knows their ids."""
        self._before.lost += 1

    def _is_newest(self, sample: Sample) -> bool:
        """Whether nothing was told since; what comes next says more."""
        return self._rings.latest("utterance") == sample.n

    def _guess(self, told: np.void, sample: Sample, publish: Publish) -> None:
        """Recognises what has been said so far; at a pause it may be all."""
        begun = time.monotonic()
        heard = self._hear(told)
        # At most half of a core is spent on what is not final.
        self._busy_until = 2 * time.monotonic() - begun
        if heard is None or not heard.text or heard.text == self._told:
            return
        self._told = heard.text
        utterance = int(told["utterance"])
        revision = self._before.revisions[utterance] = (
            self._before.revisions.get(utterance, 0) + 1
        )
        self._fill(told, heard, SAID)
        self._record["is_final"], self._record["revision"] = 0, revision
        self._publish(transcripts.split(heard.text), 0, heard, sample, publish)

    def _finish(self, told: np.void, sample: Sample, publish: Publish) -> None:
        utterance = int(told["utterance"])
        heard = self._hear(told)
        if heard is None:
            self._before.lost += 1
            outcome = LOST
        elif (heard.silence > _SILENCE and heard.mean_log_probability < _DOUBT) or not heard.text:
            outcome = NOTHING
        else:
            outcome = SAID
        parts = transcripts.split(heard.text) if heard is not None and outcome == SAID else [""]
        self._fill(told, heard, outcome)
        self._record["is_final"] = 1
        self._record["revision"] = self._before.revisions.pop(utterance, 0)
        self._publish(parts, self._before.begun.pop(utterance, 0), heard, sample, publish)
        self._before.newest = utterance
        self._kept = None

    def _sound(self, told: np.void) -> np.ndarray[tuple[int], np.dtype[np.float32]] | None:
        sound = Sound(self._rings, generation_of(int(told["utterance"])))
        return sound.take(int(told["first"]), int(told["last"]))

    def _hear(self, told: np.void) -> Heard | None:
        """What is said in the piece that was told of; None when its sound is overwritten."""
        piece = (int(told["utterance"]), int(told["first"]), int(told["last"]))
        if self._kept is not None and self._kept[0] == piece:
            return self._kept[1]
        sound = self._sound(told)
        if sound is None:
            return None
        heard = self._whisper.hear(sound)
        self._kept = (piece, heard)
        return heard

    def _fill(self, told: np.void, heard: Heard | None, outcome: int) -> None:
        record = self._record
        for name in ("utterance", "start_ns", "end_ns", "ending", "continues"):
            record[name] = told[name]
        record["outcome"] = outcome
        record["no_speech"] = heard.silence if heard is not None else math.nan
        record["language"] = b"en"
        record["lost"] = self._before.lost

    def _publish(
        self, parts: list[str], after: int, heard: Heard | None, sample: Sample, publish: Publish
    ) -> None:
        """Publishes the parts behind number `after`, which stand in the ring already."""
        self._record["parts"] = len(parts)
        self._record["backlog"] = self._waiting(sample.n)
        confidence = math.exp(heard.mean_log_probability) if heard is not None else math.nan
        for number, part in enumerate(parts, 1):
            if number > after:
                self._record["part"] = number
                self._record["text"] = encode_text(part, records.voice.TEXT_BYTES)[0]
                publish(
                    "transcript", self._record, sample.capture_ns,
                    confidence=confidence, engine=self._engine,
                )

    def _waiting(self, n: int) -> int:
        """Utterances that have ended after record `n`."""
        latest = self._rings.latest("utterance")
        samples = (self._rings.at("utterance", later) for later in range(n + 1, latest + 1))
        return sum(
            sample is not None and int(sample.record["event"][0]) == Event.END for sample in samples
        )
