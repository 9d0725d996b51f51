"""What each hand shows: Google's gesture model on OpenXR's joints, pinch and grab by geometry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.errors import EngineError
from sensorium.health import Reason
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.hand_geometry import grab, pinches
from sensorium.perception.hand_landmarks import LANDMARKS, LEFT, RIGHT, landmarks
from sensorium.perception.hysteresis import Change, LabelGate
from sensorium.perception.sense import input_reason
from sensorium.records.senses import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensorium.inference.engine import Engine
    from sensorium.perception.hand_geometry import Points
    from sensorium.perception.sense import Publish, Rings, Sample

ENGINE = "gesture-recognizer"

PHASE_NONE, PHASE_BEGIN, PHASE_HOLD, PHASE_END = 0, 1, 2, 3
POSITION_VALID = 2
"""Bit of a joint's flags."""

GAP_NS = 250_000_000
"""Frames further apart than this do not follow one another."""

CALLED_LEFT = {LEFT: 0.0, RIGHT: 1.0}
"""The model's input `handedness`, the probability that MediaPipe calls the hand left.

MediaPipe names hands as if the image were a mirror's (mediapipe/python/solutions/hands.py: "it
determines handedness assuming the input image is mirrored"). Our camera does not mirror, so the
right hand is the one that it calls left. Kinematic hands agree: with this value each gesture's
mean score is higher than with the other one.
"""


@dataclass(frozen=True)
class GestureOptions:
    """When a gesture begins and ends. At 90 Hz a frame is 11 ms."""

    begin_score: float = field(
        default=0.5,
        metadata={"doc": "A gesture begins at this score.", "min": 0.01, "max": 1.0},
    )
    begin_frames: int = field(
        default=3,
        metadata={"doc": "In so many frames in a row.", "min": 1, "max": 90},
    )
    end_score: float = field(
        default=0.35,
        metadata={"doc": "It ends under this score.", "min": 0.0, "max": 1.0},
    )
    end_frames: int = field(
        default=3,
        metadata={"doc": "In so many frames in a row.", "min": 1, "max": 90},
    )

    def __post_init__(self) -> None:
        if self.end_score > self.begin_score:
            raise ValueError("end_score is above begin_score")


class Gesture:
    """The sense; see `perception.sense.Sense`."""

    Options = GestureOptions
    ENGINES = (ENGINE,)
    READS = ("hand_left", "hand_right")
    WRITES = ("gesture_left", "gesture_right", "gesture_event")
    TEMPO = Tempo(Slowing.THINNED, 80, 60)
    """Frames of up to `GAP_NS` follow one another; what is told is 100 ms old at most."""

    def __init__(
        self, options: GestureOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._engine = engines[ENGINE]
        if not 2 <= len(self._engine.labels) <= LABELS:
            count = len(self._engine.labels)
            raise EngineError(f"{ENGINE}: has {count} labels, must be 2 to {LABELS}")

    def streams(self) -> tuple[HandStream, ...]:
        """See `Sense.streams`: the left and the right hand."""
        return tuple(HandStream(side, self._options, self._engine) for side in (LEFT, RIGHT))


class HandStream:
    """One hand's stream: the hysteresis and the counts."""

    def __init__(self, side: int, options: GestureOptions, engine: Engine) -> None:
        self.trigger = "hand_left" if side == LEFT else "hand_right"
        self.outputs = ("gesture_left" if side == LEFT else "gesture_right", "gesture_event")
        self._side = side
        self._engine = engine
        self._names = tuple(label.encode() for label in engine.labels)
        self._gate = LabelGate(
            options.begin_score, options.begin_frames, options.end_score, options.end_frames
        )
        self._feeds = {
            "hand": np.zeros((1, LANDMARKS, 3), np.float32),
            "handedness": np.full((1, 1), CALLED_LEFT[side], np.float32),
        }
        self._record = records.GESTURE.zeros()
        self._record["side"] = side
        self._record["label_count"] = len(self._names)
        # A field that is looked up by name each time costs as much as the arithmetic.
        self._scores, self._pinches = self._record["scores"][0], self._record["pinches"][0]
        self._pinch, self._grab = self._record["pinch"], self._record["grab"]
        self._phase, self._score = self._record["phase"], self._record["score"]
        self._named = 0
        self._newest_ns = 0
        self._empty = True

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one record of the hand: see `Stream.process`."""
        if not sample.valid:
            self._inactive(sample, publish, input_reason(sample.reason))
            return
        joints = sample.record["joints"]
        points = joints["position"][0].tolist()
        tracked = int(np.bitwise_and.reduce(joints["flags"][0])) & POSITION_VALID
        if not tracked or not landmarks(points, self._side, self._feeds["hand"]):
            self._inactive(sample, publish, Reason.INACTIVE)
            return
        found = self._engine.run(self._feeds)["scores"][0]
        self._empty = False
        self._scores[: len(found)] = found
        scores = found.tolist()
        if sample.capture_ns - self._newest_ns > GAP_NS:
            self._gate.forget()
        self._newest_ns = sample.capture_ns
        self._measure(points)
        held = self._gate.label
        change = self._gate.update(scores, sample.capture_ns)
        self._publish(sample, publish, change, held, scores)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: a hand's state is its newest record, and gaps are seen by time."""

    def _measure(self, points: Points) -> None:
        near = pinches(points)
        self._pinches[:] = near
        self._pinch[0] = near[0]
        self._grab[0] = grab(points)

    def _publish(
        self, sample: Sample, publish: Publish, change: Change, held: int, scores: Sequence[float]
    ) -> None:
        label = held if change == Change.END else self._gate.label
        self._name(label, scores[label])
        confidence = max(scores)
        self._tell(change, sample, publish, confidence)
        if change == Change.NONE:
            self._phase[0] = PHASE_HOLD if label else PHASE_NONE
        publish(
            self.outputs[0], self._record, sample.capture_ns,
            confidence=confidence, engine=self._engine,
        )

    def _inactive(self, sample: Sample, publish: Publish, reason: Reason) -> None:
        """Ends what was held, then says that there is nothing: the engine does not run."""
        self._gate.forget()
        self._tell(self._gate.stop(), sample, publish, float("nan"))
        record = self._record
        if not self._empty:
            self._empty = True
            for part in ("scores", "pinches", "pinch", "grab", "phase"):
                record[part] = 0
            self._name(0, 0.0)
        publish(self.outputs[0], record, sample.capture_ns, valid=False, reason=reason)

    def _tell(
        self, change: Change, sample: Sample, publish: Publish, confidence: float
    ) -> None:
        """Counts a begin or end, and publishes it as an event."""
        if change == Change.NONE:
            return
        record = self._record
        if change == Change.BEGIN:
            record["phase"] = PHASE_BEGIN
            record["begins"] += 1
            record["begin_ns"] = self._gate.since_ns
        else:
            record["phase"] = PHASE_END
            record["ends"] += 1
            record["end_ns"] = sample.capture_ns
        record["event"] = change
        publish(
            "gesture_event", record, sample.capture_ns,
            confidence=confidence, engine=self._engine,
        )
        record["event"] = Change.NONE

    def _name(self, label: int, score: float) -> None:
        self._score[0] = score
        if label != self._named:
            self._named = label
            self._record["gesture"] = label
            self._record["name"] = self._names[label] if label else b""
