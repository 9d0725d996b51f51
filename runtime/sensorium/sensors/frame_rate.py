"""How many frames a device really gives a second, by the times of its packets.

A crystal is wrong by up to 100 ppm. The slope is that of least squares within each run of packets,
all runs pooled, since what lies between two runs has no count; the sums are kept as B. P. Welford
keeps them ("Note on a Method for Calculating Corrected Sums of Squares and Products",
Technometrics 4(3), 1962).
"""

from __future__ import annotations

_ENOUGH_S2 = 600.0
"""Sum of squares of the times, from 4 s of packets on: times that are wrong by 0.5 ms then leave
20 ppm."""
_STEEPEST = 0.5e-3
"""What is further from the nominal rate is no crystal."""


class FrameRate:
    """Follows one device.

    Args:
        nominal: Hz.
    """

    def __init__(self, nominal: int) -> None:
        self._nominal = nominal
        self._squares = self._products = 0.0
        self.restart()

    def restart(self) -> None:
        """A new run begins: its count does not go on with that of the one before."""
        self._number = 0
        self._frames = 0
        self._mean_s = self._mean = 0.0

    def take(self, time_s: float, frames: int) -> None:
        """Takes note of a packet.

        Args:
            time_s: Of its first frame.
            frames: That it has.
        """
        beyond = self._frames - time_s * self._nominal
        self._frames += frames
        self._number += 1
        step_s, step = time_s - self._mean_s, beyond - self._mean
        self._mean_s += step_s / self._number
        self._mean += step / self._number
        self._squares += step_s * (time_s - self._mean_s)
        self._products += step_s * (beyond - self._mean)

    @property
    def hz(self) -> float:
        """The rate; the nominal one until it is known better."""
        if self._squares < _ENOUGH_S2:
            return float(self._nominal)
        slope = self._products / self._squares
        believed = abs(slope) <= _STEEPEST * self._nominal
        return self._nominal + slope if believed else float(self._nominal)
