"""Loops: what Whisper repeats again and again, as it is known to do on noise and music."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST_LOOP = 24
"""Tokens that may repeat as one, at most."""
LOOP_TIMES, LOOP_TOKENS = 3, 12
"""It is a loop when something came this often in a row, and fills this many tokens."""
_SENTENCE_ENDS = (".", "?", "!")


def loop(tokens: Sequence[int]) -> int:
    """How many tokens at the end repeat as one, often enough to be a loop; 0 where none do."""
    for length in range(1, min(LONGEST_LOOP, len(tokens) // LOOP_TIMES) + 1):
        span = times(length) * length
        if len(tokens) >= span and list(tokens[-span:]) == list(tokens[-length:]) * times(length):
            return length
    return 0


def times(length: int) -> int:
    """How often so many tokens must come in a row to be a loop."""
    return max(LOOP_TIMES, -(-LOOP_TOKENS // length))


def once(tokens: list[int], length: int, text: Callable[[Sequence[int]], str]) -> list[int]:
    """Leaves a loop at the end once, and up to the end of a sentence where it has one.

    A loop is seen wherever it began to repeat, which may be within a sentence.

    Args:
        tokens: Of the text so far.
        length: See `loop`.
        text: That of some tokens.
    """
    least = len(tokens) - (times(length) - 1) * length
    for kept in range(least, least + length):
        if text(tokens[kept - 1 : kept]).endswith(_SENTENCE_ENDS):
            return tokens[:kept]
    return tokens[:least]
