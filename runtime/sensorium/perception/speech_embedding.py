"""Speech as embeddings, 80 ms apart: what heads for words (wake words) are run on.

Google's speech embedding (arXiv 2002.01322) looks at 76 mel frames of 10 ms and moves by 8. It was
trained on sound of 16 bit amplitudes and on mel values of dB / 10 + 2, as the cards of both engines
say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

    Sound = NDArray[np.float32]

MEL_ENGINE, EMBEDDING_ENGINE = "speech-mel", "speech-embedding"
STEP = 1280
"""Samples from one embedding to the next: 80 ms at 16 kHz."""
BEFORE = 480
"""Samples before a step that its mel frames look at, too."""
FRAMES, STEP_FRAMES, BANDS = 76, 8, 32
"""Mel frames of an embedding, new ones of a step, and mel bands."""
WIDTH = 96
"""Numbers of an embedding."""
WARM_STEPS = -(-FRAMES // STEP_FRAMES)
"""Steps until an embedding has seen nothing but sound that it was given: the first whole one."""
_FULL_SCALE = 32_768


class SpeechEmbedding:
    """One stream's front end: the mel frames that the next embedding needs.

    Args:
        mel: The engine speech-mel.
        embedding: The engine speech-embedding.
    """

    def __init__(self, mel: Engine, embedding: Engine) -> None:
        self._mel = mel
        self._embedding = embedding
        self._sound = {"input": np.zeros((1, BEFORE + STEP), np.float32)}
        self._frames = {"input_1": np.zeros((1, FRAMES, BANDS, 1), np.float32)}
        self._steps = 0

    def restart(self) -> None:
        """Forgets the sound so far: what comes next does not follow it."""
        self._steps = 0

    def step(self, sound: Sound) -> Sound | None:
        """Takes 80 ms.

        Args:
            sound: float32 [1760], -1..1: the 480 samples before the step and its 1280.

        Returns:
            float32 [96], valid until the next step; None while `WARM_STEPS` are not reached.
        """
        given, frames = self._sound["input"], self._frames["input_1"][0, :, :, 0]
        np.multiply(sound, _FULL_SCALE, out=given[0])
        made = self._mel.run(self._sound)["output"][0, 0]
        frames[:-STEP_FRAMES] = frames[STEP_FRAMES:]
        np.multiply(made, 0.1, out=frames[-STEP_FRAMES:])
        frames[-STEP_FRAMES:] += 2.0
        self._steps += 1
        if self._steps < WARM_STEPS:
            return None
        return self._embedding.run(self._frames)["conv2d_19"].reshape(WIDTH)


def embeddings(mel: Engine, embedding: Engine, sound: Sound) -> Sound:
    """The embeddings of a whole sound.

    Args:
        mel: The engine speech-mel.
        embedding: The engine speech-embedding.
        sound: float32 [n], -1..1, 16 kHz; silence counts as before it, what does not fill a last
            step is left out.

    Returns:
        float32 [n // 1280 - 9, 96]; the first belongs to the end of step `WARM_STEPS`.
    """
    stream = SpeechEmbedding(mel, embedding)
    padded = np.concatenate([np.zeros(BEFORE, np.float32), sound])
    made = []
    for start in range(0, len(sound) - STEP + 1, STEP):
        result = stream.step(padded[start : start + BEFORE + STEP])
        if result is not None:
            made.append(result.copy())
    return np.stack(made) if made else np.zeros((0, WIDTH), np.float32)
