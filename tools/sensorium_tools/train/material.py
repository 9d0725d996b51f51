"""The sounds that a head learns from, and those that it is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.train import near, recorded
from sensorium_tools.train.backgrounds import NOISES
from sensorium_tools.train.features import ClipJob, NoiseJob, StretchJob
from sensorium_tools.train.utterance import several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium_tools.progress import Progress
    from sensorium_tools.train.features import Job
    from sensorium_tools.train.phrase import Phrase
    from sensorium_tools.train.utterance import Utterance
    from sensorium_tools.train.voices import Cast, Voice

SIDES = ("training", "choosing", "held_out")
_SLOW = {"festival": 40, "piper": 140, "kokoro": 120}
"""Utterances of a synthesiser that takes its time; each is heard in several scenes. Of near phrases
they say a third of it."""
_TOLD = {"training": 2400, "choosing": 500, "held_out": 300}
"""Sentences of the quick synthesisers, and of each slow one: a stretch draws from them."""
_TOLD_SLOWLY = 30
_REVOICED = {"training": 0.4, "choosing": 0.0, "held_out": 0.0}
"""Share of the voices that get another speaker: none where it is measured."""
_AROUND = 200
"""Sentences that are said before and after phrases, of one side."""
_SCENES = {"festival": 4, "piper": 10, "kokoro": 8}


@dataclass(frozen=True)
class Amounts:
    """How much of everything.

    Attributes:
        phrases: Clips with the phrase.
        near: Clips with near phrases.
        sentences: Stretches of synthetic sentences of about 15 s.
        recorded: Times that recorded speech is heard, in other rooms each, in training by other
            speakers, too.
        noises: Stretches of 30 s in which nobody speaks, of each kind.
    """

    phrases: int
    near: int
    sentences: int
    recorded: int
    noises: int


AMOUNTS = {
    "training": Amounts(4000, 3600, 1500, 8, 12),
    "choosing": Amounts(500, 400, 720, 10, 4),
    "held_out": Amounts(800, 600, 300, 2, 6),
}


class Material:
    """What is said, by whom.

    Args:
        phrase: The wake word.
        cast: The voices.
        progress: Told of what is made.
        share: Of the usual amounts.

    Attributes:
        recorded_minutes: Of each side, distinct recorded speech.
    """

    def __init__(
        self, phrase: Phrase, cast: Cast, progress: Progress, share: float = 1.0
    ) -> None:
        self._phrase = phrase
        self._share = share
        self._voices: dict[str, tuple[Voice, ...]] = {
            "training": cast.training, "choosing": cast.choosing or cast.training,
            "held_out": cast.held_out,
        }
        words = near.words(progress)
        self._near = near.phrases(phrase, words, np.random.default_rng(7))
        self._sentences = _sentences(words, np.random.default_rng(8))
        learnt = recorded.speech("training", progress)
        self._recorded = {
            "training": [one for place, one in enumerate(learnt) if place % 5],
            "choosing": learnt[::5],
            "held_out": recorded.speech("held_out", progress),
        }
        self.recorded_minutes = {
            side: recorded.minutes(found) for side, found in self._recorded.items()
        }

    def phrases(self, side: str) -> list[Job]:
        """Clips with the phrase."""
        seed = 100 + SIDES.index(side)
        noise = np.random.default_rng(seed)
        said = self._spoken(side, [self._phrase.text], AMOUNTS[side].phrases, noise)
        return self._clips(side, said, seed)

    def near(self, side: str) -> list[Job]:
        """Clips with near phrases, the hardest of what is not the phrase."""
        seed = 200 + SIDES.index(side)
        noise = np.random.default_rng(seed)
        said = self._spoken(side, self._near, AMOUNTS[side].near, noise, 1 / 3)
        return self._clips(side, said, seed)

    def others(self, side: str) -> list[Job]:
        """Sounds that are the same for every phrase: many sentences, people, noise."""
        seed, amounts = 300 + SIDES.index(side), AMOUNTS[side]
        noise = np.random.default_rng(seed)
        told = self._sentences_of(side, noise)
        jobs: list[Job] = []
        for number in range(self._count(amounts.sentences)):
            said = tuple(told[place] for place in noise.integers(len(told), size=7))
            jobs.append(StretchJob(said, (seed, 1, number), _REVOICED[side]))
        for turn in range(amounts.recorded):
            stretches = recorded.stretches(self._recorded[side], 25.0, noise)
            jobs += [
                StretchJob(sounds, (seed, 2, turn, number), min(1.0, _REVOICED[side] * turn / 2))
                for number, sounds in enumerate(stretches[: self._count(len(stretches))])
            ]
        jobs += [
            NoiseJob(kind, 30.0, (seed, 3, number, place))
            for number in range(self._count(amounts.noises))
            for place, kind in enumerate(NOISES)
        ]
        return jobs

    def _sentences_of(self, side: str, noise: np.random.Generator) -> list[Utterance]:
        """What the voices of a side tell, other than the phrase and what is near it."""
        count = self._count(_TOLD[side])
        made = several(self._quick(side), self._drawn(count, noise), count, noise)
        for synthesiser in _SLOW:
            voices = tuple(one for one in self._voices[side] if one.synthesiser == synthesiser)
            if voices:
                count = self._count(_TOLD_SLOWLY)
                some = several(voices, self._drawn(count, noise), count, noise)
                made += some * max(1, self._count(_TOLD[side]) // (8 * count))
        return made

    def _clips(self, side: str, said: Sequence[Utterance], seed: int) -> list[Job]:
        noise = np.random.default_rng(seed + 50)
        around = several(self._quick(side), self._drawn(_AROUND, noise), _AROUND, noise)
        return [
            ClipJob(
                one, tuple(around[place] for place in noise.integers(_AROUND, size=2)),
                (seed, 0, number), _REVOICED[side],
            )
            for number, one in enumerate(said)
        ]

    def _spoken(
        self, side: str, texts: list[str], count: int, noise: np.random.Generator,
        slow: float = 1.0,
    ) -> list[Utterance]:
        """Utterances of all voices; of slow synthesisers the same ones in several scenes."""
        made: list[Utterance] = []
        for synthesiser, utterances in _SLOW.items():
            voices = tuple(one for one in self._voices[side] if one.synthesiser == synthesiser)
            if voices:
                scenes = _SCENES[synthesiser]
                most = max(1, self._count(count) // (3 * scenes))
                wanted = min(self._count(slow * utterances), most)
                said = several(voices, _mixed(texts, noise), wanted, noise)
                made += said * scenes
        rest = max(1, self._count(count) - len(made))
        return made + several(self._quick(side), _mixed(texts, noise), rest, noise)

    def _quick(self, side: str) -> tuple[Voice, ...]:
        quick = tuple(one for one in self._voices[side] if one.synthesiser not in _SLOW)
        return quick or self._voices[side]

    def _drawn(self, count: int, noise: np.random.Generator) -> list[str]:
        return [str(text) for text in noise.choice(self._sentences, count)]

    def _count(self, usual: float) -> int:
        return max(1, round(usual * self._share))


def _mixed(texts: list[str], noise: np.random.Generator) -> list[str]:
    return [texts[place] for place in noise.permutation(len(texts))]


def _sentences(words: Sequence[str], noise: np.random.Generator) -> list[str]:
    """Sentences of sense, and words in a row without it: every sound that English has."""
    known = np.array(words)
    made = [
        " ".join(str(word) for word in noise.choice(known, int(noise.integers(3, 8))))
        for _ in range(1800)
    ]
    return [*made, *near.sentences() * 12]
