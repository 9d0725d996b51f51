"""What each hand does: shapes by geometry, movements by a small network, and where it points.

The wearer's own gestures are told, too: see `own_shapes` and `own_motion`. What the OpenXR runtime
tells itself wins: see `runtime_hand`. Defined for bad input:

- a joint without a valid or finite position, or another hand's side: the hand is lost;
- a lost hand ends what it held, marked so, and what it was moving is never told: one of the
  engine's movements needs the hand to have been seen for 0.8 s (`movement.SETTLE_STEPS`), one of
  the wearer's own to have been seen from its beginning;
- a jump, a gap or a recentre: movements begin anew, shapes go on, as they are of the hand alone;
- an earlier time: all begins anew; the same time again: the record is left out;
- no head: movements are not told, and `movements_judged` says so;
- walking: positions are taken from the head, so a movement counts while walking and the swing of an
  arm does not;
- both hands: each has its own state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.errors import EngineError
from sensorium.health import Reason
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import own_gestures, own_movements
from sensorium.perception.hand_report import HandReport
from sensorium.perception.hand_shapes import finger_ray, shapes
from sensorium.perception.hysteresis import Change
from sensorium.perception.known_gestures import KnownGestures, KnownMovements
from sensorium.perception.movement import CHANCE, CLASSES
from sensorium.perception.moving_hand import MovingHand
from sensorium.perception.own_shapes import OwnShapes
from sensorium.perception.runtime_hand import RuntimeHands
from sensorium.perception.sense import input_reason
from sensorium.perception.shape_gates import DoublePinch, ShapeGates
from sensorium.records.hands import ACTIONS, DOUBLE_PINCH, SHAPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.engine import Engine
    from sensorium.perception.hand_geometry import Points
    from sensorium.perception.runtime_hand import RuntimeHand
    from sensorium.perception.sense import Publish, Rings, Sample

ENGINE = "hand-movement"
SIDES = ("left", "right")
POSITION_VALID = 2
"""Bit of a joint's flags."""
GAP_NS = 250_000_000
"""Frames further apart than this do not follow one another."""
PINCH, GRAB, POINT = SHAPES.index("pinch_index"), SHAPES.index("grab"), SHAPES.index("point")


@dataclass(frozen=True)
class HandOptions:
    """Table [senses.hand_gesture]. At 90 Hz a frame is 11 ms."""

    begin_score: float = field(
        default=0.7, metadata={"doc": "A shape begins at this score.", "min": 0.01, "max": 1.0}
    )
    begin_frames: int = field(
        default=3, metadata={"doc": "In so many frames in a row.", "min": 1, "max": 90}
    )
    end_score: float = field(
        default=0.45, metadata={"doc": "It ends under this score.", "min": 0.0, "max": 1.0}
    )
    end_frames: int = field(
        default=3, metadata={"doc": "In so many frames in a row.", "min": 1, "max": 90}
    )
    double_pinch_ms: int = field(
        default=500,
        metadata={"doc": "Two pinches that begin so soon after one another are a double pinch; 0: "
                  "none is.", "min": 0, "max": 2000},
    )
    own_hold_ms: int = field(
        default=60,
        metadata={"doc": "A gesture of your own begins after it was held for so long, too.",
                  "min": 0, "max": 2000},
    )
    movements: bool = field(
        default=True,
        metadata={"doc": "Whether movements are told; without, no engine is loaded, and of what "
                  "moves your own gestures alone are told."},
    )
    movement_chance: float = field(
        default=CHANCE,
        metadata={"doc": "A movement is told at this chance.", "min": 0.3, "max": 1.0},
    )

    def __post_init__(self) -> None:
        if self.end_score > self.begin_score:
            raise ValueError("end_score is above begin_score")


