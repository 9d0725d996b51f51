"""Synthetic voices that say sentences of a list, in rooms and noises from a seed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.samples import alter_sound, synthesisers
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium_tools.samples.draft import Listing
    from sensorium_tools.samples.manifest import Manifest, Source

MAX_SENTENCES = 10_000
_VOICE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+-]{0,60}")
"""Festival would run a voice that is Scheme, and flite fetch one that is an address."""
_FILE = re.compile(r"[A-Za-z0-9_-]+\.txt")


@dataclass(frozen=True)
class SpeechOptions:
    """Who speaks, what and how."""

    synthesiser: str = field(
        metadata={"doc": "The program.", "choices": tuple(synthesisers.SYNTHESISERS)}
    )
    voices: tuple[str, ...] = field(metadata={"doc": "As the program calls them."})
    sentences: str = field(metadata={"doc": "A text file beside the manifest: one in each line."})
    count: int = field(metadata={"doc": "Sounds in all.", "min": 1, "max": 100_000})
    speeds: tuple[int, ...] = field(
        default=(140, 185),
        metadata={"doc": "Slowest and fastest, words a minute.", "min": 60, "max": 400},
    )
    pitches: tuple[int, ...] = field(
        default=(40, 65), metadata={"doc": "Lowest and highest.", "min": 0, "max": 99}
    )
    peaks: tuple[float, ...] = field(
        default=(0.1, 0.9), metadata={"doc": "Softest and loudest.", "min": 0.001, "max": 1.0}
    )
    noise_db: tuple[float, ...] = field(
        default=(15.0, 45.0),
        metadata={"doc": "Voice over noise: most and least noise.", "min": -10.0, "max": 90.0},
    )
    echo_share: float = field(
        default=0.5,
        metadata={"doc": "Share of the sounds that are in an echoing room.", "min": 0.0,
                  "max": 1.0},
    )
    pause_s: tuple[float, ...] = field(
        default=(0.2, 0.9),
        metadata={"doc": "Shortest and longest silence before and after, s.", "min": 0.0,
                  "max": 10.0},
    )

    def __post_init__(self) -> None:
        if not self.voices or not all(_VOICE.fullmatch(voice) for voice in self.voices):
            raise ValueError("voices needs one at least: letters, digits, _, + and -")
        if not _FILE.fullmatch(self.sentences):
            raise ValueError("sentences needs the plain name of a .txt file")
        for name in ("speeds", "pitches", "peaks", "noise_db", "pause_s"):
            low_high = getattr(self, name)
            if len(low_high) != 2 or low_high[0] > low_high[1]:
                raise ValueError(f"{name} needs two numbers: the smaller and the larger")


def missing(whole: Manifest, source: Source) -> str:
    """See `samples.generators.missing`."""
    return synthesisers.missing(whole.decode_options(source, SpeechOptions).synthesiser)


def speech(listing: Listing) -> Iterator[Draft]:
    """See `samples.generators`. Each voice says each sentence once before any twice."""
    options = listing.manifest.decode_options(listing.source, SpeechOptions)
    texts = sentences(listing, options.sentences)
    for number in range(options.count):
        voice = options.voices[number % len(options.voices)]
        text = texts[(number // len(options.voices) + number) % len(texts)]
        yield Draft(
            f"{voice}-{number:05d}", f"{options.synthesiser}/{voice}",
            partial(_sample, options, voice, text, number, listing.source.seed),
        )


def sentences(listing: Listing, name: str) -> list[str]:
    """The lines of a text file beside the manifest.

    Raises:
        EngineError: When it cannot be read, or has none or too many.
    """
    path = listing.root / name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"{path}: cannot be read: {error}", "a text file in UTF-8") from error
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not 0 < len(found) <= MAX_SENTENCES:
        raise EngineError(
            f"{path}: has {len(found)} sentences, must have 1 to {MAX_SENTENCES}",
            "write one in each line",
        )
    return found


def _sample(options: SpeechOptions, voice: str, text: str, number: int, seed: int) -> Sample:
    noise = np.random.default_rng([seed, number])
    speed = int(noise.integers(options.speeds[0], options.speeds[1] + 1))
    pitch = int(noise.integers(options.pitches[0], options.pitches[1] + 1))
    dry = synthesisers.speak(options.synthesiser, voice, speed, pitch, text)
    before = _between(noise, options.pause_s)
    dry = alter_sound.pad(dry, before, _between(noise, options.pause_s))
    sound = dry
    if noise.random() < options.echo_share:
        decay, share = float(noise.uniform(0.15, 0.5)), float(noise.uniform(0.05, 0.3))
        sound = alter_sound.echo(sound, decay, share, noise)
    sound = alter_sound.louder(sound, _between(noise, options.peaks))
    sound = alter_sound.noisy(sound, _between(noise, options.noise_db), noise)
    speaker = f"{options.synthesiser}/{voice}"
    truth = {"text": text, "speaker": speaker, "intervals": alter_sound.intervals(dry)}
    return Sample(f"{speaker}-{number:05d}", "sound", sound, truth, speaker)


def _between(noise: np.random.Generator, low_high: tuple[float, ...]) -> float:
    return float(noise.uniform(low_high[0], low_high[1]))
