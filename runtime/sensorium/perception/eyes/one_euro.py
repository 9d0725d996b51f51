"""The one-euro filter: a low pass whose cutoff rises with speed, for directions.

Casiez, Roussel & Vogel, "1 € Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems", CHI 2012. Jitter is seen while things are slow and lag while they are fast,
so the cutoff frequency is `min_cutoff + beta * speed`.

On the sphere the same steps are taken in the tangent plane of the newest result: the difference is
the way to the new direction along the great circle, the filtered velocity is carried along it.
For a direction that moves on one great circle this is the authors' filter of its angle.
"""

from __future__ import annotations

import math

from sensorium.perception.eyes.directions import Vector, carried, moved, toward


def _smoothing(cutoff_hz: float, seconds: float) -> float:
    """The factor alpha of a first-order low pass."""
    rate = 2.0 * math.pi * cutoff_hz * seconds
    return rate / (rate + 1.0)


class OneEuroDirection:
    """Filters a direction.

    Args:
        min_cutoff_hz: Cutoff at rest; lower: less jitter.
        beta: Hz for each degree a second; higher: less lag.
        derivative_cutoff_hz: Of the speed's own low pass.

    Attributes:
        value: The newest result; None before the first.
    """

    def __init__(
        self, min_cutoff_hz: float, beta: float, derivative_cutoff_hz: float = 1.0
    ) -> None:
        self.value: Vector | None = None
        self._min_cutoff = min_cutoff_hz
        self._beta = math.degrees(beta)
        self._derivative_cutoff = derivative_cutoff_hz
        self._velocity: Vector = (0.0, 0.0, 0.0)
        self._time_ns = 0

    def update(self, direction: Vector, time_ns: int) -> Vector:
        """Takes a direction, later than the one before, and returns the filtered one."""
        before = self.value
        seconds = (time_ns - self._time_ns) * 1e-9
        self._time_ns = time_ns
        if before is None or seconds <= 0:
            self.reset()
            self.value = direction
            return direction
        way = toward(before, direction)
        share = _smoothing(self._derivative_cutoff, seconds)
        gain, rest = share / seconds, 1.0 - share
        vx, vy, vz = self._velocity
        vx, vy, vz = gain * way[0] + rest * vx, gain * way[1] + rest * vy, gain * way[2] + rest * vz
        speed = math.sqrt(vx * vx + vy * vy + vz * vz)
        share = _smoothing(self._min_cutoff + self._beta * speed, seconds)
        self.value = moved(before, (way[0] * share, way[1] * share, way[2] * share))
        self._velocity = carried((vx, vy, vz), before, self.value)
        return self.value

    def reset(self) -> None:
        """Forgets: the next direction passes unchanged."""
        self.value = None
        self._velocity = (0.0, 0.0, 0.0)
