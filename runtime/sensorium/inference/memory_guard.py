"""When the GPU's memory runs low, engines go before the game does. Decides; measures nothing."""

from __future__ import annotations

MIB = 1 << 20
MARGIN = 256 * MIB
"""How much more than the reserve and their own need there must be before engines come back."""


class MemoryGuard:
    """Leaves the reserve to the game; see `allows`.

    Args:
        reserve: Bytes that must stay free.
        quiet_s: How long there must have been room before engines come back.

    Attributes:
        need: Bytes that the engines took when they were loaded last; 0 before.
    """

    def __init__(self, reserve: int, quiet_s: float = 10.0) -> None:
        self.reserve = reserve
        self.need = 0
        self._quiet_s = quiet_s
        self._away = False
        self._room_since_s: float | None = None

    def allows(self, free: int, now_s: float) -> bool:
        """Whether engines may be on the GPU now.

        They leave at once when less than the reserve is free. They come back when the reserve,
        what they need and a margin have been free for some time: a world that loads takes its
        memory in steps.

        Args:
            free: Bytes that are free now.
            now_s: Of a clock that never goes back.
        """
        if not self._away:
            self._away = free < self.reserve
            self._room_since_s = None
            return not self._away
        if free < self.reserve + self.need + MARGIN:
            self._room_since_s = None
            return False
        if self._room_since_s is None:
            self._room_since_s = now_s
        self._away = now_s - self._room_since_s < self._quiet_s
        return not self._away
