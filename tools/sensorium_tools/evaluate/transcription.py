"""Judges a half of Whisper by the words that come out of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_text import Vocabulary
from sensorium_tools.evaluate.english_words import words
from sensorium_tools.evaluate.task import Metric
from sensorium_tools.evaluate.word_errors import errors, rate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample

    Graph = Callable[[Card], bytes]
    """The fp32 graph of a card, as its converter makes it of the fetched weights."""

HALVES = {"encoder": "decoder", "decoder": "encoder"}


class Transcription:
    """The task; see `evaluate.task.Task`. An outcome is a text.

    Args:
        card: Of an encoder or a decoder of Whisper; the other half is the fp32 graph of the card
            whose name has that half's in its place.
        graph: Gives a card's fp32 graph.

    Raises:
        EngineError: When the card is of neither half, or the other cannot be had.
    """

    def __init__(self, card: Card, graph: Graph | None = None) -> None:
        self._half = card.conversion.part
        if self._half not in HALVES:
            raise EngineError(
                f"{card.name}: its part is \"{self._half}\", the task transcription judges an "
                "encoder or a decoder of Whisper", "write conversion.part",
            )
        other = store.find_card(partner(card.name, self._half))
        graph = graph or _converted
        data = {self._half: graph(card), HALVES[self._half]: graph(other)}
        metadata = onnx.load_from_string(data["decoder"]).metadata_props
        self._vocabulary = Vocabulary.parse(
            {entry.key: entry.value for entry in metadata}, card.name
        )
        self._other = runner(data[HALVES[self._half]])

    def perform(self, run: Run, sample: Sample) -> str:
        """See `Task.perform`: the text that is heard in a sound."""
        halves = {self._half: run, HALVES[self._half]: self._other}
        decoder = Decoder(halves["decoder"], self._vocabulary)
        return Whisper(_kept(halves["encoder"]), decoder).hear(sample.data).text

    def agree(self, one: str, other: str) -> float:
        """See `Task.agree`: 1 less the word error rate of the other."""
        said = words(one)
        return max(0.0, 1.0 - errors(said, words(other)) / max(len(said), 1))

    def score(self, outcomes: Sequence[str], samples: Sequence[Sample]) -> Metric | None:
        """See `Task.score`: the word error rate over the samples whose text is known."""
        wrong, count = [], []
        for heard, sample in zip(outcomes, samples, strict=True):
            said = words(str(sample.truth.get("text", "")))
            if said:
                wrong.append(errors(said, words(heard)))
                count.append(len(said))
        if not count:
            return None
        value, low, high = rate(wrong, count)
        return Metric("word error rate", value, low, high, sum(count), more_is_better=False)


def partner(name: str, half: str) -> str:
    """The name of the other half's card."""
    return HALVES[half].join(name.rsplit(half, 1))


def runner(data: bytes, threads: int = 2) -> Run:
    """A call of an ONNX graph on the CPU.

    Args:
        data: Serialised.
        threads: To compute with.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session: Any = onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
    names = [port.name for port in session.get_outputs()]

    def run(feeds: Any) -> dict[str, Any]:
        return dict(zip(names, session.run(names, dict(feeds)), strict=True))

    return run


def _kept(encode: Run) -> Run:
    """A call whose results outlive the next: the decoder reads them with each token."""
    return lambda feeds: {name: np.array(values) for name, values in encode(feeds).items()}


def _converted(card: Card) -> bytes:
    """The fp32 graph of a card, made anew of its fetched weights."""
    from sensorium_tools.convert import converter
    from sensorium_tools.fetched_weights import weights

    return converter(card.conversion.converter)(card, weights(card))
