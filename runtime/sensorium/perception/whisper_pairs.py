"""Text to Whisper's tokens: GPT-2's byte pairs, joined in the order of their numbers."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from sensorium.perception.whisper_text import byte_letters

if TYPE_CHECKING:
    from sensorium.perception.whisper_text import Vocabulary

_PIECE = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+")
"""What is never joined with its neighbours: the pattern of `encoder.py` of OpenAI's GPT-2."""


class Pairs:
    """Finds the tokens that the model itself writes a text in.

    Args:
        vocabulary: Of the model. The number of a token is the rank of its pair, as in `tiktoken`.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._rank = {
            token: number for number, token in enumerate(vocabulary.tokens[: vocabulary.end])
        }
        self._letter = {byte: letter for letter, byte in byte_letters().items()}

    def tokens(self, text: str) -> tuple[int, ...]:
        """The tokens of a text; none where the vocabulary lacks one of its bytes."""
        found: list[int] = []
        for piece in _PIECE.findall(text):
            parts = [self._letter[byte] for byte in piece.encode()]
            while len(parts) > 1:
                ranks = [
                    self._rank.get(one + other, len(self._rank))
                    for one, other in itertools.pairwise(parts)
                ]
                best = min(ranks)
                if best == len(self._rank):
                    break
                at = ranks.index(best)
                parts[at : at + 2] = [parts[at] + parts[at + 1]]
            if any(part not in self._rank for part in parts):
                return ()
            found += [self._rank[part] for part in parts]
        return tuple(found)
