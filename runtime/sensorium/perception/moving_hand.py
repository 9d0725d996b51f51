"""What one hand has done over time: movements of the engine and the wearer's own, at their end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium.perception.hand_motion import HandMotion, Head
from sensorium.perception.movement import OUTPUT, MovementGate, Window
from sensorium.perception.own_motion import OwnMotion
from sensorium.records.hands import SHAPES

if TYPE_CHECKING:
    import numpy as np

    from sensorium.inference.engine import Engine
    from sensorium.perception.hand_geometry import Points
    from sensorium.perception.hand_motion import Step
    from sensorium.perception.hand_report import HandReport
    from sensorium.perception.known_gestures import KnownMovements
    from sensorium.perception.sense import Publish, Rings, Sample

HEAD_NS = 100_000_000
"""A head that was seen further from the hand's time is of another frame."""
_POSE = 3


class MovingHand:
    """The state of one hand.

    Args:
        side: 1 left, 2 right.
        engine: That tells movements; None: they are not told, the wearer's own are.
        chance: A movement is told at this chance.
        rings: Where the head is.
        known: The wearer's own.
    """

    def __init__(
        self, side: int, engine: Engine | None, chance: float, rings: Rings, known: KnownMovements
    ) -> None:
        self._engine = engine
        self._rings = rings
        self._motion = HandMotion(side)
        self._begins = 0
        self._window = Window()
        self._gate = MovementGate(chance)
        self._own = OwnMotion(known)
        self._space = (0, 0)

    def update(
        self, points: Points, sample: Sample, report: HandReport, publish: Publish
    ) -> None:
        """Takes one frame; what has been made is told."""
        own = self._own.awaited(sample.capture_ns)
        if self._engine is None and not own:
            report.judged(False)
            return
        space = (
            int(sample.record["space"][0]), int(sample.record["space_generation"][0])
        )
        head = self._head(sample, space)
        report.judged(head is not None)
        if head is None or space != self._space:
            self._space = space
            self._motion.reset()
        steps = self._motion.push(sample.capture_ns, points, head) if head is not None else []
        if self._motion.begins != self._begins:
            self._begins_anew()
        if self._engine is not None:
            self._ask(self._engine, steps, sample, report, publish)
        for moved in self._own.update(points, sample.capture_ns, steps) if own else ():
            report.own_moved(moved, sample.capture_ns, publish)

    def stop(self) -> None:
        """The hand is lost: what it was moving is never told."""
        self._motion.reset()
        self._begins_anew()

    def _begins_anew(self) -> None:
        self._begins = self._motion.begins
        self._window.forget()
        self._gate.forget()
        self._own.forget()

    def _ask(
        self, engine: Engine, steps: list[Step], sample: Sample, report: HandReport,
        publish: Publish,
    ) -> None:
        for step in steps:
            self._window.take(step)
            chances = None
            if self._window.awake:
                chances = engine.run(self._window.feeds)[OUTPUT][0, 0].tolist()
            found = self._gate.update(chances, self._window)
            if found is not None:
                report.moved(
                    1 + len(SHAPES) + found.kind, found.chance, found.begin_ns, found.end_ns,
                    sample.capture_ns, publish, engine,
                )

    def _head(self, sample: Sample, space: tuple[int, int]) -> Head | None:
        """The head at the hand's time; None: it is not seen, or in another space."""
        newest = self._rings.at("head", self._rings.latest("head"))
        if newest is None or not newest.valid:
            return None
        return seen_head(newest.record[0], newest.capture_ns - sample.capture_ns, space)


def seen_head(told: np.void, apart_ns: int, space: tuple[int, int]) -> Head | None:
    """The head that belongs to a hand.

    Args:
        told: A record of the channel `head`.
        apart_ns: Of its time from the hand's.
        space: The hand's space and its generation.

    Returns:
        None: it is of another frame or space, or cannot be used.
    """
    pose = told["pose"]
    if (
        abs(apart_ns) > HEAD_NS
        or int(pose["flags"]) & _POSE != _POSE
        or (int(told["space"]), int(told["space_generation"])) != space
    ):
        return None
    x, y, z = pose["position"].tolist()
    qx, qy, qz, qw = pose["orientation"].tolist()
    if not math.isfinite(x + y + z + qx + qy + qz + qw):
        return None
    return Head.of((x, y, z), (qx, qy, qz, qw))
