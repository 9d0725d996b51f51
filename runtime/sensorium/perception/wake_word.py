"""Wake words: small heads on speech embeddings, listening only while somebody speaks.

While voice activity hears nobody, nothing is computed. When it hears somebody, the front end begins
2.2 s before that, from the ring: so far back reaches what a head sees, and from there on its scores
are the same as if it had listened all the time. What a head is in doubt of is checked: Whisper says
how likely the phrase's text is in the sound around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium import records
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.phrase_check import DECODER, ENCODER, PhraseCheck
from sensorium.perception.sound import Sound
from sensorium.perception.sound_steps import SoundSteps
from sensorium.perception.speech_embedding import (
    EMBEDDING_ENGINE,
    MEL_ENGINE,
    STEP,
    WARM_STEPS,
    SpeechEmbedding,
)
from sensorium.perception.wake_head import LIMIT, RATE_HZ, Head
from sensorium.perception.wake_options import WakeWordOptions
from sensorium.perception.wake_trigger import PAUSE_STEPS, SMOOTH, WINDOW
from sensorium.perception.wake_window import WakeWindow
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample
    from sensorium.perception.sound_steps import SoundStep
    from sensorium.perception.wake_trigger import Heard

LEAD = (WARM_STEPS + WINDOW - 1 + SMOOTH - 1 + 1) * STEP
"""Samples before the onset that are heard, too: all that a first score depends on; 2.16 s."""
MOST_STEPS = 25
"""Of 80 ms at a time, some 40 ms of work, beside those since it looked last: what was said while
speech was recognised, at once, for commands wait for the wake word before them."""
CATCH_UP = 8 * RATE_HZ
"""Samples before the newest that are heard after a start: it may be a restart."""
_SAME = PAUSE_STEPS * STEP
"""A detection so near to one that was published is the same one."""


class WakeWord:
    """The sense; see `perception.sense.Sense`."""

    Options = WakeWordOptions
    ENGINES = (MEL_ENGINE, EMBEDDING_ENGINE)
    READS = ("audio", "voice_activity")
    WRITES = ("wake_word",)
    TEMPO = Tempo(Slowing.DEFERRED, 75, 1500)
    """Somebody waits for it; as much as it takes up at once."""

    def __init__(
        self, options: WakeWordOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._rings = rings
        self._front_end = SpeechEmbedding(*(engines[name] for name in self.ENGINES))
        useful = self.may_use(options, engines)
        missing = [name for name in useful if name not in engines]
        check = (
            PhraseCheck(*(engines[name] for name in useful)) if useful and not missing else None
        )
        self._heads = [Head(engines[name], options.threshold, check) for name in options.engines]
        alone = [head.engine.name for head in self._heads if not head.checked]
        self.note = _note(bool(self.may_use(options)), missing, alone)

    @classmethod
    def engines(cls, options: WakeWordOptions) -> tuple[str, ...]:
        """The engines that it needs with these options: the front end's and each head."""
        return (*cls.ENGINES, *options.engines)

    @staticmethod
    def may_use(
        options: WakeWordOptions, loaded: Mapping[str, Engine] | None = None
    ) -> tuple[str, ...]:
        """The engines of the check: without them it hears, too; see `Sense`."""
        if not options.check or options.threshold:
            return ()
        if loaded is not None and all(
            LIMIT not in loaded[name].metadata for name in options.engines
        ):
            return ()
        return ENCODER, DECODER

    def streams(self) -> tuple[WakeWordStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        return (WakeWordStream(self._options, self._front_end, self._heads, self._rings),)


def _note(wanted: bool, missing: list[str], alone: list[str]) -> str:
    """Why heads decide alone, where that was not asked for."""
    if missing:
        return (
            f"doubts are not checked: {', '.join(missing)} cannot be used "
            "(sensorium-engines build); checked from the next start on"
        )
    if wanted and alone:
        return f"doubts of {', '.join(alone)} are not checked: its training chose no limit"
    return ""


class WakeWordStream:
    """The microphone's stream: where it listens, the last embeddings, each head's doubts."""

    trigger = "voice_activity"
    outputs = WakeWord.WRITES

    def __init__(
        self, options: WakeWordOptions, front_end: SpeechEmbedding, heads: list[Head],
        rings: Rings,
    ) -> None:
        self._gated = options.voice_gate
        self._hang_over = options.hang_over_ms * RATE_HZ // 1000
        self._heads = heads
        self._rings = rings
        self._sound = Sound(rings)
        self._steps = SoundSteps(rings)
        self._window = WakeWindow(front_end)
        self._until = 0
        self._heard_to = 0
        self._looked_to = 0
        self._onsets = 0
        self._spoke = False
        self._generation = 0
        self._record = records.WAKE_WORD.zeros()
        self._told: dict[str, int] = {}

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one state of voice activity: see `Stream.process`."""
        if not sample.valid:
            self._settle(publish)
            return
        end = int(sample.record["sample"][0]) + AUDIO_BLOCK
        if self._rings.generation("audio") != self._generation:
            self._start(sample, end, publish)
        passed = max(0, end - self._looked_to)
        self._gate(sample, end)
        for _ in range(MOST_STEPS + passed // STEP):
            waiting = any(head.stages.waiting for head in self._heads)
            if self._steps.at + STEP > (end if waiting else min(self._until, end)):
                return
            step = self._steps.next()
            if step is None:
                return
            self._hear(step, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: the sound is read from its own ring, where nothing was missed."""

    def _gate(self, sample: Sample, end: int) -> None:
        """Listens while somebody speaks; also to who did while this process was busy."""
        onsets, speaking = int(sample.record["onsets"][0]), bool(sample.record["speaking"][0])
        # Who spoke when it looked last may have gone on for long after.
        if speaking or self._spoke or onsets != self._onsets or not self._gated:
            begin = min(self._looked_to + AUDIO_BLOCK, end) - LEAD
            if self._until < self._steps.at + STEP and self._steps.at < begin:
                self._steps.begin(begin)
            self._until = end + self._hang_over
        self._onsets, self._looked_to, self._spoke = onsets, end, speaking

    def _start(self, sample: Sample, end: int, publish: Publish) -> None:
        """Begins a region's sound: with what was said while this process was not there."""
        self._settle(publish)
        self._generation = self._rings.generation("audio")
        self._sound = Sound(self._rings, self._generation)
        self._steps.begin(end - CATCH_UP)
        self._until = self._looked_to = end
        self._onsets = int(sample.record["onsets"][0])
        self._told = {}
        newest = self._rings.latest("wake_word")
        for n in range(newest, max(0, newest - 4 * len(self._heads)), -1):
            earlier = self._rings.at("wake_word", n)
            if earlier is not None and earlier.valid:
                record = earlier.record
                count = int(record["detections"][0])
                self._record["detections"] = max(count, int(self._record["detections"][0]))
                phrase = bytes(record["phrase"][0]).rstrip(b"\0").decode(errors="replace")
                self._told.setdefault(phrase, int(record["detected_ns"][0]))

    def _settle(self, publish: Publish) -> None:
        """Nothing follows what was heard so far: what is in doubt is decided without it."""
        for head in self._heads:
            heard = head.stages.close()
            if heard is not None:
                self._decide(head, heard, publish)
            head.stages.forget()

    def _hear(self, step: SoundStep, publish: Publish) -> None:
        if not step.follows:
            self._settle(publish)
            self._window.restart()
        self._heard_to = step.end
        window = self._window.step(step.sound)
        if window is None:
            return
        for head in self._heads:
            heard = head.hears(window, step.end)
            if heard is not None:
                self._decide(head, heard, publish)

    def _decide(self, head: Head, heard: Heard, publish: Publish) -> None:
        last = max(1, heard.end - head.late)
        detected_ns = self._sound.time_ns(last - 1)
        if detected_ns - self._told.get(head.phrase, 0) < _SAME * 1_000_000_000 // RATE_HZ:
            return
        confirmed, likelihood = head.confirms(heard, self._sound.take, self._heard_to)
        if not confirmed:
            return
        self._told[head.phrase] = detected_ns
        record = self._record
        record["detected_ns"] = detected_ns
        record["start_ns"] = detected_ns - head.length * 1_000_000_000 // RATE_HZ
        record["sample"] = last - 1
        record["detections"] += 1
        record["score"], record["threshold"] = heard.score, heard.threshold
        record["likelihood"] = likelihood
        record["phrase"] = records.encode_text(head.phrase, 64)[0]
        publish(
            "wake_word", record, self._sound.time_ns(heard.end - 1),
            confidence=heard.score, engine=head.engine,
        )
