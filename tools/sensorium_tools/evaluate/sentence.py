"""Sentence embeddings: whether texts that mean the same lie together."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from sensorium.inference.text_metadata import TOKENIZER
from sensorium.perception.wordpiece import WordPiece
from sensorium_tools.evaluate.carried import carried
from sensorium_tools.evaluate.interval import wilson
from sensorium_tools.evaluate.port_check import Wanted, check
from sensorium_tools.evaluate.task import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample


class Sentence:
    """See `evaluate.task.Task`. An outcome is an embedding, float32 [width], of length 1.

    The score is the accuracy of the nearest prototype: a text is given the class (truth "class")
    whose mean embedding it is closest to. What is of its own origin, such as the same template, is
    left out of its class's mean, so that all samples can be judged.
    """

    def __init__(self, card: Card) -> None:
        check(
            card, "sentence", [Wanted(shape=(1, "tokens"), type="int64", varies=True)],
            [Wanted(shape=(1, "width"))],
        )
        self._input, self._output = card.inputs[0].name, card.outputs[0].name
        self._limit = card.sizes(card.inputs[0], "max")[1]
        self._tokens = WordPiece(carried(card, TOKENIZER), card.name)

    def perform(self, run: Run, sample: Sample) -> NDArray[np.float32]:
        """See `Task.perform`."""
        feeds = {self._input: self._tokens(str(sample.data), self._limit)}
        return np.array(run(feeds)[self._output], np.float32).reshape(-1)

    def agree(self, one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
        """See `Task.agree`: the cosine."""
        lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
        if not lengths:
            return float((one == other).all())
        return min(max(float(one @ other) / lengths, 0.0), 1.0)

    def score(
        self, outcomes: Sequence[NDArray[np.float32]], samples: Sequence[Sample]
    ) -> Metric | None:
        """See `Task.score`; None where fewer than two classes can be told apart."""
        places = [at for at, sample in enumerate(samples) if "class" in sample.truth]
        if not places:
            return None
        right = _nearest(
            np.stack([outcomes[at] for at in places]),
            [str(samples[at].truth["class"]) for at in places],
            [samples[at].origin or samples[at].name for at in places],
        )
        classes: dict[str, list[float]] = defaultdict(list)
        for at, value in zip(places, right.tolist(), strict=True):
            if not np.isnan(value):
                classes[str(samples[at].truth["class"])].append(value)
        n = sum(map(len, classes.values()))
        if not n:
            return None
        hits = int(sum(map(sum, classes.values())))
        parts = {f"recall of {name}": sum(each) / len(each) for name, each in classes.items()}
        return Metric("intent accuracy", hits / n, *wilson(hits, n), n, parts=parts)


def _nearest(
    embeddings: NDArray[np.float32], classes: list[str], origins: list[str]
) -> NDArray[np.float64]:
    """1 for each row whose nearest prototype is of its class, else 0.

    NaN where it cannot be judged: its class has no row of another origin, or is the only one.
    """
    names, own = np.unique(np.array(classes), return_inverse=True)
    groups, group = np.unique(
        np.array([f"{name}\0{origin}" for name, origin in zip(classes, origins, strict=True)]),
        return_inverse=True,
    )
    sums = np.zeros((len(names), embeddings.shape[1]), np.float32)
    shares = np.zeros((len(groups), embeddings.shape[1]), np.float32)
    np.add.at(sums, own, embeddings)
    np.add.at(shares, group, embeddings)
    closeness = embeddings @ _of_length_1(sums).T
    rows = np.arange(len(classes))
    others = _of_length_1(sums[own] - shares[group])
    closeness[rows, own] = (embeddings * others).sum(axis=1)
    right: NDArray[np.float64] = (closeness.argmax(axis=1) == own).astype(np.float64)
    alone = np.bincount(own)[own] == np.bincount(group)[group]
    right[alone | (len(names) < 2)] = np.nan
    return right


def _of_length_1(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = np.zeros_like(rows)
    np.divide(rows, lengths, out=scaled, where=lengths > 0)
    return scaled
