"""How much is taken at once, so that frames are on time again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.inference.governor.step import Cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.governor.app_frames import AppFrames
    from sensorium.inference.governor.ladder import Ladder

_ROOM = 0.1
"""Share of the period that is to be free again."""
_MARGIN = 1.5
"""What is freed on all processors together does not all go to the app."""
_PARTS = 4
"""While no frame is late yet, so many changes at least go all the way."""
_SECOND_NS = 1e9


def level_for(
    app: AppFrames, cause: Cause, level: int, ladder: Ladder, full: Mapping[str, int | None]
) -> int:
    """The level that is predicted to free enough, at most `ladder.kept`, above the present one.

    Where an engine's cost is not known, it is not predicted: all that may be taken is.

    Args:
        app: Whose frames are in trouble.
        cause: LATE, MISSED or CLOSE.
        level: The present one, below `ladder.kept`.
        ladder: What the levels take.
        full: What the engines of each sense take at full, ns a second; None: not known.
    """
    most, excess = ladder.kept, 0.0
    if cause is Cause.CLOSE:
        most = min(most, level - (-ladder.kept // _PARTS))
        excess = app.fill - 1.0
    elif app.period_ns and app.late_ns:
        excess = app.late_ns / app.period_ns
    else:
        return most
    needed = (max(0.0, excess) + _ROOM) * _MARGIN * _SECOND_NS
    saved = 0.0
    for place in range(level, most):
        rung = ladder.rungs[place]
        if rung.sense:
            cost = full.get(rung.sense)
            if cost is None:
                return most
            saved += cost * rung.saves
        if saved >= needed:
            return place + 1
    return most
