"""Whose turn is next among those of the same urgency: callers go round in a circle."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensorium.service.models.turn import Caller, Turn

_REMEMBERED = 1024
"""Callers; of more the one that was served longest ago counts as never served."""


class Rounds:
    """Round robin over callers (Nagle, "On packet switches with infinite storage", RFC 970, 1985).

    So who sends a hundred requests at once makes another wait for one of them, not for all.
    """

    def __init__(self) -> None:
        self._served: OrderedDict[Caller, int] = OrderedDict()
        self._count = 0

    def serve(self, caller: Caller) -> None:
        """Notes that a turn of a caller has begun."""
        self._count += 1
        self._served[caller] = self._count
        self._served.move_to_end(caller)
        if len(self._served) > _REMEMBERED:
            self._served.popitem(last=False)

    def order(self, turns: Sequence[Turn]) -> Iterable[Turn]:
        """The turns as they are to begin.

        Args:
            turns: The most urgent first, and of the same urgency in the order they came.

        Returns:
            Of the same urgency first one of each caller, in the order in which callers were served
            last, then the second of each, and so on.
        """
        if len(turns) < 2:
            return turns
        before: Counter[tuple[int, Caller]] = Counter()
        placed = []
        for at, turn in enumerate(turns):
            key = (turn.priority, turn.caller)
            placed.append((turn.priority, before[key], self._served.get(turn.caller, 0), at))
            before[key] += 1
        return [turns[at] for *_, at in sorted(placed)]
