"""Wake words: small heads on speech embeddings, listening only while somebody speaks.

While voice activity hears nobody, nothing is computed. When it hears somebody, the front end begins
2.2 s before that, from the ring: so far back reaches what a head sees, and from there on its scores
are the same as if it had listened all the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.errors import EngineError
from sensorium.perception.sound import Sound
from sensorium.perception.sound_steps import SoundSteps
from sensorium.perception.speech_embedding import (
    EMBEDDING_ENGINE,
    MEL_ENGINE,
    STEP,
    WARM_STEPS,
    WIDTH,
    SpeechEmbedding,
)
from sensorium.perception.wake_trigger import PAUSE_STEPS, SMOOTH, WINDOW, Trigger
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample
    from sensorium.perception.sound_steps import SoundStep

RATE_HZ = 16_000
INPUT, OUTPUT = "embeddings", "probability"
"""Ports of a head."""
PHRASE, THRESHOLD, LATE_MS, LENGTH_MS = "phrase", "threshold", "late_ms", "length_ms"
"""What a head carries in its metadata: the phrase, the threshold that was chosen for it, how long
after the phrase's end it is detected and how long the phrase is, both the median."""

LEAD = (WARM_STEPS + WINDOW - 1 + SMOOTH - 1 + 1) * STEP
"""Samples before the onset that are heard, too: all that a first score depends on; 2.16 s."""
MOST_STEPS = 2
"""Of 80 ms at a time, for other senses wait meanwhile; a block is 32 ms."""
CATCH_UP = 8 * RATE_HZ
"""Samples before the newest that are heard after a start: it may be a restart."""
_SAME = PAUSE_STEPS * STEP
"""A detection so near to one that was published is the same one."""


@dataclass(frozen=True)
class WakeWordOptions:
    """Which phrases, and how sure."""

    engines: tuple[str, ...] = field(
        default=("hey-sensorium",),
        metadata={
            "doc": "Heads, by name: the shipped hey-sensorium, or what `sensorium-engines train "
            "wake-word` made."
        },
    )
    threshold: float = field(
        default=0.0,
        metadata={
            "doc": "Detected from this score on; 0: what each head's training chose.",
            "min": 0.0, "max": 1.0,
        },
    )
    voice_gate: bool = field(
        default=True,
        metadata={"doc": "Listens only while voice activity hears somebody; false: always."},
    )
    hang_over_ms: int = field(
        default=1000,
        metadata={"doc": "Listens on after the voice has ended.", "min": 400, "max": 60_000},
    )

    def __post_init__(self) -> None:
        if not 0 < len(self.engines) <= 8 or len(set(self.engines)) < len(self.engines):
            raise ValueError("engines needs one to eight names, each once")


