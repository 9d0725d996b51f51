"""Two devices' clocks: where one's sound lies in the other's, without the jitter of the times."""

from __future__ import annotations

from sensorium.records.sensors import AUDIO_BLOCK

_MEMORY = 1000
"""Blocks that the line is laid through, 32 s."""
_SETTLED = 125
"""Blocks, 4 s, before which jitter would be taken for drift."""
_STEEPEST = 0.5e-3
"""The greatest drift that is believed; crystals are within 0.1e-3 of their rate."""
_CATCH_UP = 0.3e-3
"""How much faster than the clocks run apart the place may be corrected."""
_CORRECTED = 1 / 128
"""Part of what the place is wrong by that each block corrects: jitter is let through as little."""
_ASTRAY = 640.0
"""Samples, 40 ms: the place is so far from what the times say that they were set anew."""


class ClockDrift:
    """Follows the line of (place observed - samples counted) over the blocks.

    An expanding-memory line fit, from `_MEMORY` blocks on one of fading memory: E. Brookner,
    "Tracking and Kalman Filtering Made Easy", 1998, section 3.2.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """What comes next has other clocks."""
        self._blocks = 0
        self._level = self._slope = self._offset = 0.0
        self._counted = 0

    @property
    def slope(self) -> float:
        """Samples that the other device gives more, for each sample: 1e-6 is one ppm."""
        return self._slope / AUDIO_BLOCK if self._blocks > _SETTLED else 0.0

    def place(self, observed: float, counted: int) -> float:
        """Where a block ends in the other's sound.

        Args:
            observed: The same, by the times of single blocks.
            counted: The own samples up to its end.
        """
        offset = observed - counted
        blocks = (counted - self._counted) / AUDIO_BLOCK
        if not self._blocks or abs(offset - self._offset) > _ASTRAY:
            self.restart()
            self._level = self._offset = offset
        else:
            self._observe(offset, blocks)
            if self._blocks > _SETTLED:
                most = _CATCH_UP * AUDIO_BLOCK * blocks
                self._offset += self._slope * blocks
                correction = (self._level - self._offset) * _CORRECTED * blocks
                self._offset += min(max(correction, -most), most)
        self._blocks += 1
        self._counted = counted
        return counted + self._offset

    def _observe(self, offset: float, blocks: float) -> None:
        n = min(self._blocks, _MEMORY)
        level = 2.0 * (2.0 * n + 1.0) / ((n + 1.0) * (n + 2.0))
        slope = 6.0 / ((n + 1.0) * (n + 2.0))
        expected = self._level + self._slope * blocks
        error = offset - expected
        self._level = expected + level * error
        steepest = _STEEPEST * AUDIO_BLOCK
        self._slope = min(max(self._slope + slope * error, -steepest), steepest)
