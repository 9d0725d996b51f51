"""What the rest of the PC waits for, and whether the senses give way to it."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

from sensorium.inference.governor.step import Cause


class Pressure(NamedTuple):
    """Shares of the last second, 0 to 1; None: the system does not tell.

    Attributes:
        cpu_some: Of the time in which some task waited for a processor (ours count, too).
        others_busy: Of all processors' time, that of processes which are not ours, nor nice, where
            the system tells that.
        memory_some: Of the time in which some task waited for memory.
        gpu_busy: Of the GPU's time, that of others than ours.
    """

    cpu_some: float | None = None
    others_busy: float | None = None
    memory_some: float | None = None
    gpu_busy: float | None = None

    @property
    def waits(self) -> float | None:
        """`cpu_some`, which counts as far as others are busy: ours wait, too."""
        if self.cpu_some is None or self.others_busy is None:
            return None
        return min(self.cpu_some, self.others_busy)

    @property
    def share(self) -> float:
        """The largest that counts as others' need; NaN: nothing is known."""
        known = [each for each in (self.waits, *self[1:]) if each is not None]
        return max(known, default=math.nan)


class Want(IntEnum):
    """What a reading asks of the senses."""

    LESS = -1
    """They may take more again."""
    SAME = 0
    MORE = 1
    """They give way further."""


_PRESSED_NS, _PARTS = 2_000_000_000, 4
"""So long from one change to the next that takes more, and in so many of them all is taken."""
_GIVEN_NS, _CALM_NS, _PARTS_GIVEN = 1_000_000_000, 3_000_000_000, 5
"""So long from one change to the next that gives back, after so long a calm, and in how many."""
_READING_NS = 5_000_000_000
"""A reading that is older says nothing any more."""
_PRESSED = Pressure(cpu_some=0.3, others_busy=0.85, memory_some=0.2, gpu_busy=0.9)
_EASED = Pressure(cpu_some=0.15, others_busy=0.7, memory_some=0.05, gpu_busy=0.7)
_CAUSES = Cause.PRESSURE, Cause.PRESSURE, Cause.MEMORY, Cause.GPU
"""What is waited for, of each share."""


def wanted(pressure: Pressure) -> Want:
    """What one reading says, between two limits of each share nothing changes.

    Others who are busy and wait for nobody are no reason; that there is hardly a processor left is.
    """
    judged = (pressure.waits, *pressure[1:])
    above = [
        (share >= pressed, share < eased)
        for share, pressed, eased in zip(judged, _PRESSED, _EASED, strict=True)
        if share is not None and pressed is not None and eased is not None
    ]
    if any(pressed for pressed, _ in above):
        return Want.MORE
    return Want.LESS if above and all(eased for _, eased in above) else Want.SAME


def reason(pressure: Pressure) -> tuple[Cause, float] | None:
    """Of a reading that asks for more: what is short most, by its limit, and its share.

    None: it asks for nothing.
    """
    judged = zip(_CAUSES, (pressure.waits, *pressure[1:]), _PRESSED, strict=True)
    above = [
        (share / pressed, cause, share)
        for cause, share, pressed in judged
        if share is not None and pressed is not None and share >= pressed
    ]
    return max(above)[1:] if above else None


class GivingWay:
    """Follows the pressure by one level at first, then by larger parts.

    Attributes:
        share: See `Pressure`, of the newest reading; of what the senses give way to, where they
            are to; NaN: nothing is known.
        cause: What others waited for when a reading last asked for more.
    """

    def __init__(self) -> None:
        self.share = math.nan
        self.cause = Cause.PRESSURE
        self._read_ns = 0
        self._top = 0
        self._pressed_ns = 0

    def heard(self, pressure: Pressure | None, now_ns: int) -> Want | None:
        """What a new reading asks for, and that nothing is read any more; None: nothing new."""
        if pressure is not None:
            self.share, self._read_ns = pressure.share, now_ns
            if (found := reason(pressure)) is not None:
                self.cause, self.share = found
            return wanted(pressure)
        if now_ns - self._read_ns <= _READING_NS:
            return None
        self.share = math.nan
        return Want.LESS

    def level(self, want: Want, level: int, kept: int, since_ns: float, now_ns: int) -> int:
        """The next level.

        Args:
            want: What the newest reading asks for.
            level: The present one.
            kept: The highest that there may be.
            since_ns: Since the level was changed.
            now_ns: Monotonic.
        """
        if want is not Want.LESS:
            self._pressed_ns = now_ns
        if want is Want.MORE and since_ns >= _PRESSED_NS and level < kept:
            self._top = min(level - (-kept // _PARTS), kept) if level else 1
            return self._top
        calm = now_ns - self._pressed_ns >= _CALM_NS
        if want is Want.LESS and level and calm and since_ns >= _GIVEN_NS:
            return max(0, level - -(-max(self._top, level) // _PARTS_GIVEN))
        return level
