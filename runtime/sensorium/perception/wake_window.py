"""The last embeddings of a stream of speech, as the heads of wake words see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.speech_embedding import WIDTH
from sensorium.perception.wake_trigger import WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.speech_embedding import SpeechEmbedding


class WakeWindow:
    """The state of one stream.

    Args:
        front_end: Of this stream alone, or of one that is never heard beside it.
    """

    def __init__(self, front_end: SpeechEmbedding) -> None:
        self._front_end = front_end
        self._window = np.zeros((WINDOW, WIDTH), np.float32)
        self._filled = 0

    def restart(self) -> None:
        """Forgets the sound so far: what comes next does not follow it."""
        self._front_end.restart()
        self._filled = 0

    def step(self, sound: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Takes 80 ms; see `SpeechEmbedding.step`.

        Returns:
            float32 [16, 96], valid until the next step; None until there are so many.
        """
        embedding = self._front_end.step(sound)
        if embedding is None:
            return None
        self._window[:-1] = self._window[1:]
        self._window[-1] = embedding
        self._filled += 1
        return self._window if self._filled >= WINDOW else None
