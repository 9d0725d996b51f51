"""The mouth's shape from the sound alone: weights of 15 visemes, four frames in each block.

It answers behind the sound by what the engine wants to hear after a frame, and says by how much.
Restarted, it begins anew: what a mouth showed is of no use later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.errors import EngineError
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.sense import input_reason
from sensorium.perception.viseme_features import BANDS, CENTRE, RATE_HZ, STEP, VisemeFeatures
from sensorium.perception.viseme_mouth import Mouth, Voice
from sensorium.perception.voice_activity import loudness_dbfs
from sensorium.records.sensors import AUDIO_BLOCK
from sensorium.records.voice import VISEME_FRAMES, VISEMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample

ENGINE = "viseme"
INPUT, OUTPUT = "frames", "chances"
SPAN = 24
"""Frames beside its own that the engine hears for each that it tells."""
AHEAD = 4
"""Of them, after it."""
DELAY = CENTRE + AHEAD * STEP
"""Samples from the time of the newest frame that is told to the end of the sound."""
assert VISEME_FRAMES * STEP == AUDIO_BLOCK


@dataclass(frozen=True)
class VisemeOptions:
    """Table [senses.viseme]: how the mouth moves."""

    attack_ms: float = field(
        default=12.0,
        metadata={"doc": "Time constant with which a shape comes.", "min": 0.0, "max": 200.0},
    )
    decay_ms: float = field(
        default=30.0,
        metadata={"doc": "Time constant with which a shape goes.", "min": 0.0, "max": 500.0},
    )
    voice_threshold: float = field(
        default=0.15,
        metadata={"doc": "Voice activity's probability below which the mouth shuts; 0: it is "
                  "not asked.", "min": 0.0, "max": 1.0},
    )
    hold_ms: int = field(
        default=160,
        metadata={"doc": "How long after the last voice it shuts.", "min": 0, "max": 2000},
    )
    quiet_dbfs: float = field(
        default=-55.0,
        metadata={"doc": "Softer sound leaves it shut.", "min": -120.0, "max": 0.0},
    )


class Viseme:
    """The sense; see `perception.sense.Sense`."""

    Options = VisemeOptions
    ENGINES = (ENGINE,)
    READS = ("audio", "voice_activity")
    WRITES = ("viseme",)
    TEMPO = Tempo(Slowing.NEVER, 100, 0)
    """Its engine hears block after block; a mouth that stands still is seen at once."""

    def __init__(
        self, options: VisemeOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._engine = engines[ENGINE]
        self._rings = rings
        if self._engine.labels and self._engine.labels != VISEMES:
            raise EngineError(
                f"the engine {self._engine.name} tells {' '.join(self._engine.labels)}",
                f"its card's labels must be {' '.join(VISEMES)}",
            )

    def streams(self) -> tuple[VisemeStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        return (VisemeStream(self._options, self._engine, self._rings),)


class VisemeStream:
    """The microphone's stream: the frames that the engine still wants, and the mouth."""

    trigger = "audio"
    outputs = Viseme.WRITES

    def __init__(self, options: VisemeOptions, engine: Engine, rings: Rings) -> None:
        self._engine = engine
        self._rings = rings
        self._asks = options.voice_threshold > 0.0
        self._voice = Voice(
            options.voice_threshold, options.hold_ms * RATE_HZ // (1000 * AUDIO_BLOCK),
            options.quiet_dbfs,
        )
        self._mouth = Mouth(options.attack_ms, options.decay_ms)
        self._features = VisemeFeatures()
        self._feeds: dict[str, NDArray[np.float32]] = {
            INPUT: np.zeros((1, SPAN + VISEME_FRAMES, BANDS), np.float32)
        }
        self._record = records.VISEME.zeros()
        self._record["frame_count"] = VISEME_FRAMES
        self._record["step_ns"] = STEP * 1_000_000_000 // RATE_HZ
        self._record["delay_ns"] = DELAY * 1_000_000_000 // RATE_HZ
        self._frames = self._record["frames"][0].reshape(VISEME_FRAMES, len(VISEMES))
        self._session = -1
        self._next = 0

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one block: see `Stream.process`."""
        if not sample.valid:
            self._restart()
            self._shut()
            publish(
                "viseme", self._record, sample.capture_ns,
                valid=False, reason=input_reason(sample.reason),
            )
            return
        audio = sample.record
        session = int(audio["session"][0])
        if session != self._session or int(audio["gap"][0]) or sample.n != self._next:
            self._restart()
            self._session = session
        self._next = sample.n + 1
        block = audio["samples"][0]
        chances = self._chances(block)
        voice = self._voice.update(self._probability(), loudness_dbfs(block))
        for told, frame in zip(self._frames, chances, strict=True):
            told[:] = self._mouth.move(frame, voice)
        self._tell(sample.capture_ns, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: what comes next does not follow what came before."""
        if records > 0:
            self._next = 0

    def _chances(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        heard = self._feeds[INPUT][0]
        heard[:SPAN] = heard[VISEME_FRAMES:].copy()
        heard[SPAN:] = self._features.push(block)
        chances: NDArray[np.float32] = self._engine.run(self._feeds)[OUTPUT][0]
        return chances

    def _probability(self) -> float | None:
        """What voice activity says of the newest block; None: it does not run."""
        if not self._asks:
            return None
        newest = self._rings.at("voice_activity", self._rings.latest("voice_activity"))
        if newest is None or not newest.valid:
            return None
        return float(newest.record["probability"][0])

    def _tell(self, capture_ns: int, publish: Publish) -> None:
        record = self._record[0]
        newest = self._frames[-1]
        record["weights"] = newest
        record["strongest"] = strongest = int(newest.argmax())
        behind = DELAY + (VISEME_FRAMES - 1) * STEP
        record["first_ns"] = capture_ns - behind * 1_000_000_000 // RATE_HZ
        publish(
            "viseme", self._record, capture_ns, confidence=float(newest[strongest]),
            engine=self._engine,
        )

    def _restart(self) -> None:
        """Forgets the sound so far, and shuts the mouth."""
        self._features = VisemeFeatures()
        self._feeds[INPUT].fill(0.0)
        self._mouth.close()
        self._voice.reset()

    def _shut(self) -> None:
        self._frames.fill(0.0)
        self._frames[:, VISEMES.index("sil")] = 1.0
        self._record["weights"] = self._frames[-1]
        self._record["strongest"] = VISEMES.index("sil")
