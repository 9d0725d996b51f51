"""Sleeping until a channel has something new, and waking those who sleep.

A sleeper leaves a lease (a time until which it may sleep) in the waiters' page, then waits: on
Linux on the low half of the channel's `latest`, which changes with every record, on Windows on an
event of its own. The writer wakes only while a lease stands. A lease ends by itself, so a sleeper
that is killed costs nothing, and no atomic addition is needed, which Python does not have.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING

if sys.platform == "win32":
    from sensorium.channels.events_windows import Bed, wake_all, waker
else:
    from sensorium.channels.futex_linux import Bed, wake_all, waker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.channels.reader import Ring
    from sensorium.channels.region import Waiters

__all__ = ["LEASE_NS", "NAP_NS", "Sleeper", "wait_any", "wake_all", "waker"]

LEASE_NS = 2_000_000_000
"""How long a lease stands. Every sleeper writes the same length, so that a lost race between
two of them costs at most the nap below."""
NAP_NS = 1_000_000_000
"""The longest single sleep; a lease is renewed after it."""


class Sleeper:
    """Sleeps until one of several channels has a record that its reader has not seen.

    Used by one thread, and closed when it is not needed any more.

    Args:
        rings: Readers or cursors.
        pages: The waiters' page of each ring's region, in the same order.
    """

    def __init__(self, rings: Sequence[Ring], pages: Sequence[Waiters]) -> None:
        self._rings = tuple(rings)
        self._leases = tuple(
            (page.words, ring.entry.index) for ring, page in zip(rings, pages, strict=True)
        )
        self._bed = Bed(rings, pages)
        self._fence = threading.Lock()

    def wait(self, seen: Sequence[int], timeout_s: float) -> bool:
        """Sleeps.

        Args:
            seen: The newest record number that each reader has seen.
            timeout_s: The longest sleep, in seconds.

        Returns:
            True when a channel has something new or its region came to an end, False when the
            time is over.
        """
        end = time.perf_counter_ns() + int(timeout_s * 1e9)
        while True:
            now = time.perf_counter_ns()
            self._bed.lease(now + LEASE_NS)
            for words, index in self._leases:
                words[index] = now + LEASE_NS
            # Taking a lock is a full fence: the lease is out before the counters are looked at.
            with self._fence:
                pass
            for ring, number in zip(self._rings, seen, strict=True):
                if ring.latest() != number or ring.ended():
                    return True
            if now >= end:
                return False
            self._bed.sleep(seen, min(NAP_NS, end - now))

    def close(self) -> None:
        """Gives up what was needed to be woken. A second call does nothing."""
        self._bed.close()


def wait_any(
    rings: Sequence[tuple[Ring, int]], pages: Sequence[Waiters], timeout_s: float
) -> bool:
    """Sleeps until one of several channels has a record that its reader has not seen.

    Args:
        rings: Pairs of a reader or cursor and the newest record number that it has seen.
        pages: The waiters' page of each ring's region, in the same order.
        timeout_s: The longest sleep, in seconds.

    Returns:
        True when a channel has something new or its region came to an end, False when the
        time is over.
    """
    with contextlib.closing(Sleeper([ring for ring, _ in rings], pages)) as sleeper:
        return sleeper.wait([seen for _, seen in rings], timeout_s)
