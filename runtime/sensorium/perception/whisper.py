"""A piece of sound to text: features, Whisper's encoder, its decoder, and a second try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.perception.whisper_features import MAX_FRAMES, MIN_FRAMES, RATE_HZ, log_mel
from sensorium.perception.whisper_heard import Ending

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.perception.phrase_bias import PhraseBias
    from sensorium.perception.whisper_decoding import Decoder
    from sensorium.perception.whisper_heard import Heard
    from sensorium.perception.whisper_steps import Run

FEWEST_TOKENS, TOKENS_PER_S = 16, 12
"""A text has no more tokens than somebody can say in the time: fast speech has 8 a second."""


class Whisper:
    """Two engines at work; one piece at a time.

    Args:
        encode: A call of the encoder's engine.
        decoder: Around the decoder's engine.
        min_frames: Silence fills shorter sound to so many frames of 10 ms.
    """

    def __init__(self, encode: Run, decoder: Decoder, min_frames: int = MIN_FRAMES) -> None:
        self._encode = encode
        self._decoder = decoder
        self._min_frames = min_frames

    def hear(
        self, sound: NDArray[np.float32], min_frames: int | None = None,
        bias: PhraseBias | None = None, *, quick: bool = False,
    ) -> Heard:
        """Writes down one piece of sound.

        A text that the model does not end by itself is tried once more with twice the silence
        around it, which mends most loops; where that helps no more, the first one stands.

        Args:
            sound: [n], mono, 16 kHz, -1..1, at most 30 s.
            min_frames: In the place of the class's.
            bias: Phrases that are waited for.
            quick: See `Decoder.decode`.

        Raises:
            ValueError: See `log_mel`.
            EngineError: When an engine fails.
        """
        most = FEWEST_TOKENS + int(TOKENS_PER_S * len(sound) / RATE_HZ)
        mel = log_mel(sound, min_frames or self._min_frames)
        heard = self._decoder.decode(self._encode({"mel": mel}), most, bias, quick=quick)
        frames = min(2 * mel.shape[-1], MAX_FRAMES)
        if heard.ending is Ending.SAID or frames == mel.shape[-1]:
            return heard
        cross = self._encode({"mel": log_mel(sound, frames)})
        again = self._decoder.decode(cross, most, bias, quick=quick)
        return again if again.ending is Ending.SAID else heard
