"""What the rest of the PC waits for, and whether the senses give way to it."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

ASKED_NS = 1_000_000_000
"""A newer answer than this is not asked for; what it tells is of the last second."""


class Pressure(NamedTuple):
    """Shares of the last second, 0 to 1; None: the system does not tell.

    Attributes:
        cpu_some: Of the time in which some task waited for a processor (ours count, too).
        others_busy: Of all processors' time, that of processes which are not ours.
        memory_some: Of the time in which some task waited for memory.
        gpu_busy: Of the GPU's time, that of others than ours.
    """

    cpu_some: float | None = None
    others_busy: float | None = None
    memory_some: float | None = None
    gpu_busy: float | None = None

    @property
    def share(self) -> float:
        """The largest that counts as others' need; NaN: nothing is known.

        That tasks wait for a processor counts as far as others are busy: ours wait, too.
        """
        waits = None
        if self.cpu_some is not None and self.others_busy is not None:
            waits = min(self.cpu_some, self.others_busy)
        known = [
            each
            for each in (waits, self.others_busy, self.memory_some, self.gpu_busy)
            if each is not None
        ]
        return max(known, default=float("nan"))


class Want(IntEnum):
    """What a reading asks of the senses."""

    LESS = -1
    """They may take more again."""
    SAME = 0
    MORE = 1
    """They give way further."""


_PRESSED = Pressure(cpu_some=0.3, others_busy=0.85, memory_some=0.2, gpu_busy=0.9)
_EASED = Pressure(cpu_some=0.15, others_busy=0.7, memory_some=0.05, gpu_busy=0.7)


def wanted(pressure: Pressure) -> Want:
    """What one reading says, between two limits of each share nothing changes.

    Others who are busy and wait for nobody are no reason; that there is hardly a processor left is.
    """
    waits = None
    if pressure.cpu_some is not None and pressure.others_busy is not None:
        waits = min(pressure.cpu_some, pressure.others_busy)
    judged = (waits, *pressure[1:])
    above = [
        (share >= pressed, share < eased)
        for share, pressed, eased in zip(judged, _PRESSED, _EASED, strict=True)
        if share is not None and pressed is not None and eased is not None
    ]
    if any(pressed for pressed, _ in above):
        return Want.MORE
    return Want.LESS if above and all(eased for _, eased in above) else Want.SAME
