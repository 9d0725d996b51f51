"""Gestures: which of its labels an engine gives a hand, as the sense `gesture` asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium.perception.gesture import CALLED_LEFT
from sensorium.perception.hand_landmarks import LANDMARKS, LEFT, RIGHT, landmarks
from sensorium_tools.evaluate.interval import wilson
from sensorium_tools.evaluate.port_check import LABELS, Wanted, check
from sensorium_tools.evaluate.task import Metric
from sensorium_tools.samples.checks import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample

OUTPUT = "scores"
SIDES = {"left": LEFT, "right": RIGHT}


class Gesture:
    """See `evaluate.task.Task`. An outcome is one of the card's labels."""

    def __init__(self, card: Card) -> None:
        check(
            card, "gesture",
            [Wanted("hand", (1, LANDMARKS, 3)), Wanted("handedness", (1, 1))],
            [Wanted(OUTPUT, (1, LABELS))],
        )
        self._labels = card.engine.labels

    def perform(self, run: Run, sample: Sample) -> str:
        """See `Task.perform`.

        Raises:
            EngineError: When the sample is no hand, or its joints do not span one.
        """
        require(sample, "gesture")
        side = SIDES.get(str(sample.truth.get("handedness")), RIGHT)
        hand = np.zeros((1, LANDMARKS, 3), np.float32)
        if not landmarks(sample.data.tolist(), side, hand):
            raise EngineError(
                f"sample {sample.name}: its joints do not span a hand", "remove it from its set"
            )
        feeds = {"hand": hand, "handedness": np.full((1, 1), CALLED_LEFT[side], np.float32)}
        return self._labels[int(np.argmax(run(feeds)[OUTPUT][0]))]

    def agree(self, one: str, other: str) -> float:
        """See `Task.agree`: whether they are the same label."""
        return float(one == other)

    def score(self, outcomes: Sequence[str], samples: Sequence[Sample]) -> Metric | None:
        """See `Task.score`: accuracy, and the recall of each class; uses the truth "class"."""
        pairs = [
            (outcome, str(sample.truth["class"]))
            for outcome, sample in zip(outcomes, samples, strict=True)
            if sample.truth.get("class") in self._labels
        ]
        if not pairs:
            return None
        hits = sum(said == true for said, true in pairs)
        parts = {}
        for label in sorted({true for _, true in pairs}):
            said_of_it = [said for said, true in pairs if true == label]
            parts[f"recall of {label}"] = said_of_it.count(label) / len(said_of_it)
        return Metric(
            "accuracy", hits / len(pairs), *wilson(hits, len(pairs)), len(pairs), parts=parts
        )
