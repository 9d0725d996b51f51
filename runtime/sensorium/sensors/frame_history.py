"""An app's frames of the last minute, whoever tells them: the app itself, or the OpenXR layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECONDS = 60
MOST = 16_384
"""Frames that are kept: a minute at 270 Hz; of a faster app less than a minute."""
_FIRST = 512
_SECOND_NS = 1_000_000_000
_MISSED_MAX = 1_000_000
"""An app that says it missed more at once says nothing."""

_FRAME = np.dtype([
    ("end_ns", "<i8"), ("took", "<u4"), ("interval", "<u4"), ("cpu", "<u4"), ("gpu", "<u4"),
    ("missed", "<u4"), ("late", "?"),
])  # fmt: skip
"""Spans in us; 0: not known."""


class FrameHistory:
    """Takes frames and gives figures of them.

    Attributes:
        frames: Taken so far.
        missed: Of the display's refreshes, those that showed no new frame.
        late: Frames that were submitted after their display time.
        period_ns: The display's, as the newest frame tells it; 0: not known.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.missed = 0
        self.late = 0
        self.period_ns = 0
        self._dated = False
        self._told: int | None = None
        self._end_ns = 0
        self._ring: NDArray[np.void] = np.zeros(_FIRST, _FRAME)

    def add(self, frame: np.void) -> None:
        """Takes one frame, a checked `records.FRAME_TIMING`, each once and in their order."""
        begin, end, display = (int(frame[name]) for name in ("begin_ns", "end_ns", "display_ns"))
        told = int(frame["missed"])
        missed = 0 if self._told is None else told - self._told
        self._told = told
        if not 0 <= missed <= _MISSED_MAX:
            missed = 0
        late = 0 < display < end
        self._dated |= display > 0
        self.period_ns = int(frame["period_ns"])
        if self.frames == len(self._ring) < MOST:
            self._ring = np.concatenate([self._ring, np.zeros_like(self._ring)])
        interval = max(0, end - self._end_ns) if self._end_ns else 0
        self._ring[self.frames % len(self._ring)] = (
            end, (end - begin) // 1000, min(interval // 1000, 0xFFFFFFFF),
            int(frame["cpu_ns"]) // 1000, int(frame["gpu_ns"]) // 1000, missed, late,
        )  # fmt: skip
        self._end_ns = end
        self.frames += 1
        self.missed += missed
        self.late += late

    def figures(self, now_ns: int) -> dict[str, Any]:
        """What the last minute was like, as JSON values.

        Args:
            now_ns: The monotonic clock.

        Returns:
            `frames`, `missed` and `late` (None where display times are not told) since the first
            frame; `rate_hz` of the last second; `period_ms` of the display, else None; of the
            minute `frame_ms` (begin to submission), `interval_ms`, `cpu_ms` and `gpu_ms`: p50, p95
            and p99, or None where they are not known; and `minute`: frames, missed and late of
            each of its seconds, the newest last.
        """
        kept = self._ring[: min(self.frames, len(self._ring))]
        ages = now_ns - kept["end_ns"]
        # What ends ahead of now ends now: a frame of a few ms is told when it is over.
        seconds = np.maximum(ages, 0) // _SECOND_NS
        recent = kept[seconds < SECONDS]
        places = SECONDS - 1 - seconds[seconds < SECONDS]
        return {
            "frames": self.frames, "missed": self.missed,
            "late": self.late if self._dated else None,
            "rate_hz": int(np.count_nonzero(seconds == 0)),
            "period_ms": round(self.period_ns / 1e6, 3) if self.period_ns else None,
            "frame_ms": _quantiles(recent["took"]),
            "interval_ms": _quantiles(recent["interval"][recent["interval"] > 0]),
            "cpu_ms": _quantiles(recent["cpu"][recent["cpu"] > 0]),
            "gpu_ms": _quantiles(recent["gpu"][recent["gpu"] > 0]),
            "minute": {
                "frames": _by_second(places), "missed": _by_second(places, recent["missed"]),
                "late": _by_second(places, recent["late"]),
            },
        }  # fmt: skip


def _quantiles(spans_us: NDArray[Any]) -> dict[str, float] | None:
    if not len(spans_us):
        return None
    found = np.quantile(spans_us, (0.5, 0.95, 0.99)) / 1000
    return dict(zip(("p50", "p95", "p99"), (round(float(each), 3) for each in found), strict=True))


def _by_second(places: NDArray[Any], weights: NDArray[Any] | None = None) -> list[int]:
    counts = np.bincount(places, weights, SECONDS)
    return [int(each) for each in counts]
