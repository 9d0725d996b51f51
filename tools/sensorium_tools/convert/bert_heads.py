"""What is made of the states of a BERT-shaped model: the parts that a card may name.

The sentence is pooled as Reimers and Gurevych, "Sentence-BERT" (arXiv 1908.10084), have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium.perception.text_classifier import LOGITS
from sensorium_tools.convert.bert_config import MOST_LABELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium_tools.convert.bert_config import BertConfig
    from sensorium_tools.convert.bert_encoder import Encoder
    from sensorium_tools.convert.safetensors_file import Tensors

    Size = int | str

_SMALLEST_NORM = 1e-12
"""Below it a sentence embedding is not scaled; as torch.nn.functional.normalize has it."""


def sentence(encoder: Encoder, states: str, output: str) -> None:
    """Writes the mean of the states, of length 1: float [1, hidden]."""
    network = encoder.network
    mean = network.node("ReduceMean", states, network.sizes(1), keepdims=0)
    norm = network.node("ReduceL2", mean, network.sizes(1), keepdims=1)
    least = network.constant(np.float32(_SMALLEST_NORM))
    network.node("Div", mean, network.node("Max", norm, least), output=output)


def unchanged(encoder: Encoder, states: str, output: str) -> None:
    """Writes the states themselves."""
    encoder.network.node("Identity", states, output=output)


def masked_words(encoder: Encoder, states: str, output: str) -> None:
    """Writes the scores of all words for each token: float [1, tokens, vocabulary]."""
    network, config, names = encoder.network, encoder.config, encoder.names.words
    made = encoder.dense(states, names.dense, config.hidden, config.hidden)
    made = encoder.norm(encoder.activated(made), names.norm)
    table = encoder.words
    if names.table in encoder.tensors:
        table = network.constant(
            encoder.tensors.take(names.table, (config.vocabulary, config.hidden)), "decoder"
        )
    there = [name for name in names.biases if name in encoder.tensors] or names.biases
    bias = network.constant(encoder.tensors.take(there[0], (config.vocabulary,)))
    # Gemm reads the table of the words as it lies; MatMul would need a second, turned one.
    rows = network.node("Reshape", made, network.sizes(-1, config.hidden))
    scores = network.node("Gemm", rows, table, bias, transB=1)
    network.node("Unsqueeze", scores, network.sizes(0), output=output)


def classes(encoder: Encoder, states: str, output: str) -> None:
    """Writes the logit of each class of the text: float [1, classes].

    As `transformers`' sequence classification has it: of the first token's state.
    """
    network, config = encoder.network, encoder.config
    first = network.node("Gather", states, network.constant(np.int64(0)), axis=1)
    made = encoder.dense(first, encoder.names.classes, config.hidden, config.hidden)
    made = network.node(encoder.names.curve, made)
    figures = encoder.dense(made, _CLASSIFIER, config.hidden, _classes(encoder.tensors))
    network.node("Identity", figures, output=output)


def token_classes(encoder: Encoder, states: str, output: str) -> None:
    """Writes the logit of each class for each token: float [1, tokens, classes]."""
    figures = encoder.dense(
        states, _CLASSIFIER, encoder.config.hidden, _classes(encoder.tensors)
    )
    encoder.network.node("Identity", figures, output=output)


def labels(
    config: BertConfig, tensors: Tensors, stated: tuple[str, ...], own: tuple[str, ...]
) -> tuple[str, ...]:
    """The names of the classes.

    Args:
        config: Of the model.
        tensors: Its weights.
        stated: Those of the card; they go before the model's own.
        own: Those of its config.json.

    Raises:
        EngineError: When there are fewer or more names than classes, or only one class.
    """
    count = _classes(tensors)
    if count == 1 or config.regression:
        raise EngineError(
            f"{tensors.name}: its head gives {count} numbers and no classes (a regression)",
            "take a model that was trained to tell at least two classes apart",
        )
    named = stated or own or tuple(f"LABEL_{at}" for at in range(count))
    if len(named) != count:
        where = "the card's engine.labels" if stated else "id2label of config.json"
        raise EngineError(
            f"{tensors.name}: {_CLASSIFIER}.weight has {count} classes, {where} names "
            f"{len(named)}",
            f"write {count} names into engine.labels of the card, in the classes' order",
        )
    return named


def _classes(tensors: Tensors) -> int:
    count = tensors.rows(f"{_CLASSIFIER}.weight")
    if count > MOST_LABELS:
        raise EngineError(f"{tensors.name}: {count} classes are more than {MOST_LABELS}")
    return count


@dataclass(frozen=True)
class Part:
    """A part of a card.

    Attributes:
        write: Writes it behind the states.
        output: What it is called where the card does not say.
        shape: Of it: of sizes of the configuration, by name, and of "tokens" and "classes".
    """

    write: Callable[[Encoder, str, str], None]
    output: str
    shape: tuple[str, ...]


_CLASSIFIER = "classifier"
PARTS = {
    "sentence": Part(sentence, "embedding", ("hidden",)),
    "states": Part(unchanged, "states", ("tokens", "hidden")),
    "masked-words": Part(masked_words, "words", ("tokens", "vocabulary")),
    "classes": Part(classes, LOGITS, ("classes",)),
    "token-classes": Part(token_classes, LOGITS, ("tokens", "classes")),
}
"""Part in a card to what writes it."""
WITH_LABELS = ("classes", "token-classes")
