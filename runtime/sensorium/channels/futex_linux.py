"""Sleeping on the counters themselves and waking who sleeps on one: Linux futexes."""

from __future__ import annotations

import ctypes
import errno
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.channels.reader import Ring
    from sensorium.channels.region import Region, Waiters
    from sensorium.channels.table import EntryInfo

_POLL_S = 0.002
"""Where the system has no wait on several words: how often they are looked at."""

if sys.platform != "win32":
    from sensorium.channels.layout import Entry

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

    def waker(region: Region, entry: EntryInfo, _page: Waiters | None) -> Callable[[int], None]:
        """What wakes all who sleep on a channel; costs a system call (12-25 us)."""
        address = ctypes.c_void_p(region.address() + entry.base + Entry.LATEST)

        def wake(_now_ns: int) -> None:
            _syscall(_SYS_FUTEX, address, _FUTEX_WAKE, _ALL, None, None, 0)

        return wake

    def wake_all(region: Region) -> None:
        """Wakes all who sleep on any channel of a region."""
        for entry in region.entries.values():
            waker(region, entry, None)(0)

    class Bed:
        """What one sleeper passes to the kernel, made once for the words that it waits on.

        Args:
            rings: Readers or cursors.
        """

        def __init__(self, rings: Sequence[Ring], _pages: Sequence[Waiters]) -> None:
            addresses = [ring.futex() for ring in rings]
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

        def lease(self, _until_ns: int) -> None:
            """Nothing is needed beside the leases of the channels."""

        def sleep(self, values: Sequence[int], nap_ns: int) -> None:
            """Sleeps until one of the words differs from its value, at most `nap_ns`."""
            if not self._words:
                time.sleep(nap_ns / 1e9)
                return
            if self._wait(values, nap_ns) < 0 and ctypes.get_errno() not in _WOKEN:
                # An older kernel, or a sandbox that forbids the call: look again soon, not at once.
                time.sleep(min(_POLL_S, nap_ns / 1e9))

        def close(self) -> None:
            """Nothing is held."""

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