class WakeWord:
    """The sense; see `perception.sense.Sense`."""

    Options = WakeWordOptions
    ENGINES = (MEL_ENGINE, EMBEDDING_ENGINE)
    READS = ("audio", "voice_activity")
    WRITES = ("wake_word",)

    def __init__(
        self, options: WakeWordOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._engines = engines
        self._rings = rings

    @classmethod
    def engines(cls, options: WakeWordOptions) -> tuple[str, ...]:
        """The engines that it needs with these options: the front end's and each head."""
        return (*cls.ENGINES, *options.engines)

    def streams(self) -> tuple[WakeWordStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        front_end = SpeechEmbedding(*(self._engines[name] for name in self.ENGINES))
        heads = [Head(self._engines[name], self._options.threshold)
                 for name in self._options.engines]
        return (WakeWordStream(self._options, front_end, heads, self._rings),)


class Head:
    """One phrase.

    Args:
        engine: Its head.
        threshold: 0: the head's own.

    Raises:
        EngineError: When it is no head of a wake word.
    """

    def __init__(self, engine: Engine, threshold: float) -> None:
        self.engine = engine
        try:
            self.phrase = engine.metadata[PHRASE]
            own = float(engine.metadata[THRESHOLD])
            self.late = int(float(engine.metadata[LATE_MS]) * RATE_HZ / 1000)
            self.length = int(float(engine.metadata[LENGTH_MS]) * RATE_HZ / 1000)
        except (KeyError, ValueError) as error:
            raise EngineError(
                f"{engine.name}: is no head of a wake word: {error} is missing or wrong",
                f"sensorium-engines train wake-word PHRASE --name {engine.name}",
            ) from error
        if not 0.0 < own <= 1.0:
            raise EngineError(f"{engine.name}: its threshold is {own}, must lie in 0 to 1")
        self.trigger = Trigger(threshold or own)
        self._feeds = {INPUT: np.zeros((1, WINDOW, WIDTH), np.float32)}

    def hears(self, window: NDArray[np.float32]) -> bool:
        """Whether the phrase was said to its end just now; window: float32 [16, 96]."""
        self._feeds[INPUT][0] = window
        score = float(self.engine.run(self._feeds)[OUTPUT].reshape(-1)[0])
        return math.isfinite(score) and self.trigger.update(score)


class WakeWordStream:
    """The microphone's stream: where it listens, the last embeddings, each head's trigger."""

    trigger = "voice_activity"
    outputs = WakeWord.WRITES

    def __init__(
        self, options: WakeWordOptions, front_end: SpeechEmbedding, heads: list[Head],
        rings: Rings,
    ) -> None:
        self._gated = options.voice_gate
        self._hang_over = options.hang_over_ms * RATE_HZ // 1000
        self._front_end = front_end
        self._heads = heads
        self._rings = rings
        self._sound = Sound(rings)
        self._steps = SoundSteps(rings)
        self._window = np.zeros((WINDOW, WIDTH), np.float32)
        self._filled = 0
        self._until = 0
        self._generation = 0
        self._record = records.WAKE_WORD.zeros()
        self._told: dict[str, int] = {}

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one state of voice activity: see `Stream.process`."""
        if not sample.valid:
            return
        end = int(sample.record["sample"][0]) + AUDIO_BLOCK
        if self._rings.generation("audio") != self._generation:
            self._start(end)
        if sample.record["speaking"][0] or not self._gated:
            if self._until < self._steps.at + STEP and self._steps.at < end - LEAD:
                self._steps.begin(end - LEAD)
            self._until = end + self._hang_over
        for _ in range(MOST_STEPS):
            if self._steps.at + STEP > min(self._until, end):
                return
            step = self._steps.next()
            if step is None:
                return
            self._hear(step, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: the sound is read from its own ring, where nothing was missed."""

    def _start(self, end: int) -> None:
        """Begins a region's sound: with what was said while this process was not there."""
        self._generation = self._rings.generation("audio")
        self._steps.begin(end - CATCH_UP)
        self._until = end
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

    def _hear(self, step: SoundStep, publish: Publish) -> None:
        if not step.follows:
            self._front_end.restart()
            self._filled = 0
            for head in self._heads:
                head.trigger.forget()
        embedding = self._front_end.step(step.sound)
        if embedding is None:
            return
        self._window[:-1] = self._window[1:]
        self._window[-1] = embedding
        self._filled += 1
        if self._filled < WINDOW:
            return
        for head in self._heads:
            if head.hears(self._window):
                self._tell(head, step.end, publish)

    def _tell(self, head: Head, end: int, publish: Publish) -> None:
        last = max(1, end - head.late)
        detected_ns = self._sound.time_ns(last - 1)
        if detected_ns - self._told.get(head.phrase, 0) < _SAME * 1_000_000_000 // RATE_HZ:
            return
        self._told[head.phrase] = detected_ns
        record = self._record
        record["detected_ns"] = detected_ns
        record["start_ns"] = detected_ns - head.length * 1_000_000_000 // RATE_HZ
        record["sample"] = last - 1
        record["detections"] += 1
        record["score"] = head.trigger.score
        record["threshold"] = head.trigger.threshold
        record["phrase"] = records.encode_text(head.phrase, 64)[0]
        publish(
            "wake_word", record, self._sound.time_ns(end - 1),
            confidence=head.trigger.score, engine=head.engine,
        )
