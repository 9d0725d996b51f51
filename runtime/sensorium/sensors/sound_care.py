"""What a device's sound needs first: a channel that works, finite numbers, no offset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DEAD_S = 1.0
"""A channel that was nothing but zeros for so long gives way to one that is not."""
_OFFSET_S = 0.5
"""Time constant of the mean that is taken off: a high-pass at 0.3 Hz, far below any voice."""

_least, _most = np.minimum.reduce, np.maximum.reduce


class SoundCare:
    """The state of one input stream.

    Where a device only opens with several channels, one is taken: the mean of microphones in an
    array cancels some of the voice.

    Args:
        channels: Of the device's sound.
        rate: Hz.

    Attributes:
        zero_s: How long the device has given nothing but zeros.
        repaired: Samples that were no finite number, or out of -1..1 by more than a device's
            clipping, so far.
    """

    def __init__(self, channels: int, rate: int) -> None:
        self.zero_s = 0.0
        self.repaired = 0
        self._channels = channels
        self._rate = rate
        self._channel = 0
        self._dead_s = 0.0
        self._mean = 0.0
        self._settled = False
        self._steps: NDArray[np.float32] = np.empty(0, np.float32)

    def process(self, interleaved: NDArray[np.float32]) -> NDArray[np.float32]:
        """Takes the next piece.

        Args:
            interleaved: [frames * channels].

        Returns:
            [frames], mono, finite, -1..1, without its mean.
        """
        frames = interleaved.reshape(-1, self._channels)
        sound = frames[:, self._channel]
        seconds = len(sound) / self._rate
        # Two reductions tell all of the usual piece: each call that is not made is one that need
        # not be fetched from memory when the process was asleep. They keep what is no number.
        least, most = float(_least(sound)), float(_most(sound))
        if least or most:
            self.zero_s = self._dead_s = 0.0
        else:
            self._dead_s += seconds
            self.zero_s = 0.0 if frames.any() else self.zero_s + seconds
            if self._dead_s >= _DEAD_S and not self.zero_s:
                self._channel = int(np.abs(np.nan_to_num(frames)).max(axis=0).argmax())
                sound = frames[:, self._channel]
                least, most = float(_least(sound)), float(_most(sound))
        if not -1.0 <= least <= most <= 1.0:
            sound, least, most = self._finite(sound), -1.0, 1.0
        return self._without_mean(sound, seconds, least, most)

    def _finite(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        # A comparison with a number that is none is false.
        with np.errstate(invalid="ignore"):
            wild = ~(np.abs(sound) <= 2.0)
        self.repaired += int(wild.sum())
        return np.clip(np.where(wild, np.float32(0.0), sound), -1.0, 1.0)

    def _without_mean(
        self, sound: NDArray[np.float32], seconds: float, least: float, most: float
    ) -> NDArray[np.float32]:
        count = len(sound)
        mean = float(np.add.reduce(sound)) / count
        before = self._mean if self._settled else mean
        self._settled = True
        self._mean = after = before + (mean - before) * min(1.0, seconds / _OFFSET_S)
        if len(self._steps) != count:
            self._steps = np.linspace(0.0, 1.0, count, dtype=np.float32)
        # From the old to the new, so that no step is heard.
        ramp: NDArray[np.float32] = np.multiply(self._steps, after - before, dtype=np.float32)
        ramp += np.float32(before)
        centred: NDArray[np.float32] = np.subtract(sound, ramp, dtype=np.float32)
        if most - min(before, after) > 1.0 or least - max(before, after) < -1.0:
            centred = np.clip(centred, -1.0, 1.0)
        return centred
