"""A piece of sound to what was said in it: text, words with times; or that nothing was said."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sensorium.inference import store
from sensorium.perception import whisper_words
from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_beam import WIDTH
from sensorium.perception.whisper_decoding import AUTO, Decoder
from sensorium.perception.whisper_doubt import is_said, without_echo
from sensorium.perception.whisper_features import HOP, MAX_FRAMES, MIN_FRAMES, RATE_HZ
from sensorium.perception.whisper_text import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.phrase_bias import PhraseBias
    from sensorium.perception.whisper_words import Word

QUICK_FRAMES = 800
"""Shorter sound is filled with silence to 8 s where a text is a guess that will be made again: half
the time, and a word in fifty more is wrong."""

BEHIND_FRAMES = 300
"""Silence behind the sound, at least: 3 s."""
SKIPPED = 3 * RATE_HZ // 2
"""Samples of speech without words, at most."""
OFFSET = 0.002
"""A smaller mean is left: it is under the noise of a room."""


@dataclass(frozen=True)
class Recognised:
    """What was said in one piece of sound.

    Attributes:
        text: Empty where nothing was said.
        words: Of the text, with their samples in the sound.
        confidence: Geometric mean of the tokens' probabilities, 0..1.
        no_speech: Probability that nobody speaks, 0..1.
        language: ISO 639-1.
    """

    text: str
    words: tuple[Word, ...]
    confidence: float
    no_speech: float
    language: str

    def at(self, origin: int) -> Recognised:
        """The same, with indices of the stream where the sound begins at `origin`."""
        moved = (
            replace(word, first=word.first + origin, last=word.last + origin)
            for word in self.words
        )
        return replace(self, words=tuple(moved))

    def earlier(self, samples: int) -> Recognised:
        """The same, told so much earlier, but no earlier than the sound begins."""
        moved = (
            replace(word, first=max(0, word.first - samples), last=max(0, word.last - samples))
            for word in self.words
        )
        return replace(self, words=tuple(moved))

    def within(self, first: int, last: int) -> Recognised:
        """Only the words whose middle lies in `first`..`last` - 1."""
        kept = tuple(
            word for word in self.words if first <= (word.first + word.last) // 2 < last
        )
        return replace(self, text=whisper_words.joined(kept), words=kept)


class Recogniser:
    """The two engines at work; one piece at a time.

    Args:
        encoder: Engine of the model's first half.
        decoder: Engine of its second half, with the vocabulary.
        language: ISO 639-1, or `AUTO`.
        width: Texts that go side by side where the model is in doubt; see `Decoder`.

    Attributes:
        vocabulary: The model's.

    Raises:
        EngineError: When the vocabulary is damaged.
        CardError: When the decoder's card is gone or broken.
        ValueError: When the model does not know the language.
    """

    def __init__(
        self, encoder: Engine, decoder: Engine, language: str = AUTO, width: int = WIDTH
    ) -> None:
        self.vocabulary = Vocabulary.parse(decoder.metadata, decoder.name)
        self._late = store.find_card(decoder.name).words.late_ms * RATE_HZ // 1000
        self._whisper = Whisper(
            encoder.run, Decoder(decoder.run, self.vocabulary, language=language, width=width)
        )

    def hear(
        self, sound: NDArray[np.float32], voice: float = 1.0, *, quick: bool = False,
        bias: PhraseBias | None = None,
    ) -> Recognised:
        """Writes down one piece of sound, whose speech lasts to its end.

        The model leaves speech out now and then, as where a sentence comes twice: what lies behind
        the last word is heard again by itself.

        Args:
            sound: [n], mono, 16 kHz, -1..1, at most 30 s. What is no number is silence.
            voice: Largest probability of speech in it, 0..1.
            quick: Whether it is a guess that will be made again: less silence, one text alone.
            bias: Phrases that are waited for: they change what was said, never whether anything
                was.

        Raises:
            ValueError: When the sound is empty or too long.
            EngineError: When an engine fails.
        """
        level = levelled(sound)
        found = self._hear_once(level, voice, quick, bias)
        if quick or not found.words:
            return found.earlier(self._late)
        words = found.words
        while len(sound) - words[-1].last > SKIPPED:
            begun = words[-1].last
            more = self._hear_once(level[begun:], voice, quick, bias)
            if not more.words:
                break
            words += more.at(begun).words
            if words[-1].last <= begun:
                break
        return replace(found, text=whisper_words.joined(words), words=words).earlier(self._late)

    def _hear_once(
        self, sound: NDArray[np.float32], voice: float, quick: bool, bias: PhraseBias | None
    ) -> Recognised:
        frames = max(len(sound) // HOP + BEHIND_FRAMES, QUICK_FRAMES if quick else MIN_FRAMES)
        heard = self._whisper.hear(sound, min(frames // 2 * 2, MAX_FRAMES), bias, quick=quick)
        own = heard.unbiased or heard
        said = is_said(own, voice)
        if not heard.whole and not is_said(heard, voice):
            heard = own
        words = without_echo(
            whisper_words.words(heard, self.vocabulary, len(sound)) if said else ()
        )
        return Recognised(
            whisper_words.joined(words), words, math.exp(heard.mean_log_probability),
            heard.silence, heard.language,
        )


def levelled(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sound, [n], without what is no number, and without the offset of a poor device."""
    numbers = np.nan_to_num(sound, nan=0.0, posinf=1.0, neginf=-1.0)
    offset = numbers.mean() if len(sound) else np.float32(0.0)
    level: NDArray[np.float32] = numbers - offset if abs(offset) > OFFSET else numbers
    return level
