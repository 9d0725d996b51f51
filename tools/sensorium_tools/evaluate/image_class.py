"""Image classes: does the surest of the model's classes fit the picture?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.image_classes import ImageClasses
from sensorium_tools.evaluate.interval import wilson
from sensorium_tools.evaluate.port_check import LABELS, Wanted, check
from sensorium_tools.evaluate.task import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample

TOP = 5
SURE = 0.3
"""Smallest probability of a class that is worth telling. Where both engines are less sure, what
they agree on is only which of many unlikely classes comes first by a hair."""


@dataclass(frozen=True)
class Seen:
    """What an engine sees.

    Attributes:
        classes: The surest classes, the surest first.
        score: Probability of the first.
    """

    classes: tuple[int, ...]
    score: float


class ImageClass:
    """Judges an engine that takes `image` [1, 3, h, w] and gives one score for each class.

    An outcome is a `Seen` of the five surest classes.
    """

    def __init__(self, card: Card) -> None:
        check(card, "image-class", [Wanted(shape=(1, 3, "h", "w"))], [Wanted(shape=(1, LABELS))])
        self._classes, self._output = ImageClasses(card), card.outputs[0].name
        self._labels = card.engine.labels

    def perform(self, run: Run, sample: Sample) -> Seen:
        """See `Task`."""
        scores = run(self._classes.feeds(sample.data))[self._output][0]
        order = np.argsort(-scores, kind="stable")[:TOP]
        return Seen(tuple(int(place) for place in order), float(scores[order[0]]))

    def agree(self, one: Any, other: Any) -> float | None:
        """1 where the surest class is the same; None where neither is sure of one."""
        if max(one.score, other.score) < SURE:
            return None
        return float(one.classes[0] == other.classes[0])

    def score(self, outcomes: Sequence[Any], samples: Sequence[Sample]) -> Metric | None:
        """Accuracy of the surest class; where several fit, each is right."""
        known = [
            (
                [self._labels[place] for place in outcome.classes],
                sample.truth.get("classes", (sample.truth["class"],)),
            )
            for outcome, sample in zip(outcomes, samples, strict=True)
            if "class" in sample.truth
        ]
        if not known:
            return None
        right = sum(outcome[0] in classes for outcome, classes in known)
        among = sum(bool(set(outcome) & set(classes)) for outcome, classes in known)
        low, high = wilson(right, len(known))
        parts = {f"among the first {TOP}": among / len(known)}
        return Metric("accuracy", right / len(known), low, high, len(known), parts=parts)
