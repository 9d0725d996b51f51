"""The stream of sound as far back as its ring reaches, by sample index; see `records.voice`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.sense import Rings

RATE_HZ = 16_000
_GENERATION_BITS = 40


def utterance_id(generation: int, onset: int) -> int:
    """The id of the utterance that begins at a sample index of a region's generation."""
    return generation << _GENERATION_BITS | onset


def generation_of(utterance: int) -> int:
    """The generation of the region whose sound an utterance's indices mean."""
    return utterance >> _GENERATION_BITS


def first_index(n: int) -> int:
    """The index of the first sample of record `n`."""
    return (n - 1) * AUDIO_BLOCK


def record_of(index: int) -> int:
    """The number of the record that holds a sample index."""
    return index // AUDIO_BLOCK + 1


def bounded(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sound as capture gives it: finite, -1..1. A recording may hold anything; NaN is silence."""
    if np.abs(sound).max(initial=0.0) <= 1.0:
        return sound
    kept: NDArray[np.float32] = np.clip(np.nan_to_num(sound, nan=0.0), -1.0, 1.0)
    return kept


class Sound:
    """Reads pieces of sound.

    Args:
        rings: Of the process.
        generation: Of the region that the indices mean; None: the newest.
        channel: That holds the sound.
    """

    def __init__(
        self, rings: Rings, generation: int | None = None, channel: str = "audio"
    ) -> None:
        self._rings = rings
        self._generation = generation
        self._channel = channel

    def take(self, first: int, last: int) -> NDArray[np.float32] | None:
        """The samples `first`..`last` - 1, mono, 16 kHz, finite, -1..1.

        Returns:
            [last - first]; None when the ring does not hold all of them, any more or yet. While
            the microphone was not open there is silence.
        """
        if not 0 <= first < last:
            return None
        sound = np.zeros(last - first, np.float32)
        # The oldest first: it is the one that is overwritten next.
        for n in range(record_of(first), record_of(last - 1) + 1):
            sample = self._rings.at(self._channel, n, self._generation)
            if sample is None:
                return None
            if sample.valid:
                at = first_index(n) - first
                block = sample.record["samples"][0][max(0, -at) : len(sound) - at]
                sound[max(0, at) : max(0, at) + len(block)] = block
        return bounded(sound)

    def time_ns(self, index: int) -> int:
        """The capture time of a sample index; 0 when the ring does not hold it."""
        n = record_of(index)
        sample = self._rings.at(self._channel, n, self._generation)
        if sample is None:
            return 0
        behind = first_index(n + 1) - index
        return sample.capture_ns - behind * 1_000_000_000 // RATE_HZ
