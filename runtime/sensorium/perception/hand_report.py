"""The record of what one hand does: its state, and an event for each thing that happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium import records
from sensorium.perception.hysteresis import Change
from sensorium.perception.shape_gates import PHASE_END
from sensorium.records.hands import ACTIONS, OWN, SHAPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.health import Reason
    from sensorium.inference.engine import Engine
    from sensorium.perception.own_motion import OwnMoved
    from sensorium.perception.own_shapes import OwnTurn
    from sensorium.perception.sense import Publish
    from sensorium.perception.shape_gates import ShapeGates, Turn

EVENTS = "hand_gesture_event"
BEGINS, ENDS, MOVED = 1, 2, 3
"""Values of the record's field `event`."""


class HandReport:
    """One hand's record.

    Args:
        side: 1 left, 2 right.
        channel: Of its state.
    """

    def __init__(self, side: int, channel: str) -> None:
        self._channel = channel
        self._record = records.HAND_GESTURE.zeros()
        self._record["side"] = side
        self._event = records.HAND_GESTURE.zeros()
        # A field that is looked up by name each time costs as much as the arithmetic.
        one = self._record
        self._scores, self._phases = one["scores"][0], one["phases"][0]
        self._held, self._runtime, self._judged = (
            one[name] for name in ("held", "runtime", "movements_judged")
        )
        self._own, self._own_known, self._own_phase = (
            one[name] for name in ("own_score", "own_known", "own_phase")
        )
        self._best = self._own_best = 0.0

    def score(self, shape: int) -> float:
        """Of a shape in the newest frame, 0..1."""
        return float(self._scores[shape])

    def shapes(self, scores: Sequence[float], gates: ShapeGates, runtime: int) -> None:
        """Takes a frame's shapes; `runtime` are the bits of those that are the runtime's."""
        self._scores[:] = scores
        self._phases[:] = gates.phases
        self._held[0] = gates.held
        self._runtime[0] = runtime
        self._best = max(scores)

    def judged(self, can: bool) -> None:
        """Whether movements can be told now."""
        self._judged[0] = can

    def turn(
        self, turn: Turn, score: float, time_ns: int, publish: Publish, *, lost: bool = False
    ) -> None:
        """Counts a begin or an end, and tells it."""
        record, begins = self._record, turn.change == Change.BEGIN
        counts, times = ("begins", "begin_ns") if begins else ("ends", "end_ns")
        record[counts][0, turn.shape] += 1
        record[times][0, turn.shape] = turn.since_ns if begins else time_ns
        if lost:
            self._phases[turn.shape] = PHASE_END
            self._held[0] &= ~(1 << turn.shape) & 0xFF
        self._tell(BEGINS if begins else ENDS, 1 + turn.shape, score, time_ns, publish, None, lost)

    def moved(
        self, action: int, chance: float, begin_ns: int, end_ns: int, time_ns: int,
        publish: Publish, engine: Engine | None,
    ) -> None:
        """Counts a movement that has ended, and tells it."""
        record = self._record
        record["action"], record["chance"] = action, chance
        record["name"] = ACTIONS[action].encode()
        record["movements"] += 1
        record["movement_begin_ns"], record["movement_end_ns"] = begin_ns, end_ns
        self._tell(MOVED, action, chance, time_ns, publish, engine, False)

    def known(self, count: int) -> None:
        """How many own gestures can be told."""
        self._own_known[0] = count

    def own(self, score: float, phase: int) -> None:
        """Takes a frame's own gesture: the nearest held one's score, and its phase."""
        self._own[0], self._own_phase[0] = score, phase
        self._own_best = score

    def own_turn(
        self, turn: OwnTurn, time_ns: int, publish: Publish, *, lost: bool = False
    ) -> None:
        """Counts a begin or an end of an own gesture, and tells it."""
        record, begins = self._record, turn.change == Change.BEGIN
        record["own_begins" if begins else "own_ends"] += 1
        record["own_begin_ns" if begins else "own_end_ns"] = turn.since_ns if begins else time_ns
        record["own"], record["own_name"] = turn.id, turn.name
        self._tell(BEGINS if begins else ENDS, OWN, turn.score, time_ns, publish, None, lost)
        if not begins:
            record["own"], record["own_name"] = 0, b""

    def own_moved(self, moved: OwnMoved, time_ns: int, publish: Publish) -> None:
        """Counts an own gesture that has been made, and tells it."""
        record = self._record
        record["action"], record["chance"], record["name"] = OWN, moved.score, moved.name
        record["movements"] += 1
        record["movement_begin_ns"], record["movement_end_ns"] = moved.begin_ns, moved.end_ns
        held = record["own"][0], record["own_name"][0]
        record["own"], record["own_name"] = moved.id, moved.name
        self._tell(MOVED, OWN, moved.score, time_ns, publish, None, False)
        # A state's are those of the one that is held.
        record["own"], record["own_name"] = held

    def state(self, time_ns: int, publish: Publish) -> None:
        """Publishes the state."""
        best = max(self._best, self._own_best)
        publish(self._channel, self._record, time_ns, confidence=best)

    def nothing(self, time_ns: int, publish: Publish, reason: Reason) -> None:
        """Publishes that there is no hand; counts and the newest movement stay."""
        if self._best or self._own_best or self._phases.any() or self._judged[0]:
            self._best = self._own_best = 0.0
            for name in ("scores", "phases", "held", "runtime", "movements_judged", "own_score",
                         "own_phase"):
                self._record[name] = 0
        publish(self._channel, self._record, time_ns, valid=False, reason=reason)

    def _tell(
        self, event: int, action: int, chance: float, time_ns: int, publish: Publish,
        engine: Engine | None, lost: bool,
    ) -> None:
        told = self._event
        told[:] = self._record
        told["event"], told["action"], told["chance"] = event, action, chance
        told["lost"] = lost
        if action == OWN:
            told["name"] = told["own_name"]
        else:
            told["name"], told["own"], told["own_name"] = ACTIONS[action].encode(), 0, b""
        publish(EVENTS, told, time_ns, confidence=chance, engine=engine)


assert len(SHAPES) == records.HAND_GESTURE.dtype["scores"].shape[0]
