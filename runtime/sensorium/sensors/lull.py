"""Whether sound may wait for what follows it: nobody speaks, and nothing begins.

Most of what a block of sound costs is that processes wake up for it, with cold caches. In silence
blocks wait for one another and are made, and heard, a few at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MOST = 4
"""Blocks that are made at once: the newest record of a channel is then at most 128 ms old, half of
what makes it stale."""
_RISE = 4.0
"""Times the power of the silence before, 6 dB: something begins."""
_LEAST = 1e-8
"""Mean square, -80 dBFS: what is softer is no voice in any microphone, only its noise."""
_SETTLE = 1 / 16
"""How much of a block's power goes into that of the silence: a new noise is the silence after half
a second."""
_AFTER_NS = 1_000_000_000
"""How long nothing waits after the last that was no silence."""


class Lull:
    """The state of one input stream.

    Args:
        silent: See `SensorIO.silent`.
    """

    def __init__(self, silent: Callable[[], bool]) -> None:
        self._silent = silent
        self._power = 0.0
        self._until_ns = 0

    def holds(self, sound: NDArray[np.float32], now_ns: int, *, first: bool) -> bool:
        """Takes a block's worth of sound.

        Args:
            sound: As the device gave it: [frames * channels].
            now_ns: When it came.
            first: No sound waits yet; so voice activity may have news.

        Returns:
            Whether it may wait for the next block.
        """
        count = len(sound)
        mean = float(np.add.reduce(sound)) / count
        power = float(np.dot(sound, sound)) / count - mean * mean
        # Also false for what is no number.
        soft = power <= _RISE * self._power + _LEAST
        if soft or power <= 1.0:
            self._power += (power - self._power) * _SETTLE
        if not soft or (first and not self._silent()):
            self._until_ns = now_ns + _AFTER_NS
        return now_ns >= self._until_ns
