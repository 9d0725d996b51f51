"""Judges a half of Whisper by the words that come out of the whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_features import MELS
from sensorium.perception.whisper_text import ENGLISH, Vocabulary
from sensorium_tools.evaluate.port_check import Wanted, check
from sensorium_tools.evaluate.task import Metric
from sensorium_tools.evaluate.word_errors import compare
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.graphs import graph
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample

PARTNERS = {"encoder": "decoder", "decoder": "encoder"}
_TASK = "transcription"
_THREADS = 2


class Transcription:
    """The task; see `evaluate.task.Task`. An outcome is a text.

    The other half is the fp32 graph of the card that has that half's name in the place of its own:
    so what is judged is one engine, and not the sum of two.
    """

    def __init__(self, card: Card) -> None:
        self._half = card.conversion.part
        if self._half not in PARTNERS:
            raise EngineError(
                f'{card.name}: its part is "{self._half}", the task {_TASK} judges an '
                "encoder or a decoder of Whisper",
                "write conversion.part",
            )
        check(card, _TASK, *_ports(card))
        other = store.find_card(partner(card.name, self._half))
        if other.conversion.part != PARTNERS[self._half]:
            raise EngineError(
                f"{card.name}: the task {_TASK} needs the other half beside it, and the card "
                f'{other.name} has the part "{other.conversion.part}"',
                f'name the cards so that they differ in "{self._half}" and '
                f'"{PARTNERS[self._half]}"',
            )
        check(other, _TASK, *_ports(other))
        data = {each.conversion.part: graph(each, Progress()) for each in (card, other)}
        self._vocabulary = vocabulary(data["decoder"], card.name)
        decoder = card if self._half == "decoder" else other
        _check_vocabulary(decoder, self._vocabulary)
        self._other = GraphRun(other.name, data[other.conversion.part], _THREADS)

    @staticmethod
    def partners(card: Card) -> tuple[str, ...]:
        """The other half's card."""
        half = card.conversion.part
        return (partner(card.name, half),) if half in PARTNERS else ()

    def perform(self, run: Run, sample: Sample) -> str:
        """See `Task.perform`: the text that is heard in a sound.

        Raises:
            EngineError: When the sound is longer than the model takes, or a run fails.
        """
        encode, decode = (
            (run, self._other) if self._half == "encoder" else (self._other, run)
        )

        # The decoder reads with each token what the encoder may write over in its next call.
        def kept(feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
            return {name: np.array(values) for name, values in encode(feeds).items()}

        try:
            # What is said in the samples is English, and so are the words that are compared.
            decoder = Decoder(decode, self._vocabulary, language=ENGLISH)
            return Whisper(kept, decoder).hear(sample.data).text
        except ValueError as error:
            raise EngineError(
                f"sample {sample.name}: the task {_TASK} cannot take it: {error}",
                "remove it from its set",
            ) from error

    def agree(self, one: str, other: str) -> float | None:
        """See `Task.agree`: 1 less the word error rate of the other; None where both are silent."""
        wrong, said = compare(one, other)
        if not said and not wrong:
            return None
        return max(0.0, 1.0 - wrong / said) if said else 0.0

    def score(self, outcomes: Sequence[str], samples: Sequence[Sample]) -> Metric | None:
        """See `Task.score`: the word error rate over the samples whose truth has a "text".

        No interval, which would be drawn again and again.
        """
        compared = [
            pair
            for heard, sample in zip(outcomes, samples, strict=True)
            if (pair := compare(str(sample.truth.get("text", "")), heard))[1]
        ]
        if not compared:
            return None
        count = sum(said for _, said in compared)
        value = sum(wrong for wrong, _ in compared) / count
        return Metric("word error rate", value, math.nan, math.nan, count, more_is_better=False)


def _ports(card: Card) -> tuple[list[Wanted], list[Wanted]]:
    """The inputs and outputs of a half, with as many layers as the card has."""
    encodes = card.conversion.part == "encoder"
    ports = card.outputs if encodes else card.inputs
    layers = range(max(1, sum(port.name.startswith("cross_k_") for port in ports)))

    def pairs(what: str, texts: int | str, size: int | str) -> list[Wanted]:
        return [
            Wanted(f"{what}_{name}_{layer}", shape)
            for layer in layers
            for name, shape in (("k", (texts, "h", "d", size)), ("v", (texts, "h", size, "d")))
        ]

    cross = pairs("cross", 1, "p")
    if encodes:
        return [Wanted("mel", (1, MELS, "frames"), varies=True)], cross
    step = [Wanted("token", ("t", 1), "int64"), Wanted("position", (1,), "int64")]
    new = pairs("new", "t", 1)
    results = [Wanted("logits", ("t", "words")), *new, Wanted("alignment", ("t", "a", "p"))]
    return [*step, *pairs("cache", "t", "c"), *cross], results


def _check_vocabulary(decoder: Card, words: Vocabulary) -> None:
    port = next(port for port in decoder.outputs if port.name == "logits")
    if port.shape[-1] != len(words.tokens):
        raise EngineError(
            f"{decoder.name}: its output logits is {list(port.shape)}, its vocabulary has "
            f"{len(words.tokens)} tokens",
            "give the converter the vocabulary of the same model",
        )


def partner(name: str, half: str) -> str:
    """The name of the other half's card: `half` stands last in a name that has it twice."""
    return PARTNERS[half].join(name.rsplit(half, 1))


def vocabulary(decoder: bytes, label: str) -> Vocabulary:
    """The vocabulary in a decoder's graph.

    Args:
        decoder: Serialised.
        label: What errors call it.

    Raises:
        EngineError: When it is missing or damaged.
    """
    metadata = onnx.load_from_string(decoder).metadata_props
    return Vocabulary.parse({entry.key: entry.value for entry in metadata}, label)