class HandGesture:
    """The sense; see `perception.sense.Sense`."""

    Options = HandOptions
    ENGINES = (ENGINE,)
    READS = ("hand_left", "hand_right", "head", "controller_left", "controller_right")
    WRITES = (
        "hand_gesture_left", "hand_gesture_right", "hand_gesture_event", "ray_left", "ray_right",
    )
    TEMPO = Tempo(Slowing.THINNED, 80, 60)
    """As `gesture`; between the steps of a movement frames may be so far apart, too."""

    def __init__(
        self, options: HandOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._rings = rings
        self._known = KnownGestures(own_gestures.place())
        self._moves = KnownMovements(own_movements.place())
        self._engine = engines[ENGINE] if options.movements else None
        if self._engine is not None and self._engine.labels != CLASSES:
            raise EngineError(
                f"the engine {self._engine.name} tells {' '.join(self._engine.labels)}",
                f"its card's labels must be {' '.join(CLASSES)}",
            )

    @classmethod
    def engines(cls, options: HandOptions) -> tuple[str, ...]:
        """The engine, where movements are told."""
        return cls.ENGINES if options.movements else ()

    @property
    def note(self) -> str:
        """Why the wearer's own gestures cannot be told; empty where they can, or there are none."""
        self._known.look()
        self._moves.look()
        return self._known.problem or self._moves.problem

    def streams(self) -> tuple[HandStream, ...]:
        """See `Sense.streams`: the left and the right hand."""
        return tuple(
            HandStream(
                side, self._options, self._engine, self._rings, self._known, self._moves
            )
            for side in (1, 2)
        )


class HandStream:
    """One hand's stream."""

    def __init__(
        self, side: int, options: HandOptions, engine: Engine | None, rings: Rings,
        known: KnownGestures, moves: KnownMovements,
    ) -> None:
        name = SIDES[side - 1]
        self.trigger = f"hand_{name}"
        self.outputs = (f"hand_gesture_{name}", "hand_gesture_event", f"ray_{name}")
        self._side = side
        self._known, self._moves = known, moves
        self._runtime = RuntimeHands(rings, f"controller_{name}")
        self._gates = ShapeGates(
            options.begin_score, options.begin_frames, options.end_score, options.end_frames
        )
        self._own = OwnShapes(
            known, side, options.begin_score, options.begin_frames, options.end_score,
            options.end_frames, options.own_hold_ms * 1_000_000,
        )
        self._double = DoublePinch(options.double_pinch_ms * 1_000_000)
        self._moving = MovingHand(side, engine, options.movement_chance, rings, moves)
        self._report = HandReport(side, self.outputs[0])
        self._ray = records.RAY.zeros()
        self._ray["side"] = side
        self._newest_ns: int | None = None

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one record of the hand: see `Stream.process`."""
        if not sample.valid:
            self._lost(sample, publish, input_reason(sample.reason))
            return
        joints = sample.record["joints"]
        points: Points = joints["position"][0].tolist()
        tracked = int(np.bitwise_and.reduce(joints["flags"][0])) & POSITION_VALID
        mine = int(sample.record["side"][0]) == self._side
        if not (tracked and mine and math.isfinite(sum(map(sum, points)))):
            self._lost(sample, publish, Reason.INACTIVE)
            return
        before, self._newest_ns = self._newest_ns, sample.capture_ns
        if before is not None:
            span_ns = sample.capture_ns - before
            if span_ns == 0:
                return
            if span_ns < 0:
                self._end_all(sample, publish)
            elif span_ns > GAP_NS:
                self._gates.forget()
                self._own.forget()
        told = self._runtime.of(sample.capture_ns)
        self._shapes(points, told, sample, publish)
        self._own.update(points, sample.capture_ns, self._report, publish)
        self._moving.update(points, sample, self._report, publish)
        self._report.known(len(self._known.ids) + len(self._moves.ids))
        self._report.state(sample.capture_ns, publish)
        self._point(points, told, sample, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: a hand's state is its newest record, and gaps are seen by time."""

    def _shapes(
        self, points: Points, told: RuntimeHand | None, sample: Sample, publish: Publish
    ) -> None:
        scores = shapes(points)
        own = 0
        if told is not None:
            scores[PINCH], scores[GRAB] = told.pinch, told.grasp
            own = 1 << PINCH | 1 << GRAB
        turns = self._gates.update(scores, sample.capture_ns)
        self._report.shapes(scores, self._gates, own)
        for turn in turns:
            self._report.turn(turn, scores[turn.shape], sample.capture_ns, publish)
            if turn.shape == PINCH and turn.change == Change.BEGIN:
                first_ns = self._double.begins(turn.since_ns)
                if first_ns is not None:
                    self._report.moved(
                        ACTIONS.index(DOUBLE_PINCH), scores[PINCH], first_ns, turn.since_ns,
                        sample.capture_ns, publish, None,
                    )

    def _point(
        self, points: Points, told: RuntimeHand | None, sample: Sample, publish: Publish
    ) -> None:
        record = self._ray
        pointing = bool(self._gates.held >> POINT & 1)
        aimed = told.ray if told is not None else None
        if not pointing and aimed is None:
            publish(
                self.outputs[2], record, sample.capture_ns, valid=False, reason=Reason.INACTIVE
            )
            return
        record["space"], record["space_generation"] = (
            sample.record["space"], sample.record["space_generation"]
        )
        record["source"] = 1 if aimed is None else 2
        record["pointing"] = pointing
        record["origin"][0], record["direction"][0] = aimed or finger_ray(points)
        publish(
            self.outputs[2], record, sample.capture_ns, confidence=self._report.score(POINT)
        )

    def _lost(self, sample: Sample, publish: Publish, reason: Reason) -> None:
        """Ends what was held, then says that there is nothing."""
        self._end_all(sample, publish)
        self._report.nothing(sample.capture_ns, publish, reason)
        publish(self.outputs[2], self._ray, sample.capture_ns, valid=False, reason=reason)

    def _end_all(self, sample: Sample, publish: Publish) -> None:
        for turn in self._gates.stop():
            self._report.turn(turn, 0.0, sample.capture_ns, publish, lost=True)
        self._own.stop(sample.capture_ns, self._report, publish)
        self._double.forget()
        self._moving.stop()
