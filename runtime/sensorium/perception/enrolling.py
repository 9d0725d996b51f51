"""Makes an enrolment of spoken sentences: each is checked, and all must be of one voice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EnrolmentError
from sensorium.perception.enrolment import OTHERS, Enrolment, Own
from sensorium.perception.pitch import RATE_HZ, STEP
from sensorium.perception.speaker_features import voice
from sensorium.perception.syllables import intensity, threshold
from sensorium.perception.voiceprint import voiceprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

SENTENCES = 3, 12
"""Fewest and most in an enrolment: few do not show how a voice varies, more add nothing."""
SHORTEST_S = 1.5
"""Of speech in a sentence: what the model hears at once."""
LONGEST_S = 10.0
"""What is longer is cut off."""
SOFTEST_DBFS = -50.0
"""Of speech. Below it the steps of a 16-bit microphone are heard."""
NOISIEST_DB = 10.0
"""Speech over what is heard between words, at least."""
CLIPPED = 0.98
"""Samples from this amplitude on have hit the end of the scale."""
CLIPPED_SHARE = 0.002
AGREEMENT = 0.80
"""Cosine of the two groups of sentences that differ most: one voice has .82 and more, and six in
seven mixes of two voices have less (`tests/benchmarks/speaker.py --calibrate`)."""
NOISE_DB = 10.0
"""Each sentence is heard once more in noise so far below it, so that the wearer is known there."""


@dataclass(frozen=True)
class Heard:
    """A sentence that was checked.

    Attributes:
        sound: [samples], 16 kHz: speech alone, from its first to its last loud sample.
        clean: Its voiceprint.
        noisy: The same in noise.
    """

    sound: NDArray[np.float32]
    clean: NDArray[np.float32]
    noisy: NDArray[np.float32]


def hear(sound: NDArray[np.float32], engine: Engine) -> Heard:
    """Checks one sentence and takes its voiceprints.

    Args:
        sound: [samples], mono, 16 kHz, with a little silence around it.
        engine: The speaker model's.

    Raises:
        EnrolmentError: It is too short, too soft, too noisy, clipped, or no sound; it says which.
    """
    speech = _speech(sound)
    return Heard(
        speech, voiceprint(speech, engine), voiceprint(in_noise(speech, NOISE_DB), engine)
    )


def enrol(
    heard: Sequence[Heard], engine: Engine, model: str, engine_sha256: str
) -> Enrolment:
    """An enrolment of checked sentences.

    Args:
        heard: `SENTENCES` of them.
        engine: The speaker model's.
        model: Identity of its card.
        engine_sha256: Of its file.

    Raises:
        EnrolmentError: They are too few, or of more than one voice.
    """
    if len(heard) < SENTENCES[0]:
        raise EnrolmentError(
            f"{len(heard)} sentences are too few, {SENTENCES[0]} are needed",
            "record more, of 2 seconds and longer each",
        )
    heard = heard[: SENTENCES[1]]
    likeness = agreement([one.clean for one in heard])
    if likeness < AGREEMENT:
        raise EnrolmentError(
            f"the sentences are not of one voice: two groups of them are alike by {likeness:.2f}, "
            f"one voice has {AGREEMENT} and more",
            "enrol again where nobody else speaks, with the same microphone throughout",
        )
    return Enrolment(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        model=model,
        engine=engine_sha256,
        sentences=len(heard),
        seconds=round(sum(len(one.sound) for one in heard) / RATE_HZ, 2),
        own=_own(heard, engine),
        voice=_together(heard),
    )


def agreement(voiceprints: Sequence[NDArray[np.float32]]) -> float:
    """The likeness of the two groups of sentences that differ most, -1..1.

    Args:
        voiceprints: 2 to `SENTENCES[1]` unit vectors; every division into two groups is tried.
    """
    vectors = np.array(voiceprints, np.float64)
    numbers = np.arange(1, 2 ** (len(vectors) - 1))
    members = (numbers[:, None] >> np.arange(len(vectors)) & 1).astype(np.float64)
    ones, others = members @ vectors, (1.0 - members) @ vectors
    norms = np.linalg.norm(ones, axis=1) * np.linalg.norm(others, axis=1)
    return float((np.sum(ones * others, axis=1) / np.maximum(norms, 1e-12)).min())


def in_noise(sound: NDArray[np.float32], below_db: float) -> NDArray[np.float32]:
    """A sound with pink noise, the same noise each time.

    Args:
        sound: [samples], -1..1.
        below_db: How far the noise's power lies below the sound's.
    """
    white = np.fft.rfft(np.random.default_rng(0).standard_normal(len(sound)))
    noise = np.fft.irfft(white / np.sqrt(np.maximum(1, np.arange(len(white)))), len(sound))
    power = float(np.mean(np.square(sound, dtype=np.float64)))
    scale = math.sqrt(power / float(np.mean(noise**2)) / 10 ** (below_db / 10))
    noisy: NDArray[np.float32] = (sound + scale * noise).astype(np.float32)
    return noisy


def _speech(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The part from the first to the last frame of speech."""
    if not np.isfinite(sound).all():
        raise EnrolmentError("the sound holds values that are no numbers", "use another file")
    if len(sound) < RATE_HZ * SHORTEST_S:
        raise EnrolmentError(
            f"{len(sound) / RATE_HZ:.1f} s are too short, {SHORTEST_S} s are needed",
            "read the whole sentence, without a pause",
        )
    if float(np.mean(np.abs(sound) >= CLIPPED)) > CLIPPED_SHARE:
        raise EnrolmentError(
            "the sound is clipped", "turn the microphone down, or speak from further away"
        )
    levels = intensity(sound - np.float32(np.mean(sound)))
    least = threshold(levels)
    loud = levels >= least
    level = 10.0 * math.log10(float(np.mean(10 ** (levels[loud] / 10))))
    if level < SOFTEST_DBFS:
        raise EnrolmentError(
            f"too soft: {level:.0f} dBFS, at least {SOFTEST_DBFS:.0f} are needed",
            "speak louder, or turn the microphone up",
        )
    if level - float(np.percentile(levels, 5)) < NOISIEST_DB:
        raise EnrolmentError(
            "speech does not stand out from the noise", "enrol where it is quieter"
        )
    places = np.flatnonzero(loud) * STEP
    speech = sound[max(0, places[0] - STEP) : places[-1] + STEP][: int(LONGEST_S * RATE_HZ)]
    if len(speech) < RATE_HZ * SHORTEST_S:
        raise EnrolmentError(
            f"{len(speech) / RATE_HZ:.1f} s of speech are too short, {SHORTEST_S} s are needed",
            "read the whole sentence, without a pause",
        )
    return np.asarray(speech, np.float32)


def _together(heard: Sequence[Heard]) -> NDArray[np.float32]:
    return voice([print_ for one in heard for print_ in (one.clean, one.noisy)])


def _own(heard: Sequence[Heard], engine: Engine) -> tuple[Own, ...]:
    """Pieces of each sentence against the other sentences, clean and in noise."""
    scores: dict[float, list[float]] = {seconds: [] for seconds in OTHERS}
    for place, one in enumerate(heard):
        rest = _together([*heard[:place], *heard[place + 1 :]])
        for seconds, found in scores.items():
            length = int(seconds * RATE_HZ)
            for start in range(0, max(1, len(one.sound) - length + 1), length):
                piece = one.sound[start : start + length]
                for sound in (piece, in_noise(piece, NOISE_DB)):
                    found.append(float(rest @ voiceprint(sound, engine)))
    return tuple(
        Own(seconds, round(float(np.mean(found)), 4), round(float(np.std(found)), 4))
        for seconds, found in scores.items()
    )
