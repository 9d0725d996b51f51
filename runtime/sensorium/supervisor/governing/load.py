"""What others on the PC take of it, asked of the system where no app tells its frames."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from sensorium.inference.governor.pressure import Pressure

if TYPE_CHECKING:
    from collections.abc import Iterable

ASKED_NS = 1_000_000_000
"""What is told is of at least so long."""
_STATISTICS = "/proc/stat"
_STALLS = "/proc/pressure/{}"
_IDLE = slice(3, 5)
"""Of a processor's ticks: idle and waiting for a disk."""


class _Sums(NamedTuple):
    """Sums since the system's start.

    Attributes:
        at_ns: When they were taken.
        cpu_us: How long some task waited for a processor; None: the system does not tell.
        memory_us: The same for memory.
        ticks: Of all processors.
        busy: Those in which somebody used one.
        own: Ticks that each of our processes used.
    """

    at_ns: int
    cpu_us: int | None
    memory_us: int | None
    ticks: int
    busy: int
    own: dict[int, int]


class Load:
    """Follows the system's sums. Linux only: elsewhere nothing is known."""

    def __init__(self) -> None:
        self._before: _Sums | None = None

    def forget(self) -> None:
        """What is until the next look does not count."""
        self._before = None

    def look(self, own: Iterable[int], now_ns: int) -> Pressure | None:
        """What was since the last look.

        Args:
            own: Process numbers of the daemon and its children.
            now_ns: Monotonic.

        Returns:
            None: it is not known yet, or was asked less than a second ago.
        """
        before = self._before
        if sys.platform != "linux" or (before and now_ns - before.at_ns < ASKED_NS):
            return None
        self._before = now = _sums(own, now_ns)
        if before is None:
            return None
        ticks, busy = now.ticks - before.ticks, now.busy - before.busy
        mine = sum(max(0, used - before.own.get(pid, used)) for pid, used in now.own.items())
        span_us = (now.at_ns - before.at_ns) / 1000
        return Pressure(
            cpu_some=_share(before.cpu_us, now.cpu_us, span_us),
            others_busy=min(1.0, max(0.0, (busy - mine) / ticks)) if ticks > 0 else None,
            memory_some=_share(before.memory_us, now.memory_us, span_us),
        )


def _share(before_us: int | None, now_us: int | None, span_us: float) -> float | None:
    if before_us is None or now_us is None:
        return None
    return min(1.0, max(0.0, (now_us - before_us) / span_us))


def _sums(own: Iterable[int], now_ns: int) -> _Sums:
    ticks = [int(each) for each in _first_line(_STATISTICS).split()[1:9]]
    used = {pid: spent for pid in own if (spent := _used(pid)) is not None}
    return _Sums(
        now_ns, _stalled("cpu"), _stalled("memory"), sum(ticks), sum(ticks) - sum(ticks[_IDLE]),
        used,
    )


def _stalled(what: str) -> int | None:
    told = _first_line(_STALLS.format(what)).rpartition("total=")[2].strip()
    return int(told) if told.isdecimal() else None


def _used(pid: int) -> int | None:
    """Ticks that a process used in all its threads; None: it is gone."""
    fields = _first_line(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) if len(fields) > 12 else None


def _first_line(path: str) -> str:
    """Empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline()
    except OSError:
        return ""
