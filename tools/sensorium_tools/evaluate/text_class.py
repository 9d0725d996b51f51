"""Classes of texts: which of its labels a trained classifier gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.sentence_tokens import SentenceTokens
from sensorium.perception.text_classifier import LOGITS, is_text_classifier, reads_embedding
from sensorium.perception.text_reader import TextReader
from sensorium_tools import graphs
from sensorium_tools.evaluate.carried import Carried
from sensorium_tools.evaluate.port_check import check_size
from sensorium_tools.evaluate.text_emotion import TextEmotion
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample

_EMBEDDING = "minilm"


class TextClass(TextEmotion):
    """See `evaluate.task.Task`. An outcome is one of the card's labels."""

    def __init__(self, card: Card) -> None:
        if not is_text_classifier(card):
            raise EngineError(
                f"{card.name}: the task text-class needs labels, one input and one output {LOGITS} "
                "[1, labels] in the card",
                "state them so, or take the task agreement",
            )
        check_size(card)
        self._labels = card.engine.labels
        self._feeds = _embedded(card) if reads_embedding(card.inputs[0]) else _read(card)

    @staticmethod
    def partners(card: Card) -> tuple[str, ...]:
        """The sentence embedding, where this one reads that."""
        return (_EMBEDDING,) if card.inputs and reads_embedding(card.inputs[0]) else ()

    def perform(self, run: Run, sample: Sample) -> str:
        """See `Task.perform`."""
        logits = run(self._feeds(str(sample.data)))[LOGITS]
        return self._labels[int(np.argmax(logits))]


def _read(card: Card) -> Callable[[str], dict[str, NDArray[Any]]]:
    """Texts as the local API feeds them to the engine."""
    port = card.inputs[0]
    reader = TextReader(Carried(card), port, card.sizes(port, "max")[-1])
    return lambda text: reader(text).feeds


def _embedded(card: Card) -> Callable[[str], dict[str, NDArray[Any]]]:
    """Texts by the sentence embedding, in fp32, whether or not that engine was built."""
    other = store.find_card(_EMBEDDING)
    run = GraphRun(other.name, graphs.graph(other, Progress()))
    feeds = SentenceTokens(Carried(other), other).feeds
    name, output = card.inputs[0].name, other.outputs[0].name
    return lambda text: {name: np.array(run(feeds(text))[output], np.float32)}
