"""When to poll, and what time a poll is for: the pace and the conversion to XrTime.

XrTime counts nanoseconds from a zero that each OpenXR instance chooses, so it is never compared
across processes: what is published carries the system's monotonic clock.
"""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensorium.sensors.openxr.calls import Calls

SECOND_NS = 1_000_000_000

CONVERSION = (
    "XR_KHR_win32_convert_performance_counter_time"
    if sys.platform == "win32"
    else "XR_KHR_convert_timespec_time"
)
"""The extension that converts the clock of `sensorium.clock` to XrTime."""


class Pacer:
    """Deadlines at a steady rate, counted from an absolute time, so that lateness never adds up.

    Args:
        rate_hz: Deadlines a second.
        now_ns: The first deadline.
    """

    def __init__(self, rate_hz: float, now_ns: int) -> None:
        self.rate_hz = rate_hz
        self.missed = 0
        self._period_ns = round(SECOND_NS / rate_hz)
        self._due_ns = now_ns

    def set_rate(self, rate_hz: float) -> None:
        """Changes the rate from the next deadline on."""
        self.rate_hz = rate_hz
        self._period_ns = round(SECOND_NS / rate_hz)

    def remaining_s(self, now_ns: int) -> float:
        """Seconds until the deadline; 0 or less once it is due."""
        return (self._due_ns - now_ns) / SECOND_NS

    def advance(self, now_ns: int) -> None:
        """Moves on to the first deadline after `now_ns`; those that were skipped are counted."""
        steps = max((now_ns - self._due_ns) // self._period_ns + 1, 1)
        self.missed += steps - 1
        self._due_ns += steps * self._period_ns


def timespec_of(time_ns: int) -> tuple[int, int]:
    """Splits a time in ns into the seconds and nanoseconds of a `struct timespec`."""
    return divmod(time_ns, SECOND_NS)


def ticks_of(time_ns: int, frequency_hz: int) -> int:
    """Converts a time in ns to ticks of Windows' performance counter.

    `time.perf_counter_ns` is `ticks * 10**9 / frequency`, rounded down; rounding up here gives the
    same tick back.
    """
    return -(-time_ns * frequency_hz // SECOND_NS)


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_int64), ("tv_nsec", ctypes.c_int64))


class TimeConverter:
    """Converts times of the shared monotonic clock to XrTime of one instance.

    Args:
        calls: The functions of an instance that has the extension `CONVERSION`.
    """

    def __init__(self, calls: Calls) -> None:
        self._instance = calls.instance
        self._time = ctypes.c_int64()
        self._time_address = ctypes.addressof(self._time)
        if sys.platform == "win32":
            frequency = ctypes.c_int64()
            ctypes.windll.kernel32.QueryPerformanceFrequency(ctypes.byref(frequency))
            self._frequency_hz = frequency.value
            self._ticks = ctypes.c_int64()
            self._source_address = ctypes.addressof(self._ticks)
            name = "xrConvertWin32PerformanceCounterToTimeKHR"
        else:
            self._timespec = _Timespec()
            self._source_address = ctypes.addressof(self._timespec)
            name = "xrConvertTimespecTimeToTimeKHR"
        self._convert = calls.find(name, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p)

    def xr_time(self, time_ns: int) -> int:
        """Returns the XrTime of a time in ns; 0 when the runtime refuses, as 0 is no XrTime."""
        if sys.platform == "win32":
            self._ticks.value = ticks_of(time_ns, self._frequency_hz)
        else:
            self._timespec.tv_sec, self._timespec.tv_nsec = timespec_of(time_ns)
        if self._convert(self._instance, self._source_address, self._time_address) < 0:
            return 0
        return self._time.value
