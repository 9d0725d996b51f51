"""What an engine must be that tells which of its labels a text has.

Its card has `labels` and one output, `logits` [1, labels], before the softmax. It reads texts as
`text_reader` has it, or a sentence embedding (`embedding`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port
    from sensorium.inference.manifest import Tensor

LOGITS = "logits"
EMBEDDING = "embedding"
"""Name of an input that is a sentence embedding."""


def is_text_classifier(card: Card) -> bool:
    """Whether a card's engine tells the labels of texts."""
    if not card.engine.labels or len(card.inputs) != 1 or len(card.outputs) != 1:
        return False
    given, output = card.inputs[0], card.outputs[0]
    reads = reads_embedding(given) or (given.type == "int64" and len(given.shape) == 2)
    return reads and output.name == LOGITS and output.shape == (1, len(card.engine.labels))


def reads_embedding(port: Port | Tensor) -> bool:
    """Whether a classifier's input is what the sentence embedding makes of a text."""
    return port.name == EMBEDDING
