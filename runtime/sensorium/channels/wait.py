"""Sleeping until a channel has something new, and waking those who sleep.

A sleeper leaves a lease (a time until which it may sleep) in the waiters' page, then waits on
the low half of the channel's `latest`, which changes with every record. The writer wakes only
while a lease stands. A lease ends by itself, so a sleeper that is killed costs nothing, and no
atomic addition is needed, which Python does not have.
"""

from __future__ import annotations

import ctypes
import errno
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.channels.reader import Ring
    from sensorium.channels.region import Waiters

LEASE_NS = 2_000_000_000
"""How long a lease stands. Every sleeper writes the same length, so that a lost race between
two of them costs at most the nap below."""
NAP_NS = 1_000_000_000
"""The longest single sleep; a lease is renewed after it."""

_POLL_S = 0.002
"""Where the system has no wait on several words: how often they are looked at."""

if sys.platform == "linux":
    _SYS_FUTEX, _SYS_FUTEX_WAITV = 202, 449
    _FUTEX_WAIT, _FUTEX_WAKE, _FUTEX2_U32 = 0, 1, 2
    _CLOCK_MONOTONIC = 1
    _WOKEN = (errno.EAGAIN, errno.EINTR, errno.ETIMEDOUT)
    _ALL = 0x7FFFFFFF
    _syscall = ctypes.CDLL(None, use_errno=True).syscall
    _syscall.restype = ctypes.c_long

    class _Timespec(ctypes.Structure):
        _fields_ = (("seconds", ctypes.c_int64), ("nanoseconds", ctypes.c_int64))

    class _Waitv(ctypes.Structure):
        """struct futex_waitv of linux/futex.h."""

        _fields_ = (
            ("value", ctypes.c_uint64),
            ("address", ctypes.c_uint64),
            ("flags", ctypes.c_uint32),
            ("reserved", ctypes.c_uint32),
        )

    def wake(address: int) -> None:
        """Wakes all who sleep on the word at `address`; costs a system call (12-25 us)."""
        _syscall(_SYS_FUTEX, ctypes.c_void_p(address), _FUTEX_WAKE, _ALL, None, None, 0)

    class _Futexes:
        """What one sleeper passes to the kernel, made once for the words that it waits on."""

        def __init__(self, addresses: Sequence[int]) -> None:
            self._vector = (_Waitv * len(addresses))(
                *(_Waitv(0, address, _FUTEX2_U32, 0) for address in addresses)
            )
            self._words = tuple(self._vector)
            self._time = _Timespec()
            count = len(addresses)
            if count == 1:
                self._address = ctypes.c_void_p(addresses[0])
            self._arguments = (
                _SYS_FUTEX_WAITV, self._vector, ctypes.c_uint(count), ctypes.c_uint(0),
                ctypes.byref(self._time), ctypes.c_int(_CLOCK_MONOTONIC),
            )

        def sleep(self, values: Sequence[int], nap_ns: int) -> None:
            """Sleeps until one of the words differs from its value, at most `nap_ns`."""
            if not self._words:
                time.sleep(nap_ns / 1e9)
                return
            if self._wait(values, nap_ns) < 0 and ctypes.get_errno() not in _WOKEN:
                # An older kernel, or a sandbox that forbids the call: look again soon, not at once.
                time.sleep(min(_POLL_S, nap_ns / 1e9))

        def _wait(self, values: Sequence[int], nap_ns: int) -> int:
            when = self._time
            if len(self._words) == 1:
                when.seconds, when.nanoseconds = divmod(nap_ns, 1_000_000_000)
                return int(_syscall(
                    _SYS_FUTEX, self._address, _FUTEX_WAIT,
                    ctypes.c_uint32(values[0] & 0xFFFFFFFF), ctypes.byref(when), None, 0,
                ))
            end = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + nap_ns
            when.seconds, when.nanoseconds = divmod(end, 1_000_000_000)
            for word, value in zip(self._words, values, strict=True):
                word.value = value & 0xFFFFFFFF
            return int(_syscall(*self._arguments))

else:

    class _Futexes:
        """Where the system has no wait on several words: naps."""

        def __init__(self, addresses: Sequence[int]) -> None: ...

        def sleep(self, values: Sequence[int], nap_ns: int) -> None:
            """Sleeps for a moment, whatever the words are."""
            time.sleep(min(_POLL_S, nap_ns / 1e9))

    def wake(address: int) -> None:
        """Sleepers look at the words by themselves here; nothing to do."""


class Sleeper:
    """Sleeps until one of several channels has a record that its reader has not seen.

    Args:
        rings: Readers or cursors.
        pages: The waiters' page of each ring's region, in the same order.
    """

    def __init__(self, rings: Sequence[Ring], pages: Sequence[Waiters]) -> None:
        self._rings = tuple(rings)
        self._leases = tuple(
            (page.words, ring.entry.index) for ring, page in zip(rings, pages, strict=True)
        )
        self._futexes = _Futexes([ring.futex() for ring in rings])

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
            for words, index in self._leases:
                words[index] = now + LEASE_NS
            for ring, number in zip(self._rings, seen, strict=True):
                if ring.latest() != number or ring.ended():
                    return True
            if now >= end:
                return False
            self._futexes.sleep(seen, min(NAP_NS, end - now))


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
    sleeper = Sleeper([ring for ring, _ in rings], pages)
    return sleeper.wait([seen for _, seen in rings], timeout_s)
