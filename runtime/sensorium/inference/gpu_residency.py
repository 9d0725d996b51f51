"""Which engines stay in the GPU's memory, and which leave it first. Decides; moves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.place import Place


@dataclass(frozen=True)
class Residency:
    """What the configuration says of it.

    Attributes:
        idle_s: After so long without a run an engine leaves; 0: never.
        keep_warm: Names of those that stay without runs.
    """

    idle_s: float = 0.0
    keep_warm: frozenset[str] = frozenset()

    def idle(self, places: Sequence[Place], now_s: float) -> list[Place]:
        """Those that leave because nobody uses them.

        Args:
            places: With an engine.
            now_s: Of the clock that `Place.used_s` is of.
        """
        if not self.idle_s:
            return []
        return [
            place for place in places
            if place.name not in self.keep_warm and now_s - place.used_s >= self.idle_s
        ]

    def first_to_leave(self, places: Sequence[Place]) -> Place | None:
        """The one that was not used for longest; those that are kept warm come last.

        Args:
            places: With an engine; None is the answer where there is none.
        """
        return min(
            places, key=lambda place: (place.name in self.keep_warm, place.used_s), default=None
        )
