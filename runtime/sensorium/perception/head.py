"""What the head does: nods, shakes, tilts and leans, and whether it looks at one thing, still."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium import records
from sensorium.health import Reason
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.head_gait import GaitPitch
from sensorium.perception.head_gesture import NOD, SHAKE, Gait, Oscillation
from sensorium.perception.head_motion import Flow, HeadMotion
from sensorium.perception.head_posture import Lean, Tilt
from sensorium.perception.head_stillness import Stillness
from sensorium.perception.hysteresis import Change
from sensorium.perception.sense import input_reason
from sensorium.records.head import HEAD_GESTURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.engine import Engine
    from sensorium.perception.head_bout import Bout
    from sensorium.perception.sense import Publish, Rings, Sample

ORIENTATION, POSITION = 1 | 4, 2 | 8
"""Bits of a pose's flags: valid and tracked. What a runtime guesses counts as lost."""
WALKING_M_S = 0.15
"""From this speed of the neck on the wearer walks, as far as nods and shakes are concerned."""
RUNNING_M_S = 0.3
"""And from this one up or down on runs: twice the bob of a walker."""
STEP_NS = 500_000_000
"""And for so long after: necks stand still between steps on one spot."""
NOT_UNIT = 0.02
"""A quaternion whose square differs from 1 by more is no rotation."""
FARTHEST_M = 1e6
PHASES = {Change.NONE: 0, Change.BEGIN: 1, Change.END: 3}
HOLD = 2
LEAN_AT = HEAD_GESTURES.index("lean")
TOLD = (
    "direction", "count", "amplitude", "frequency", "ending", "begins", "ends", "begin_ns", "end_ns"
)
"""What an event and the state have in common."""


@dataclass(frozen=True)
class HeadOptions:
    """Table [senses.head]: the smallest gestures that are told."""

    nod_deg: float = field(
        default=NOD.least_deg,
        metadata={"doc": "The smallest nod, from turn to turn.", "min": 2.0, "max": 45.0},
    )
    shake_deg: float = field(
        default=SHAKE.least_deg,
        metadata={"doc": "The smallest shake, from turn to turn.", "min": 2.0, "max": 60.0},
    )
    tilt_deg: float = field(
        default=15.0,
        metadata={"doc": "The smallest tilt.", "min": 5.0, "max": 45.0},
    )
    lean_m: float = field(
        default=0.15,
        metadata={"doc": "The smallest lean.", "min": 0.05, "max": 0.4},
    )


class Head:
    """The sense; see `perception.sense.Sense`."""

    Options = HeadOptions
    ENGINES: tuple[str, ...] = ()
    READS = ("head",)
    WRITES = ("head_state", "head_gesture")
    TEMPO = Tempo(Slowing.THINNED, 60, 33)
    """A nod of 3 Hz turns back after 160 ms: it needs some frames in each turn."""

    def __init__(self, options: HeadOptions, engines: Mapping[str, Engine], rings: Rings) -> None:
        self._options = options

    def streams(self) -> tuple[HeadStream, ...]:
        """See `Sense.streams`: one."""
        return (HeadStream(self._options),)


