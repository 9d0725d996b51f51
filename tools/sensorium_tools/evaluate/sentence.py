"""Sentence embeddings: whether texts that mean the same lie together."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.wordpiece import WordPiece
from sensorium_tools.evaluate.interval import wilson
from sensorium_tools.evaluate.task import Metric
from sensorium_tools.progress import Progress
from sensorium_tools.sources import read_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample

_TOKENIZER = 2
"""Which of the converter's weights is tokenizer.json."""


class Sentence:
    """See `evaluate.task.Task`. An outcome is an embedding, float32 [width], of length 1.

    The score is the accuracy of the nearest prototype: a text is given the class whose mean
    embedding it is closest to. Its own embedding, and those of texts that were made of the same
    template (truth "template"), are left out of the means, so that all samples can be judged.
    Only classes of the same origin compete, as an intent is no answer to a film review.
    """

    def __init__(self, card: Card) -> None:
        self._input, self._output = card.inputs[0].name, card.outputs[0].name
        self._limit = card.sizes(card.inputs[0], "max")[1]
        weights = read_weights(card, Progress())
        self._tokens = WordPiece(weights[_TOKENIZER], card.name)

    def perform(self, run: Run, sample: Sample) -> NDArray[np.float32]:
        """See `Task.perform`."""
        feeds = {self._input: self._tokens(str(sample.data), self._limit)}
        return np.array(run(feeds)[self._output], np.float32).reshape(-1)

    def agree(self, one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
        """See `Task.agree`: the cosine."""
        lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
        return max(float(one @ other) / lengths, 0.0) if lengths else float((one == other).all())

    def score(
        self, outcomes: Sequence[NDArray[np.float32]], samples: Sequence[Sample]
    ) -> Metric | None:
        """See `Task.score`; uses the truths "class" and, where there is one, "template"."""
        right = self.right(outcomes, samples)
        classes: dict[str, list[float]] = defaultdict(list)
        for sample, value in zip(samples, right, strict=True):
            if not np.isnan(value):
                classes[str(sample.truth["class"])].append(float(value))
        n = sum(map(len, classes.values()))
        if not n:
            return None
        hits = int(sum(map(sum, classes.values())))
        parts = {f"recall of {name}": sum(each) / len(each) for name, each in classes.items()}
        return Metric("intent accuracy", hits / n, *wilson(hits, n), n, parts=parts)

    def right(
        self, outcomes: Sequence[NDArray[np.float32]], samples: Sequence[Sample]
    ) -> NDArray[np.float64]:
        """1 for each sample whose nearest prototype is of its class, else 0; NaN: not judged."""
        right = np.full(len(samples), np.nan)
        origins: dict[str, list[int]] = defaultdict(list)
        for at, sample in enumerate(samples):
            if "class" in sample.truth:
                origins[sample.origin].append(at)
        for members in origins.values():
            right[members] = _nearest(
                np.stack([outcomes[at] for at in members]),
                [str(samples[at].truth["class"]) for at in members],
                [str(samples[at].truth.get("template", at)) for at in members],
            )
        return right


def _nearest(
    embeddings: NDArray[np.float32], classes: list[str], templates: list[str]
) -> NDArray[np.float64]:
    """Judges each row by the means of all rows of other templates; NaN where its class has none."""
    names = sorted(set(classes))
    member = np.array([[name == own for own in classes] for name in names])
    apart = np.array([[one != other for other in templates] for one in templates])
    right = np.full(len(classes), np.nan)
    for at, own in enumerate(classes):
        counted = member & apart[at]
        sums = counted.astype(np.float32) @ embeddings
        lengths = np.linalg.norm(sums, axis=1)
        if not counted[names.index(own)].any() or len(names) < 2:
            continue
        closeness = np.where(
            lengths > 0, sums @ embeddings[at] / np.maximum(lengths, 1e-12), -np.inf
        )
        right[at] = names[int(closeness.argmax())] == own
    return right
