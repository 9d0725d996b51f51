"""The words of a text, when each was said, and how sure of it the model is."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception import whisper_alignment
from sensorium.perception.whisper_alignment import POSITION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sensorium.perception.whisper_heard import Heard
    from sensorium.perception.whisper_text import Vocabulary

_UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Languages that write no spaces: `split_to_word_tokens` in `whisper/tokenizer.py`."""
_OPENING = "\"'“¿([{-"
"""Marks that belong to the word after them: `add_word_timestamps` in `whisper/timing.py`."""
_SENTENCE_ENDS = tuple(".。!！?？")
_LONG, _MOST_MEDIAN_S = 2.0, 0.7
"""A word at a pause is no longer than so many median words, of at most so many seconds: the same
function's `max_duration`."""
_RATE_HZ = 16_000


@dataclass(frozen=True)
class Word:
    """One word.

    Attributes:
        text: With its marks, without spaces around it.
        first: Index of its first sample in the sound.
        last: Index behind its last.
        confidence: Mean probability of its tokens, 0..1.
        spaced: Whether a space stands before it.
    """

    text: str
    first: int
    last: int
    confidence: float
    spaced: bool


def words(heard: Heard, vocabulary: Vocabulary, samples: int) -> tuple[Word, ...]:
    """The words of what was heard, in order.

    Args:
        heard: With its alignment.
        vocabulary: Of the same engine.
        samples: Of the sound.
    """
    pieces = list(_pieces(heard.tokens, vocabulary, heard.language in _UNSPACED))
    if not pieces:
        return ()
    prompt = len(vocabulary.prompt(heard.language))
    # What was cut off the text is not followed, and where the last token is the cap there is none
    # behind it: then it ends with the sound.
    rows = heard.alignment[: prompt + len(heard.tokens)]
    positions = min(-(-samples // POSITION), rows.shape[-1])
    begun = whisper_alignment.starts(rows, prompt, positions) * POSITION
    begun = np.append(begun, samples)
    made = [
        Word(
            text.strip(), int(min(begun[first], samples)), int(min(begun[last], samples)),
            float(np.mean(heard.chances[first:last])), text.startswith(" "),
        )
        for text, first, last in pieces
    ]
    return tuple(_shortened(made))


def joined(found: Sequence[Word]) -> str:
    """The text of some words."""
    return "".join(" " * (word.spaced and at > 0) + word.text for at, word in enumerate(found))


def _pieces(
    tokens: Sequence[int], vocabulary: Vocabulary, unspaced: bool
) -> Iterator[tuple[str, int, int]]:
    """Text, first token and the one behind the last of each word."""
    opening, begun = "", 0
    word = ("", 0, 0)
    for text, first, last in _split(_letters(tokens, vocabulary), unspaced):
        if _is_marks(text, _OPENING):
            opening, begun = opening + text, begun if opening else first
        elif _is_marks(text) and word[0] and not opening:
            word = (word[0] + text, word[1], last)
        else:
            if word[0].strip():
                yield word
            word = (opening + text, begun if opening else first, last)
            opening = ""
    if opening:
        word = (word[0] + opening, word[1] if word[0] else begun, len(tokens))
    if word[0].strip():
        yield word


def _split(
    letters: Iterable[tuple[str, int, int]], unspaced: bool
) -> Iterator[tuple[str, int, int]]:
    """Begins anew at each space; where none are written, at each letter."""
    text, begun, end = "", 0, 0
    for more, first, last in letters:
        if text and (unspaced or more.startswith(" ")):
            yield text, begun, end
            text, begun = "", first
        text, end = text + more, last
    if text:
        yield text, begun, end


def _is_marks(text: str, which: str = "") -> bool:
    """Whether nothing in it is a letter or a number, and all of it among `which`, where given."""
    marks = text.strip()
    if which:
        return bool(marks) and all(mark in which for mark in marks)
    return not any(letter.isalnum() for letter in marks)


def _letters(tokens: Sequence[int], vocabulary: Vocabulary) -> Iterator[tuple[str, int, int]]:
    """Text that is whole letters, its first token and the one behind its last."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    begun = 0
    for at, token in enumerate(tokens):
        letters = decoder.decode(vocabulary.bytes_of(token), at == len(tokens) - 1)
        if letters:
            yield letters, begun, at + 1
            begun = at + 1


def _shortened(found: list[Word]) -> list[Word]:
    """Takes the silence off words at a pause: before the first and behind a sentence's last."""
    spans = [word.last - word.first for word in found if word.last > word.first]
    if not spans:
        return found
    most = int(_LONG * min(float(np.median(spans)), _MOST_MEDIAN_S * _RATE_HZ))
    made: list[Word] = []
    for at, word in enumerate(found):
        long = word.last - word.first > most
        if long and (at == len(found) - 1 or word.text.endswith(_SENTENCE_ENDS)):
            made.append(replace(word, last=word.first + most))
        elif long and (at == 0 or found[at - 1].text.endswith(_SENTENCE_ENDS)):
            made.append(replace(word, first=word.last - most))
        else:
            made.append(word)
    return made
