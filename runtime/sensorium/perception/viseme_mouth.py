"""How a mouth moves from one shape to the next: never at once, and shut when nobody speaks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium.records.voice import VISEMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP_MS = 8.0
SIL = VISEMES.index("sil")


class Mouth:
    """The weights of one stream.

    Each weight follows its chance with a time constant: a short one while it rises, a longer one
    while it falls; then all are brought to the sum of 1.

    Args:
        attack_ms: Time constant of a rise; 0: at once.
        decay_ms: Of a fall.
    """

    def __init__(self, attack_ms: float, decay_ms: float) -> None:
        self._rise, self._fall = (_share(ms) for ms in (attack_ms, decay_ms))
        self._weights = np.zeros(len(VISEMES), np.float32)
        self.close()

    def close(self) -> None:
        """Shuts it at once."""
        self._weights.fill(0.0)
        self._weights[SIL] = 1.0

    def move(self, chances: NDArray[np.float32], voice: float) -> NDArray[np.float32]:
        """One step.

        Args:
            chances: [15], sum 1.
            voice: 0..1; what is left of it goes to `sil`.

        Returns:
            The weights, [15], 0..1, sum 1; of this object: copy what must outlive the next call.
        """
        wanted = chances * np.float32(voice)
        wanted[SIL] += np.float32(1.0 - voice)
        towards = wanted - self._weights
        self._weights += towards * np.where(towards > 0.0, self._rise, self._fall)
        self._weights /= self._weights.sum()
        return self._weights


def _share(time_ms: float) -> np.float32:
    """Of the way to its goal, what a step of `STEP_MS` goes."""
    return np.float32(1.0 - math.exp(-STEP_MS / time_ms) if time_ms > 0.0 else 1.0)


class Voice:
    """Whether a voice is there, block after block: soon open, soon shut.

    Args:
        threshold: Of voice activity's probability.
        hold_blocks: A voice that was heard this many blocks ago is still there.
        quiet_dbfs: A block softer than this is silence, whatever is said of it.
    """

    def __init__(self, threshold: float, hold_blocks: int, quiet_dbfs: float) -> None:
        self._threshold = threshold
        self._hold = hold_blocks
        self._quiet = quiet_dbfs
        self._silent_for = hold_blocks + 1

    def reset(self) -> None:
        """Nobody has spoken yet."""
        self._silent_for = self._hold + 1

    def update(self, probability: float | None, loudness: float) -> float:
        """One block.

        Args:
            probability: Of speech, by voice activity; None: it does not run.
            loudness: dBFS of the block.

        Returns:
            1 where a voice is there, else 0.
        """
        heard = loudness >= self._quiet
        if probability is not None:
            heard = heard and probability >= self._threshold
        self._silent_for = 0 if heard else self._silent_for + 1
        return 1.0 if self._silent_for <= self._hold else 0.0
