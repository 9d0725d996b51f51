"""Begins and ends of the gestures that the wearer enrolled, of one hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.hand_embedding import embed
from sensorium.perception.hysteresis import Change, LabelGate
from sensorium.perception.shape_gates import PHASE_HOLD, PHASES

if TYPE_CHECKING:
    from sensorium.perception.hand_geometry import Points
    from sensorium.perception.hand_report import HandReport
    from sensorium.perception.known_gestures import KnownGestures
    from sensorium.perception.sense import Publish

AT_LIMIT = 0.7
"""Score of a hand at a gesture's limit: the senses' usual score of a begin."""


class OwnTurn(NamedTuple):
    """An own gesture that begins or ends.

    Attributes:
        id: Of the gesture.
        name: UTF-8.
        change: BEGIN or END.
        since_ns: When the run of frames began that made it begin.
        score: Of the newest frame, 0..1.
    """

    id: int
    name: bytes
    change: Change
    since_ns: int
    score: float


class OwnShapes:
    """Tells the own gestures of one hand, one at a time: the nearest one.

    Args:
        known: Which there are.
        side: 1 left, 2 right.
        begin_score: See `hysteresis.LabelGate`, as the others.
        begin_frames: In a row.
        end_score: Below it a gesture ends.
        end_frames: In a row.
        hold_ns: A gesture begins after it was held for so long: a hand on its way from one thing
            to another passes through much that looks like it.
    """

    def __init__(
        self, known: KnownGestures, side: int, begin_score: float, begin_frames: int,
        end_score: float, end_frames: int, hold_ns: int,
    ) -> None:
        self._known = known
        self._side = side
        self._gate = LabelGate(begin_score, begin_frames, end_score, end_frames, hold_ns)
        self._version = known.version
        self._ids, self._names = known.ids, known.names

    def update(
        self, points: Points, time_ns: int, report: HandReport, publish: Publish
    ) -> None:
        """Takes one frame; what begins or ends is told.

        A gesture that is deleted or enrolled anew while it is held ends in that frame.
        """
        known = self._known
        known.glance(time_ns)
        if known.version != self._version:
            self.stop(time_ns, report, publish)
            self._version, self._ids, self._names = known.version, known.ids, known.names
            report.own(0.0, 0)
        if known.learnt is None:
            return
        near = known.learnt.nearness(np.array(embed(points, self._side)))
        scores = [0.0, *(AT_LIMIT ** (near * near)).tolist()]
        before = self._gate.label
        change = self._gate.update(scores, time_ns)
        label = self._gate.label or before
        if change != Change.NONE:
            report.own_turn(self._turn(label, change, scores[label]), time_ns, publish)
        report.own(max(scores), PHASES[change] or (PHASE_HOLD if label else 0))

    def forget(self) -> None:
        """Drops what has not yet begun: its frames do not follow one another."""
        self._gate.forget()

    def stop(self, time_ns: int, report: HandReport, publish: Publish) -> None:
        """Ends what is held, at once, marked as lost."""
        self._gate.forget()
        label = self._gate.label
        if self._gate.stop() == Change.END:
            report.own_turn(self._turn(label, Change.END, 0.0), time_ns, publish, lost=True)

    def _turn(self, label: int, change: Change, score: float) -> OwnTurn:
        return OwnTurn(
            self._ids[label - 1], self._names[label - 1], change, self._gate.since_ns, score
        )
