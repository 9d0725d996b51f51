"""Speech to text: partial text while one speaks, the final one at the end, nothing lost or twice.

It sleeps on the utterances that voice activity finds, and takes their sound from the ring. So a
process that was killed, or fell behind, finds all that it missed: every utterance whose sound is
still in the ring gets exactly one final transcript, in their order, and one whose sound is not gets
a final that says so.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from sensorium import records
from sensorium.channels.catalogue import EVENT_SLOTS
from sensorium.errors import EngineError
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import transcripts
from sensorium.perception.expected_phrases import ExpectedPhrases
from sensorium.perception.pieces import Piece, piece, sound_of, time_ns
from sensorium.perception.recogniser import Recogniser
from sensorium.perception.speech_options import SpeechOptions
from sensorium.perception.utterances import Event
from sensorium.records import encode_text
from sensorium.records.voice import TEXT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from sensorium.inference.engine import Engine
    from sensorium.perception.recogniser import Recognised
    from sensorium.perception.sense import Publish, Rings, Sample

SAID, NOTHING, LOST = 1, 2, 3
"""The record's field `outcome`."""
APART_S = 0.3
"""Between the beginnings of two guesses, at least."""


class Speech:
    """The sense; see `perception.sense.Sense`."""

    Options = SpeechOptions
    ENGINES = (SpeechOptions.encoder, SpeechOptions.decoder)
    ENGINE_KEYS = ("encoder", "decoder")
    READS = ("utterance", "audio")
    WRITES = ("transcript",)
    TEMPO = Tempo(Slowing.DEFERRED, 70, 4000)
    """The sound of the longest utterance before is in the ring for 8 s more."""

    def __init__(
        self, options: SpeechOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._engine = engines[options.decoder]
        self._rings = rings
        try:
            self._recogniser = Recogniser(
                engines[options.encoder], self._engine, options.language, options.width
            )
        except ValueError as error:
            raise EngineError(
                f"{options.decoder}: {error}",
                "write one of these into [senses.speech], or name a multilingual model's engines "
                "there: whisper-base-encoder and whisper-base-decoder, which `sensorium-engines "
                "build` makes when they are named",
            ) from error

    @staticmethod
    def engines(options: SpeechOptions) -> tuple[str, ...]:
        """The engines that the options name."""
        return (options.encoder, options.decoder)

    def streams(self) -> tuple[SpeechStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        return (SpeechStream(self._options, self._recogniser, self._engine, self._rings),)


class SpeechStream:
    """What was told of the utterance that goes on, and what was made of its sound so far."""

    trigger = "utterance"
    outputs = Speech.WRITES

    def __init__(
        self, options: SpeechOptions, recogniser: Recogniser, engine: Engine, rings: Rings
    ) -> None:
        self._recogniser = recogniser
        self._engine = engine
        self._rings = rings
        self._partials = options.partials
        self._phrases = ExpectedPhrases(rings.expected, recogniser.vocabulary, options.bias)
        self._record = records.TRANSCRIPT.zeros()
        self._before = transcripts.Delivered()
        self._kept: tuple[Piece, Recognised] | None = None
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
                self._before.newest or sound_of(rings, self._piece(told), told) is not None
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
        elif self._rings.latest("utterance") == sample.n:
            # Where more was told since, that says more.
            self._guess(told, sample, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: their sound is long overwritten, and nobody knows their ids."""
        self._before.lost += 1

    def idle(self, publish: Publish) -> None:
        """See `Stream`: takes up vocabularies that have changed."""
        self._phrases.turn()

    def _guess(self, told: np.void, sample: Sample, publish: Publish) -> None:
        """Recognises what has been said so far; at a pause it may be all."""
        pause = told["event"] == Event.PAUSE
        begun = time.monotonic()
        if not pause and (not self._partials or begun < self._busy_until):
            return
        heard = self._hear(told, quick=not pause)
        # At most half of a core is spent on what is not final.
        now = time.monotonic()
        self._busy_until = max(begun + APART_S, 2 * now - begun)
        if not self._partials or heard is None or heard.text in ("", self._told):
            return
        self._told = heard.text
        utterance = int(told["utterance"])
        revision = self._before.revisions.get(utterance, 0) + 1
        self._fill(told, heard, SAID)
        self._record["is_final"], self._record["revision"] = 0, revision
        self._publish(told, 0, heard, sample, publish)

    def _finish(self, told: np.void, sample: Sample, publish: Publish) -> None:
        utterance = int(told["utterance"])
        heard = self._hear(told)
        if heard is None:
            self._before.lost += 1
        outcome = LOST if heard is None else SAID if heard.text else NOTHING
        self._fill(told, heard, outcome)
        self._record["is_final"] = 1
        self._record["revision"] = self._before.revisions.get(utterance, 0)
        self._publish(told, self._before.begun.get(utterance, 0), heard, sample, publish)
        self._kept = None

    def _piece(self, told: np.void) -> Piece:
        return piece(told, self._before.reached_ns, self._rings.latest("audio"))

    def _hear(self, told: np.void, *, quick: bool = False) -> Recognised | None:
        """What is said in the piece that was told of; None when its sound is overwritten."""
        wanted = self._piece(told)
        if self._kept is not None and self._kept[0] == wanted:
            return self._kept[1]
        taken = sound_of(self._rings, wanted, told)
        if taken is None:
            return None
        sound, origin = taken
        # What is not yet said to its end is no whole phrase.
        bias = None if quick else self._phrases.bias(int(told["start_ns"]), int(told["end_ns"]))
        heard = self._recogniser.hear(sound, float(told["peak"]), quick=quick, bias=bias)
        heard = heard.at(origin).within(wanted.keep_first, wanted.keep_last)
        if not quick:
            self._kept = (wanted, heard)
        return heard

    def _fill(self, told: np.void, heard: Recognised | None, outcome: int) -> None:
        record = self._record
        for name in ("utterance", "start_ns", "end_ns", "ending", "continues"):
            record[name] = told[name]
        record["outcome"] = outcome
        record["no_speech"] = heard.no_speech if heard is not None else math.nan
        record["language"] = heard.language.encode() if heard is not None else b""
        record["lost"] = self._before.lost

    def _publish(
        self, told: np.void, after: int, heard: Recognised | None, sample: Sample,
        publish: Publish,
    ) -> None:
        """Publishes the parts behind number `after`, which stand in the ring already."""
        record = self._record
        made = transcripts.parts(heard.words if heard is not None else ())
        record["parts"], record["backlog"] = len(made), self._waiting(sample.n)
        confidence = heard.confidence if heard is not None and heard.text else math.nan
        for number, part in enumerate(made, 1):
            record["part"] = number
            record["text"] = encode_text(part.text, TEXT_BYTES)[0]
            record["word_count"] = len(part.words)
            record["words"] = 0
            for entry, (word, at, count) in zip(record["words"][0], part.words, strict=False):
                entry["start_ns"], entry["end_ns"] = (
                    time_ns(told, index) for index in (word.first, word.last)
                )
                entry["confidence"], entry["offset"], entry["length"] = word.confidence, at, count
            if number > after:
                publish(
                    "transcript", record, sample.capture_ns,
                    confidence=confidence, engine=self._engine,
                )
            self._before.take(record[0])

    def _waiting(self, n: int) -> int:
        """Utterances that have ended after record `n`."""
        latest = self._rings.latest("utterance")
        samples = (self._rings.at("utterance", later) for later in range(n + 1, latest + 1))
        return sum(
            sample is not None and int(sample.record["event"][0]) == Event.END for sample in samples
        )
