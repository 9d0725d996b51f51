"""A voice as a direction: the speaker model's vector of a sound, with steady noise taken out.

The model was trained on recordings that are nearly clean. In noise the vectors of one voice part;
what is steady in each mel band is therefore subtracted first (spectral subtraction, Boll 1979,
with a floor taken from the softest frames as in Martin 1994). `tests/benchmarks/speaker.py` shows
what that is worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.speaker_features import FRAMES, HOP, louder, mel_spectra, parts, voice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

ENGINE = "resemblyzer"
WIDTH = 256
"""Length of the vector."""
NOISE_PERCENTILE = 15.0
"""Of a band's power over time: what it has while nobody speaks."""
OVERSUBTRACTION = 2.0
"""The percentile lies below the noise's mean: it is subtracted so many times."""
REMAINDER = 0.02
"""Share of a band's power that stays at least."""


def voiceprint(
    sound: NDArray[np.float32], engine: Engine, first: int = 0, last: int | None = None
) -> NDArray[np.float32]:
    """The direction of a voice.

    Args:
        sound: [samples], mono, 16 kHz, finite, -1..1.
        engine: Of the card `ENGINE`.
        first: Of the samples that are speech; what is around them serves to know the noise.
        last: Behind the last one; None: the sound's end.

    Returns:
        [WIDTH], a unit vector.
    """
    speech = sound[first:last]
    # The model wants speech at a level; the noise around it is raised with it.
    level = float(np.abs(louder(speech)).max(initial=0.0))
    gain = level / max(float(np.abs(speech).max(initial=0.0)), 1e-12)
    whole = mel_spectra(sound) * np.float32(gain * gain)
    begin = first // HOP
    heard = without_noise(whole[begin : begin + 1 + len(speech) // HOP], whole)
    starts = parts(len(speech))
    heard = np.pad(heard, ((0, max(0, starts[-1] + FRAMES - len(heard))), (0, 0)))
    vectors = []
    for start in starts:
        mel = np.ascontiguousarray(heard[None, start : start + FRAMES])
        vectors.append(engine.run({"mel": mel})["embedding"][0].copy())
    return voice(vectors)


def without_noise(
    spectra: NDArray[np.float32], around: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Spectra without what is steady in a sound.

    Args:
        spectra: [frames, bands], power.
        around: [n, bands]: those of the whole sound, from which the noise is known.

    Returns:
        [frames, bands], power, at least REMAINDER of what it was.
    """
    steady = np.percentile(around, NOISE_PERCENTILE, axis=0) * OVERSUBTRACTION
    left: NDArray[np.float32] = np.maximum(spectra - steady, REMAINDER * spectra)
    return left.astype(np.float32)
