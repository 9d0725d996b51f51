"""Synthetic voices of which is known when their mouth shows what; else as `speech`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sensorium.sensors.resampler import Resampler
from sensorium_tools.samples import alter_sound, espeak_library, mouth_shapes, synthesisers
from sensorium_tools.samples.checks import RATE_HZ
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample
from sensorium_tools.samples.segment_programs import festival, flite
from sensorium_tools.samples.speech import SpeechOptions, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sensorium_tools.samples.draft import Listing
    from sensorium_tools.samples.manifest import Manifest, Source
    from sensorium_tools.samples.phoneme_times import Spoken

SPEAK: dict[str, Callable[[str, int, int, str], Spoken]] = {
    "espeak-ng": espeak_library.speak,
    "flite": flite,
    "festival": festival,
}
"""Those of `synthesisers.SYNTHESISERS` that tell when each phoneme is: all of them."""
_SALAD_WORDS = (4, 10)
_WARP_STEP_HZ = 250
"""So that the resampler's ratio is one of small numbers."""


@dataclass(frozen=True)
class MouthOptions(SpeechOptions):
    """Who speaks, what, how, and into which microphone."""

    salad: float = field(
        default=0.0,
        metadata={"doc": "Share of the sounds that say the list's words in any order.",
                  "min": 0.0, "max": 1.0},
    )
    warp: tuple[float, ...] = field(
        default=(1.0, 1.0),
        metadata={"doc": "Longest and shortest throat: all pitches times this.", "min": 0.5,
                  "max": 2.0},
    )
    tilt_db: float = field(
        default=0.0,
        metadata={"doc": "How uneven the microphone hears.", "min": 0.0, "max": 40.0},
    )
    nobody: float = field(
        default=0.0,
        metadata={"doc": "Share of the sounds in which the noise is alone.", "min": 0.0,
                  "max": 1.0},
    )


def missing(whole: Manifest, source: Source) -> str:
    """See `samples.generators.missing`."""
    name = whole.decode_options(source, MouthOptions).synthesiser
    return espeak_library.missing() if name == "espeak-ng" else synthesisers.missing(name)


def mouths(listing: Listing) -> Iterator[Draft]:
    """See `samples.generators`; the truth "visemes" is float64 [n, 3]: begin, end, index."""
    options = listing.manifest.decode_options(listing.source, MouthOptions)
    texts = sentences(listing, options.sentences)
    for number in range(options.count):
        voice = options.voices[number % len(options.voices)]
        yield Draft(
            f"{voice}-{number:05d}", f"{options.synthesiser}/{voice}",
            partial(_sample, options, voice, texts, number, listing.source.seed),
        )


def _sample(
    options: MouthOptions, voice: str, texts: list[str], number: int, seed: int
) -> Sample:
    noise = np.random.default_rng([seed, number])
    text = texts[(number // len(options.voices) + number) % len(texts)]
    if noise.random() < options.salad:
        words = " ".join(texts).replace(".", "").replace("?", "").split()
        text = " ".join(noise.choice(words, noise.integers(*_SALAD_WORDS)))
    speed = int(noise.integers(options.speeds[0], options.speeds[1] + 1))
    pitch = int(noise.integers(options.pitches[0], options.pitches[1] + 1))
    spoken = SPEAK[options.synthesiser](voice, speed, pitch, text)
    shown = np.array(mouth_shapes.timeline(spoken.segments), np.float64).reshape(-1, 3)
    wide = round(_between(noise, options.warp) * RATE_HZ / _WARP_STEP_HZ) * _WARP_STEP_HZ
    dry = spoken.sound
    if wide != RATE_HZ:
        dry = Resampler(wide, RATE_HZ).process(dry)
        shown[:, :2] *= RATE_HZ / wide
    before = _between(noise, options.pause_s)
    dry = alter_sound.pad(dry, before, _between(noise, options.pause_s))
    shown[:, :2] += before
    sound = alter_sound.uneven(dry, options.tilt_db, noise) if options.tilt_db else dry
    if noise.random() < options.echo_share:
        decay, share = float(noise.uniform(0.15, 0.5)), float(noise.uniform(0.05, 0.3))
        sound = alter_sound.echo(sound, decay, share, noise)
    sound = alter_sound.louder(sound, _between(noise, options.peaks))
    noisy = alter_sound.noisy(sound, _between(noise, options.noise_db), noise)
    speaker = f"{options.synthesiser}/{voice}"
    truth = {"text": text, "speaker": speaker, "visemes": shown}
    if noise.random() < options.nobody:
        noisy = alter_sound.louder(noisy - sound, float(noise.uniform(0.001, 0.3)))
        truth["visemes"] = np.zeros((0, 3))
    return Sample(f"{speaker}-{number:05d}", "sound", noisy, truth, speaker)


def _between(noise: np.random.Generator, low_high: tuple[float, ...]) -> float:
    return float(noise.uniform(low_high[0], low_high[1]))
