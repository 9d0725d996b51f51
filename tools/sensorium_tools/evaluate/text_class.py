"""Classes of texts: which of its labels a trained classifier gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.text_classifier import (
    LOGITS,
    is_text_classifier,
    reader,
    reads_embedding,
)
from sensorium_tools import graphs
from sensorium_tools.evaluate.port_check import check_size
from sensorium_tools.evaluate.text_emotion import TextEmotion
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
        self._feeds = _embedded(card) if reads_embedding(card) else reader(_Carried(card), card)

    @staticmethod
    def partners(card: Card) -> tuple[str, ...]:
        """The sentence embedding, where this one reads that."""
        return (_EMBEDDING,) if card.inputs and reads_embedding(card) else ()

    def perform(self, run: Run, sample: Sample) -> str:
        """See `Task.perform`."""
        logits = run(self._feeds(str(sample.data)))[LOGITS]
        return self._labels[int(np.argmax(logits))]


class _Carried:
    """What a card's graph carries, for who reads it of an engine."""

    def __init__(self, card: Card) -> None:
        self.name = card.name
        model = onnx.load_from_string(graphs.graph(card, Progress()))
        self.metadata: Mapping[str, str] = {
            entry.key: entry.value for entry in model.metadata_props
        }


def _embedded(card: Card) -> Callable[[str], dict[str, NDArray[Any]]]:
    """Texts by the sentence embedding, in fp32, whether or not that engine was built."""
    other = store.find_card(_EMBEDDING)
    run = GraphRun(other.name, graphs.graph(other, Progress()))
    feeds = reader(_Carried(other), other)
    name, output = card.inputs[0].name, other.outputs[0].name
    return lambda text: {name: np.array(run(feeds(text))[output], np.float32)}
