"""A second opinion on a wake word: how likely its text is, to the model that writes speech down.

A head is small and has learnt one phrase from voices that were made; Whisper has heard people say
anything. What sounds like the phrase to one of them is often it; what does to both nearly always.
Two stages are usual: a small one that listens, a large one that confirms (Apple, "Hey Siri: An
On-device DNN-powered Voice Trigger", 2017).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.recogniser import QUICK_FRAMES, levelled
from sensorium.perception.softmax import log_softmax
from sensorium.perception.whisper_features import RATE_HZ, log_mel
from sensorium.perception.whisper_pairs import Pairs
from sensorium.perception.whisper_steps import Steps
from sensorium.perception.whisper_text import ENGLISH, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

ENCODER, DECODER = "whisper-tiny-en-encoder", "whisper-tiny-en-decoder"
"""A limit that was chosen on one model means nothing to another one."""
BEFORE, BEHIND = 18 * RATE_HZ // 10, 32 * RATE_HZ // 100
"""Samples that are heard before and behind the end of the step at which a head was in doubt."""
_MOST_TOKENS = 64

Tokens = tuple[int, ...]


class PhraseCheck:
    """Two engines, and the ways in which they may write a phrase.

    Args:
        encoder: Whisper's first half.
        decoder: Its second half, with the vocabulary.

    Raises:
        EngineError: When the vocabulary is damaged.
    """

    def __init__(self, encoder: Engine, decoder: Engine) -> None:
        self._encoder = encoder
        self._decoder = decoder
        vocabulary = Vocabulary.parse(decoder.metadata, decoder.name)
        self._prompt = vocabulary.prompt(ENGLISH)
        self._pairs = Pairs(vocabulary)
        self._known: dict[str, tuple[Tokens, ...]] = {}

    def likelihood(self, sound: NDArray[np.float32], phrase: str) -> float:
        """The logarithm of the chance that what is written of a sound begins with a phrase.

        Of the ways to write it, in small letters or not, with a comma or without, the likeliest.

        Args:
            sound: [n], mono, 16 kHz, -1..1, at most 8 s.
            phrase: Words with spaces between them.

        Returns:
            Natural logarithm, 0 is certainty; -inf where the phrase cannot be written.

        Raises:
            ValueError: When the sound is empty.
            EngineError: When an engine fails.
        """
        ways = self._ways(phrase)
        if not ways:
            return -math.inf
        mel = log_mel(levelled(sound), QUICK_FRAMES)
        steps = Steps(self._decoder.run, self._encoder.run({"mel": mel}), _MOST_TOKENS)
        logits = np.zeros(0, np.float32)
        for token in self._prompt:
            logits = steps.take(token)
        return _likeliest(steps, log_softmax(logits), ways, len(self._prompt))

    def _ways(self, phrase: str) -> tuple[Tokens, ...]:
        """Whisper begins a text with a capital letter, and may take the phrase for a name."""
        if phrase not in self._known:
            first, *rest = phrase.split()
            texts = [" ".join((first + comma, *rest)) for comma in ("", ",")[: 1 + bool(rest)]]
            written = (way for text in texts for way in (text.capitalize(), text.title()))
            made = dict.fromkeys(self._pairs.tokens(f" {text}") for text in written)
            self._known[phrase] = tuple(way for way in made if way)
        return self._known[phrase]


def _likeliest(
    steps: Steps, chances: NDArray[np.float32], ways: Sequence[Tokens], given: int
) -> float:
    """The best sum of logarithms of one of the ways; leaves `given` tokens in the cache."""
    best = -math.inf
    for token in dict.fromkeys(way[0] for way in ways):
        behind = [way[1:] for way in ways if way[0] == token]
        found = float(chances[token])
        if all(behind):
            further = log_softmax(steps.take(token))
            found += _likeliest(steps, further, behind, given + 1)
            steps.back(given)
        best = max(best, found)
    return best
