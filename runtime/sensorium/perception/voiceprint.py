"""A voice as a direction: the speaker model's vector of a sound, with steady noise taken out.

The model was trained on recordings that are nearly clean. In noise the vectors of one voice part;
what is steady in each mel band is therefore subtracted first (spectral subtraction, Boll 1979,
with a floor taken from the softest frames as in Martin 1994). `tests/benchmarks/speaker.py` shows
what that is worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.speaker_features import FRAMES, louder, mel_spectra, parts, voice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

ENGINE = "resemblyzer"
WIDTH = 256
"""Length of the vector."""
NOISE_PERCENTILE = 15.0
"""Of a band's power over time: what it has between two sounds of speech."""
OVERSUBTRACTION = 2.0
"""The percentile lies below the noise's mean: it is subtracted so many times."""
REMAINDER = 0.02
"""Share of a band's power that stays at least."""


def voiceprint(speech: NDArray[np.float32], engine: Engine) -> NDArray[np.float32]:
    """The direction of a voice.

    Args:
        speech: [samples], mono, 16 kHz, finite, -1..1, from the first to the last of speech.
        engine: Of the card `ENGINE`.

    Returns:
        [WIDTH], a unit vector.
    """
    spectra = without_noise(mel_spectra(louder(speech)))
    starts = parts(len(speech))
    spectra = np.pad(spectra, ((0, max(0, starts[-1] + FRAMES - len(spectra))), (0, 0)))
    vectors = []
    for start in starts:
        mel = np.ascontiguousarray(spectra[None, start : start + FRAMES])
        vectors.append(engine.run({"mel": mel})["embedding"][0].copy())
    return voice(vectors)


def without_noise(spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    """Spectra without what is steady in them.

    Args:
        spectra: [frames, bands], power.

    Returns:
        [frames, bands], power, at least REMAINDER of what it was.
    """
    steady = np.percentile(spectra, NOISE_PERCENTILE, axis=0) * OVERSUBTRACTION
    left: NDArray[np.float32] = np.maximum(spectra - steady, REMAINDER * spectra)
    return left.astype(np.float32)