class HeadStream:
    """The head's stream.

    What does not follow cancels: a gesture that is held ends so, one that has not begun never does,
    and the place of rest is found anew. That is so after a pose that is not tracked, not finite
    or no rotation, a recentre, a gap of more than 150 ms, a jump, and time that goes back.
    """

    trigger = "head"
    outputs = Head.WRITES

    def __init__(self, options: HeadOptions) -> None:
        self._motion = HeadMotion()
        self._nod = Oscillation(NOD._replace(least_deg=options.nod_deg))
        self._shake = Oscillation(SHAKE._replace(least_deg=options.shake_deg))
        self._tilt = Tilt(options.tilt_deg)
        self._lean = Lean(options.lean_m)
        self._bouts: tuple[Bout, ...] = (self._nod, self._shake, self._tilt, self._lean)
        self._stillness = Stillness()
        self._gait_pitch = GaitPitch()
        self._space: tuple[int, int] | None = None
        self._state = records.HEAD_STATE.zeros()
        self._rows = self._state["gestures"][0]
        self._event = records.HEAD_GESTURE.zeros()
        self._phases = [0] * len(HEAD_GESTURES)
        self._newest_ns = 0
        self._walked_ns = self._ran_ns = -STEP_NS

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one pose: see `Stream.process`."""
        if not sample.valid:
            self._nothing(sample, publish, input_reason(sample.reason))
            return
        record = sample.record[0]
        pose = record["pose"]
        flags = int(pose["flags"])
        orientation = _rotation(pose["orientation"].tolist())
        if flags & ORIENTATION != ORIENTATION or orientation is None:
            self._nothing(sample, publish, Reason.INACTIVE)
            return
        position = pose["position"].tolist() if flags & POSITION == POSITION else None
        if position is not None and not all(abs(value) < FARTHEST_M for value in position):
            position = None
        space = (int(record["space"]), int(record["space_generation"]))
        if space != self._space:
            self._space = space
            self._motion.forget()
        flow = self._motion.update(sample.capture_ns, orientation, position)
        if flow is Flow.SAME:
            return
        changes = self._frame() if flow is Flow.NEXT else self._cancel()
        self._newest_ns = sample.capture_ns
        self._tell(changes, publish)
        self._state["has_position"] = position is not None
        publish("head_state", self._state, sample.capture_ns)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: the pose is the newest record, and gaps are seen by time."""

    def _frame(self) -> tuple[Change, ...]:
        """What a frame that follows the one before brought about, for each gesture."""
        time_ns, pitch, yaw, roll, tilt, facing, neck = self._motion.frame
        bob = 0.0
        if neck is None:
            lean = self._lean.cancel(self._newest_ns)
            self._gait_pitch.forget()
        else:
            lean = self._lean.update(time_ns, neck, facing)
            bob = self._gait_pitch.update(time_ns, neck[1], pitch)
        gait = self._gait(time_ns)
        if self._stillness.update(time_ns, facing, neck):
            self._tell_motion()
        return (
            self._nod.update(
                time_ns, pitch - bob if gait is Gait.WALKS else pitch, yaw, roll, gait
            ),
            self._shake.update(time_ns, yaw, pitch, roll, gait),
            self._tilt.update(time_ns, tilt),
            lean,
        )

    def _gait(self, time_ns: int) -> Gait:
        if self._lean.speed > WALKING_M_S:
            self._walked_ns = time_ns
            if abs(self._lean.velocity[1]) > RUNNING_M_S:
                self._ran_ns = time_ns
        if time_ns - self._ran_ns < STEP_NS:
            return Gait.RUNS
        return Gait.WALKS if time_ns - self._walked_ns < STEP_NS else Gait.STANDS

    def _cancel(self) -> tuple[Change, ...]:
        self._walked_ns = self._ran_ns = -STEP_NS
        self._stillness.forget()
        self._gait_pitch.forget()
        self._tell_motion()
        return tuple(bout.cancel(self._newest_ns) for bout in self._bouts)

    def _nothing(self, sample: Sample, publish: Publish, reason: Reason) -> None:
        self._motion.forget()
        self._tell(self._cancel(), publish)
        self._state["has_position"] = 0
        publish("head_state", self._state, sample.capture_ns, valid=False, reason=reason)

    def _tell(self, changes: tuple[Change, ...], publish: Publish) -> None:
        """Writes what is held, and publishes each begin and end."""
        for place, change in enumerate(changes):
            bout = self._bouts[place]
            phase = HOLD if bout.held and change == Change.NONE else PHASES[change]
            if not phase and not self._phases[place]:
                continue
            self._phases[place] = phase
            row = self._rows[place]
            row["phase"] = phase
            row["begins"] += change == Change.BEGIN
            row["ends"] += change == Change.END
            row["direction"], row["count"] = bout.direction, bout.count
            digits = 2 if place == LEAN_AT else 0
            row["amplitude"], row["frequency"] = round(bout.amplitude, digits), bout.frequency
            row["ending"], row["begin_ns"], row["end_ns"] = bout.ending, bout.begin_ns, bout.end_ns
            if change != Change.NONE:
                self._tell_change(place, change, publish)

    def _tell_change(self, place: int, change: Change, publish: Publish) -> None:
        held = self._state["held"]
        held ^= 1 << place
        event = self._event
        event["gesture"], event["event"], event["name"] = place + 1, change, HEAD_GESTURES[place]
        for name in TOLD:
            event[name] = self._rows[place][name]
        publish("head_gesture", event, self._newest_ns)

    def _tell_motion(self) -> None:
        state, stillness = self._state, self._stillness
        state["motion"], state["motion_ns"] = stillness.motion, stillness.since_ns
        state["fixations"] = stillness.fixations


def _rotation(xyzw: list[float]) -> list[float] | None:
    """The unit quaternion; None where it is none, NaN among them."""
    square = sum(value * value for value in xyzw)
    if not abs(square - 1.0) < NOT_UNIT:
        return None
    length = math.sqrt(square)
    return [value / length for value in xyzw]
