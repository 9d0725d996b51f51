"""Tells the wearer's own moving gestures of one hand, each when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.hand_motion import STEP_NS
from sensorium.perception.movement_embedding import MovementEmbedding
from sensorium.perception.movement_span import STILL
from sensorium.perception.movement_telling import Teller, nearest
from sensorium.perception.own_shapes import AT_LIMIT
from sensorium.perception.warping import Match, Warping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.hand_geometry import Points
    from sensorium.perception.hand_motion import Step
    from sensorium.perception.known_gestures import KnownMovements


class OwnMoved(NamedTuple):
    """An own gesture that has been made.

    Attributes:
        id: Of the gesture.
        name: UTF-8.
        score: 0..1; 0.7 where it is told from all else.
        begin_ns: When it began.
        end_ns: When it had ended.
    """

    id: int
    name: bytes
    score: float
    begin_ns: int
    end_ns: int


class OwnMotion:
    """The state of one hand.

    Args:
        known: Which gestures there are.
    """

    def __init__(self, known: KnownMovements) -> None:
        self._known = known
        self._version = -1
        self._embedding = MovementEmbedding()
        self._warping: Warping | None = None
        self._teller = Teller(known.limits)
        self._step = -1

    def awaited(self, time_ns: int) -> bool:
        """Whether there are any; one that is enrolled or deleted counts from this frame on."""
        known = self._known
        known.glance(time_ns)
        if known.version != self._version:
            self._version = known.version
            self._warping = Warping(known.patterns) if known.patterns else None
            self._teller = Teller(known.limits)
            self.forget()
        return self._warping is not None

    def update(self, points: Points, time_ns: int, steps: Sequence[Step]) -> list[OwnMoved]:
        """Takes one frame, and the steps that `HandMotion` made of it; what has been made."""
        if self._warping is None:
            return []
        known, told = self._known, []
        rows = self._embedding.push(time_ns, points, steps)
        for step, row in zip(steps, rows, strict=True):
            self._step += 1
            match = nearest(
                self._warping.push(row[None]), known.whose, np.ones(len(known.whose), bool),
                len(known.ids),
            )
            found = self._teller.push(Match(*(part[0] for part in match)))
            if found is not None:
                told.append(OwnMoved(
                    known.ids[found.gesture], known.names[found.gesture],
                    AT_LIMIT ** (found.near**2),
                    step.time_ns - (self._step - found.begin - STILL) * STEP_NS,
                    step.time_ns - (self._step - found.end + STILL) * STEP_NS,
                ))
        return told

    def forget(self) -> None:
        """What comes next does not follow: what the hand was making is never told."""
        self._embedding.forget()
        if self._warping is not None:
            self._warping.reset()
        self._teller.reset()
        self._step = -1
