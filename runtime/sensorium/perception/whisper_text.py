"""Whisper's tokens and the text that they stand for: GPT-2's byte-level pairs, special tokens.

The vocabulary travels with the engine as metadata of its graph, by the names below.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VOCABULARY = "vocabulary"
"""One token a line, in order, each byte as `byte_letters` writes it."""
SUPPRESSED = "suppressed"
"""Tokens that are never said, as numbers with spaces: marks of sounds that are no speech."""
SUPPRESSED_AT_START = "suppressed_at_start"
"""Tokens that do not come first: an empty text."""

ENGLISH = "en"

_END, _START, _PLAIN = "<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>"
_TRANSCRIBE, _TRANSLATE = "<|transcribe|>", "<|translate|>"
_ENGLISH_ONLY = 51_864
"""Tokens of a model for English alone; with more it is multilingual: `Whisper.is_multilingual` of
`whisper/model.py`. Both kinds list the languages."""
_SILENCE = ("<|nospeech|>", "<|nocaptions|>")
"""Its name now, and when the English models were made."""


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a model.

    Attributes:
        tokens: By number.
        start: Number of the token that the decoder is given first.
        end: Number of the token that ends a text.
        plain: Number of the token that asks for a text without times.
        silence: Number of the token whose chance after `start` is that nobody speaks.
        transcribe: Number of the token that asks for the language that is spoken.
        times: The first of the tokens that stand for times; they are the last of the vocabulary.
        suppressed: Never said.
        suppressed_at_start: Not said first.
        languages: ISO 639-1 to the number of its token; empty for English alone.
    """

    tokens: tuple[str, ...]
    start: int
    end: int
    plain: int
    silence: int
    transcribe: int
    times: int
    suppressed: tuple[int, ...]
    suppressed_at_start: tuple[int, ...]
    languages: Mapping[str, int]

    @classmethod
    def parse(cls, metadata: Mapping[str, str], label: str) -> Vocabulary:
        """Takes it out of an engine's metadata.

        Args:
            metadata: By name.
            label: What errors call the engine.

        Raises:
            EngineError: When a part is missing or makes no sense.
        """
        try:
            tokens = tuple(metadata[VOCABULARY].split("\n"))
            number = {token: index for index, token in enumerate(tokens)}
            plain, start = number[_PLAIN], number[_START]
            suppressed, at_start = (
                tuple(int(word) for word in metadata[name].split())
                for name in (SUPPRESSED, SUPPRESSED_AT_START)
            )
            if not all(0 <= index < len(tokens) for index in suppressed + at_start):
                raise ValueError("a suppressed token is not in the vocabulary")
            silence = next(number[name] for name in _SILENCE if name in number)
            if len(tokens) <= _ENGLISH_ONLY:
                transcribe, languages = plain, {}
            else:
                transcribe = number[_TRANSCRIBE]
                between = range(start + 1, min(transcribe, number[_TRANSLATE]))
                languages = {tokens[index][2:-2]: index for index in between}
            return cls(
                tokens, start, number[_END], plain, silence, transcribe, plain + 1,
                suppressed, at_start, languages,
            )
        except (KeyError, ValueError, StopIteration) as error:
            raise EngineError(
                f"{label}: its vocabulary is damaged ({type(error).__name__}: {error})",
                f"sensorium-engines build {label}",
            ) from error

    def prompt(self, language: str) -> tuple[int, ...]:
        """What the decoder is given first: speech begins, times are not asked for.

        Args:
            language: ISO 639-1; a model for English alone is not told.
        """
        if not self.languages:
            return (self.start, self.plain)
        return (self.start, self.languages[language], self.transcribe, self.plain)

    def text(self, tokens: Iterable[int]) -> str:
        """The text of tokens; special ones are left out, bytes that are no UTF-8 are U+FFFD."""
        joined = b"".join(self.bytes_of(token) for token in tokens)
        return joined.decode("utf-8", "replace").strip()

    def bytes_of(self, token: int) -> bytes:
        """The bytes that a token stands for; none of a special one."""
        letters = byte_letters()
        word = self.tokens[token] if token < self.end else ""
        return bytes(letters[letter] for letter in word if letter in letters)


@functools.cache
def byte_letters() -> dict[str, int]:
    """How GPT-2 writes bytes as letters that can be seen: letter to byte.

    Printable Latin-1 stands for itself; every other byte, in order, is a letter from U+0100 on.
    """
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {
        chr(0x100 + index): byte for index, byte in enumerate(others)
    }
