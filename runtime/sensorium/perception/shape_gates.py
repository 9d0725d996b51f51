"""Begins and ends of a hand's shapes, and the pinch that comes twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensorium.perception.hysteresis import Change, LabelGate
from sensorium.records.hands import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PHASE_NONE, PHASE_BEGIN, PHASE_HOLD, PHASE_END = 0, 1, 2, 3
_ON = 1
"""The one label of a shape's gate."""


class Turn(NamedTuple):
    """A shape that begins or ends.

    Attributes:
        shape: Index in `SHAPES`.
        change: BEGIN or END.
        since_ns: When the run of frames began that made it begin.
    """

    shape: int
    change: Change
    since_ns: int


class ShapeGates:
    """The hysteresis of all shapes of a hand; each stands for itself.

    Args:
        begin_score: See `hysteresis.LabelGate`, as all others.
        begin_frames: In a row.
        end_score: Below it a shape ends.
        end_frames: In a row.

    Attributes:
        phases: Of each shape, after the newest frame.
    """

    def __init__(
        self, begin_score: float, begin_frames: int, end_score: float, end_frames: int
    ) -> None:
        self._gates = [
            LabelGate(begin_score, begin_frames, end_score, end_frames) for _ in SHAPES
        ]
        self.phases = [PHASE_NONE] * len(SHAPES)

    @property
    def held(self) -> int:
        """Bits, 1 << index: the shapes that are held."""
        return sum(1 << shape for shape, gate in enumerate(self._gates) if gate.label)

    def update(self, scores: Sequence[float], time_ns: int) -> list[Turn]:
        """Takes one frame's scores; what begins or ends, in the order of `SHAPES`."""
        turns = []
        phases = self.phases
        for shape, gate in enumerate(self._gates):
            score = scores[shape]
            if not gate.label and score <= 0.0:
                gate.forget()
                phases[shape] = PHASE_NONE
                continue
            change = gate.update((0.0, score), time_ns)
            if change != Change.NONE:
                turns.append(Turn(shape, change, gate.since_ns))
            phases[shape] = PHASES[change] or (PHASE_HOLD if gate.label else PHASE_NONE)
        return turns

    def forget(self) -> None:
        """Drops what has not yet begun: its frames do not follow one another."""
        for gate in self._gates:
            gate.forget()

    def stop(self) -> Iterator[Turn]:
        """Ends what is held, at once."""
        self.forget()
        for shape, gate in enumerate(self._gates):
            self.phases[shape] = PHASE_NONE
            if gate.stop() == Change.END:
                yield Turn(shape, Change.END, gate.since_ns)


PHASES = {Change.NONE: PHASE_NONE, Change.BEGIN: PHASE_BEGIN, Change.END: PHASE_END}


class DoublePinch:
    """Counts pinches of thumb and index, as a mouse counts clicks.

    Two of them are known by counting: a model would only add its own errors.

    Args:
        within_ns: From the first pinch's begin to the second's.
    """

    def __init__(self, within_ns: int) -> None:
        self._within_ns = within_ns
        self._first_ns: int | None = None

    def begins(self, time_ns: int) -> int | None:
        """Told of a pinch that begins.

        Returns:
            When the first one began, where this is the second; else None. A third begins anew.
        """
        first, self._first_ns = self._first_ns, time_ns
        if first is None or not 0 < time_ns - first <= self._within_ns:
            return None
        self._first_ns = None
        return first

    def forget(self) -> None:
        """The hand was lost: what it had begun counts no more."""
        self._first_ns = None
