"""Which words moved an answer: each is left out once, and the difference is what it did.

Occlusion as Zeiler and Fergus did it to pictures (Visualizing and Understanding Convolutional
Networks, 2014, section 4.2), on the words of a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.service.problem import Problem
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks.texts import Word, words

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from sensorium.service.tasks.work import Work

    Score = Callable[[str], Awaitable[dict[str, float]]]
    """A text to the figures that are explained, by name."""

MOST_WORDS = 512
"""Of all texts that are explained in one request: each costs a run of the engine."""

SCHEMA = schema.record({
    "label": schema.text(),
    "words": schema.array(schema.record({
        "word": schema.text(),
        "start": schema.whole("First code point in the text."),
        "end": schema.whole("Behind its last."),
        "score": schema.number("The label's score less that without the word."),
        "similarity": schema.number("The same of the similarity."),
    }, optional=("similarity",))),
}, "Where asked for: what each word did to the surest label.")


def check(texts: tuple[str, ...]) -> None:
    """Refuses what would take too long.

    Raises:
        Problem: 422; they have too many words.
    """
    count = sum(len(words(text)) for text in texts)
    if count > MOST_WORDS:
        raise Problem(
            422, f"explain: the texts have {count} words, {MOST_WORDS} can be explained at once",
            "explain fewer or shorter texts",
        )


async def occlude(
    text: str, whole: Mapping[str, float], score: Score, work: Work,
    kept: Sequence[tuple[int, int]] = (),
) -> list[dict[str, Any]]:
    """What each word did: the figures with it less those without it.

    Args:
        text: Whose words are left out.
        whole: Its figures.
        score: Gives those of another text.
        work: The request.
        kept: Places (first code point, behind the last) whose words stay.

    Returns:
        For each word its text, `start` and `end` (code points), and each figure's difference.
    """
    moved = [
        word for word in words(text)
        if not any(word.start < end and start < word.end for start, end in kept)
    ]
    found = await work.several(score, [left_out(text, word) for word in moved])
    return [
        {
            "word": word.text, "start": word.start, "end": word.end,
            **{name: round(whole[name] - without[name], 6) for name in whole},
        }
        for word, without in zip(moved, found, strict=True)
    ]


def left_out(text: str, word: Word) -> str:
    """A text without one of its words."""
    return text[: word.start] + text[word.end :]
