"""Free motion beside the wearer's moving gestures: whether it suffices, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.errors import EnrolmentError
from sensorium.perception.hand_motion import RATE_HZ
from sensorium.perception.own_movements import FREE, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

FEWEST = 3 * RATE_HZ
"""Steps that are needed."""
STRETCH = 10 * RATE_HZ
"""Steps that are kept together at most: so much longer than a gesture that few are cut through."""
SHORTEST = RATE_HZ
"""Steps of a stretch that counts, 1 s: in a shorter one hardly a gesture could be told."""


def check_free(pieces: Sequence[Array]) -> None:
    """Refuses free motion that was hardly seen.

    Args:
        pieces: [steps, WIDTH] embeddings each, without a gap in it.

    Raises:
        EnrolmentError: What would be kept of it is shorter than `FEWEST`.
    """
    count = sum(map(len, _stretches(pieces)))
    if count < FEWEST:
        raise EnrolmentError(
            f"hands and head were seen for {count / RATE_HZ:.1f} s of free motion, "
            f"{FEWEST / RATE_HZ:.0f} are needed; what is shorter than {SHORTEST / RATE_HZ:.0f} s "
            "without a break does not count",
            "move them where the headset sees them; sensorium doctor says whether it does",
        )


def kept(new: Sequence[Array], old: Sequence[Array]) -> tuple[Array, ...]:
    """Stretches of the new free motion and of the old, `FREE` steps at most together.

    The new has at least half of the place; of both, stretches are taken evenly, so that neither a
    hand nor a time is left out.

    Args:
        new: As in `check_free`.
        old: What was kept before.
    """
    before = sum(map(len, old))
    now = _evenly(_stretches(new), max(FREE // 2, FREE - before))
    return (*map(rounded, now), *_evenly(old, FREE - sum(map(len, now))))


def _stretches(pieces: Sequence[Array]) -> list[Array]:
    return [
        piece[first : first + STRETCH]
        for piece in pieces
        for first in range(0, len(piece), STRETCH)
        if len(piece) - first >= SHORTEST
    ]


def _evenly(pieces: Sequence[Array], most: int) -> list[Array]:
    """Whole pieces, `most` steps of them at most."""
    whole = sum(map(len, pieces))
    chosen: list[Array] = []
    passed = taken = 0
    for piece in pieces:
        passed += len(piece)
        if (taken + len(piece)) * whole <= most * passed:
            chosen.append(piece)
            taken += len(piece)
    return chosen
