"""What an engine must be that tells which of its labels a text has.

Its card has `labels` and one output, `logits` [1, labels], before the softmax. It reads numbers of
words (`words`, with its word list as metadata), WordPiece tokens (its tokeniser as metadata), or a
sentence embedding (`embedding`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.errors import EngineError
from sensorium.inference.text_metadata import TOKENIZER
from sensorium.perception.sentence_tokens import SentenceTokens
from sensorium.perception.word_list import WordList

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.perception.sentence_tokens import Carrier

LOGITS = "logits"
WORDS = "words"
"""Name of an input of words, and of the word list in the engine's metadata."""
EMBEDDING = "embedding"
"""Name of an input that is a sentence embedding."""


def is_text_classifier(card: Card) -> bool:
    """Whether a card's engine tells the labels of texts."""
    if not card.engine.labels or len(card.inputs) != 1 or len(card.outputs) != 1:
        return False
    given, output = card.inputs[0], card.outputs[0]
    reads = given.name == EMBEDDING or (given.type == "int64" and len(given.shape) == 2)
    return reads and output.name == LOGITS and output.shape == (1, len(card.engine.labels))


def reads_embedding(card: Card) -> bool:
    """Whether a classifier reads what the sentence embedding makes of a text."""
    return card.inputs[0].name == EMBEDDING


def reader(engine: Carrier, card: Card) -> Callable[[str], dict[str, NDArray[Any]]]:
    """What makes the feeds of a text, for a classifier that reads texts.

    Raises:
        EngineError: When the engine carries neither a word list nor a tokeniser.
    """
    if WORDS in engine.metadata:
        words = WordList(engine.metadata[WORDS], engine.name)
        most, name = card.sizes(card.inputs[0], "max")[1], card.inputs[0].name
        return lambda text: {name: words.as_long(text, most)}
    if TOKENIZER not in engine.metadata:
        raise EngineError(
            f"{engine.name}: carries no {WORDS} and no {TOKENIZER}, so it cannot read a text",
            f"sensorium-engines build {engine.name}",
        )
    return SentenceTokens(engine, card).feeds
