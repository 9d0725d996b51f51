"""Emotions of texts: which of its labels an engine gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.inference.text_metadata import WORDS
from sensorium.perception.word_list import WordList
from sensorium_tools.evaluate.carried import carried
from sensorium_tools.evaluate.interval import wilson
from sensorium_tools.evaluate.port_check import LABELS, Wanted, check
from sensorium_tools.evaluate.task import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample


class TextEmotion:
    """See `evaluate.task.Task`. An outcome is one of the card's labels."""

    def __init__(self, card: Card) -> None:
        check(
            card, "text-emotion", [Wanted(shape=(1, "words"), type="int64")],
            [Wanted(shape=(1, LABELS))],
        )
        self._input, self._output = card.inputs[0].name, card.outputs[0].name
        self._length = card.sizes(card.inputs[0])[1]
        self._labels = card.engine.labels
        self._words = WordList(carried(card, WORDS), card.name)

    def perform(self, run: Run, sample: Sample) -> str:
        """See `Task.perform`."""
        scores = run({self._input: self._words(str(sample.data), self._length)})[self._output]
        return self._labels[int(np.argmax(scores))]

    def agree(self, one: str, other: str) -> float:
        """See `Task.agree`: whether they are the same label."""
        return float(one == other)

    def score(self, outcomes: Sequence[str], samples: Sequence[Sample]) -> Metric | None:
        """See `Task.score`; uses the truth "class" where it is one of the labels."""
        pairs = [
            (outcome, str(sample.truth["class"]))
            for outcome, sample in zip(outcomes, samples, strict=True)
            if sample.truth.get("class") in self._labels
        ]
        if not pairs:
            return None
        hits = sum(said == true for said, true in pairs)
        parts = {f"F1 of {name}": _f1(pairs, name) for name in sorted({true for _, true in pairs})}
        parts["macro F1"] = sum(parts.values()) / len(parts)
        n = len(pairs)
        return Metric("accuracy", hits / n, *wilson(hits, n), n, parts=parts)


def _f1(pairs: Sequence[tuple[str, str]], label: str) -> float:
    """Harmonic mean of a label's precision and recall over pairs of said and true."""
    hits = sum(said == true == label for said, true in pairs)
    named = sum(said == label for said, _ in pairs) + sum(true == label for _, true in pairs)
    return 2 * hits / named if named else 0.0
