"""The noise of gaze from sample to sample, and how fast it looks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium.perception.eyes.angular_speed import WINDOW_NS
from sensorium.perception.eyes.running_median import RunningMedian

if TYPE_CHECKING:
    from sensorium.perception.eyes.directions import Vector

_REMEMBERED = 180
"""Samples that it is measured by: 2 s at 90 Hz."""
_LEAST = 10
_MEDIAN_OF_RAYLEIGH = math.sqrt(2.0 * math.log(2.0))


class SampleNoise:
    """How much a sample is off the line through its neighbours: of movement only bends count.

    Each sample against the line through the one before and the one after, by the deviation that
    the noise of the three together has there (Gasser, Sroka & Jennen-Steinmetz, "Residual variance
    and residual pattern in nonlinear regression", Biometrika 73, 1986), and of these the median,
    which saccades do not move.

    Noise that a tracker has smoothed over several samples looks smaller than it is.
    """

    def __init__(self) -> None:
        self._residuals = RunningMedian(_REMEMBERED)
        self._intervals = RunningMedian(_REMEMBERED)
        self._newest: list[tuple[int, Vector]] = []

    def add(self, time_ns: int, direction: Vector) -> None:
        """Takes a sample, later than the one before."""
        newest = self._newest
        if len(newest) == 2:
            (first_ns, a), (middle_ns, b) = newest
            w = (middle_ns - first_ns) / (time_ns - first_ns)
            v = 1.0 - w
            away = math.hypot(
                b[0] - v * a[0] - w * direction[0],
                b[1] - v * a[1] - w * direction[1],
                b[2] - v * a[2] - w * direction[2],
            )
            self._residuals.add(math.degrees(away) / math.sqrt(1.0 + v * v + w * w))
            self._intervals.add(time_ns - middle_ns)
            del newest[0]
        newest.append((time_ns, direction))

    @property
    def known(self) -> bool:
        """Whether there were samples enough to measure it by."""
        return len(self._residuals) >= _LEAST

    @property
    def degrees(self) -> float:
        """Standard deviation in each axis; 0 until it is known."""
        return self._residuals.median / _MEDIAN_OF_RAYLEIGH if self.known else 0.0

    @property
    def speed(self) -> float:
        """What it adds to the velocity in each axis, as `AngularSpeed` measures that, deg/s."""
        if not self.known:
            return 0.0
        interval = self._intervals.median
        return self.degrees * math.sqrt(2.0) * 1e9 / max(interval, WINDOW_NS // interval * interval)

    def reset(self) -> None:
        """The next sample does not follow what was before. The noise stays known."""
        self._newest.clear()
