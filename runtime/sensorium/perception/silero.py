"""How likely each block of sound holds speech: Silero's model and what it remembers of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

ENGINE = "silero-vad"
CONTEXT = 64
"""Samples of the block before that the model wants to see again."""


class Silero:
    """The state of one stream."""

    def __init__(self) -> None:
        self._feeds = {
            "input": np.zeros((1, CONTEXT + AUDIO_BLOCK), np.float32),
            "state": np.zeros((2, 1, 128), np.float32),
        }

    def __call__(self, engine: Engine, block: NDArray[np.float32]) -> float:
        """The probability of speech in the next block.

        Args:
            engine: `ENGINE`.
            block: [`AUDIO_BLOCK`], mono, 16 kHz, -1..1.

        Raises:
            EngineError: When the engine fails.
        """
        sound, state = self._feeds["input"], self._feeds["state"]
        sound[0, :CONTEXT] = sound[0, -CONTEXT:]
        sound[0, CONTEXT:] = block
        results = engine.run(self._feeds)
        np.copyto(state, results["stateN"])
        return float(results["output"][0, 0])

    def forget(self) -> None:
        """What comes next does not follow what came before."""
        for array in self._feeds.values():
            array.fill(0.0)
