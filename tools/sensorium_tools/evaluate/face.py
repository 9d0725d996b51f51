"""Faces: their expression, their landmarks, and how strongly each part of them moves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.face_input import (
    BLENDSHAPE_LANDMARKS,
    EYE_CORNERS,
    expression_input,
    landmark_crop,
    points_of,
)
from sensorium_tools import graphs
from sensorium_tools.evaluate.port_check import Wanted, check
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Metric, Run
    from sensorium_tools.samples import Sample


class FaceEmotion:
    """Judges an engine that takes `face` [1, h, w, 1] and gives one score for each expression.

    An outcome is the scores.
    """

    def __init__(self, card: Card) -> None:
        check(
            card, "face-emotion", [Wanted(shape=(1, "n", "n", 1))],
            [Wanted(shape=(1, "expressions"))],
        )
        self._input, self._output = card.inputs[0].name, card.outputs[0].name
        self._side = card.sizes(card.inputs[0])[1]

    def perform(self, run: Run, sample: Sample) -> NDArray[np.float32]:
        """See `Task`."""
        values = expression_input(sample.data, _box(sample), self._side)
        scores: NDArray[np.float32] = run({self._input: values})[self._output][0].copy()
        return scores

    def agree(self, one: Any, other: Any) -> float:
        """1 where the surest expression is the same."""
        return float(np.argmax(one) == np.argmax(other))

    def score(self, outcomes: Sequence[Any], samples: Sequence[Sample]) -> Metric | None:
        """None: no sample's expression is known."""
        return None


class FaceLandmarks:
    """Judges an engine that takes a face `image` [1, n, n, 3] and gives `landmarks`.

    An outcome is the points [landmarks, 2] in pixels of the picture.
    """

    def __init__(self, card: Card) -> None:
        _check_landmarks(card, "face-landmarks", max(EYE_CORNERS))
        self._input, self._output = card.inputs[0].name, card.outputs[0].name
        self._side = card.sizes(card.inputs[0])[1]

    def perform(self, run: Run, sample: Sample) -> NDArray[np.float32]:
        """See `Task`."""
        values, square = landmark_crop(sample.data, _box(sample), self._side)
        return points_of(run({self._input: values})[self._output], square, self._side)

    def agree(self, one: Any, other: Any) -> float:
        """1 less the mean distance of the points, in distances between the eyes' outer corners."""
        between = np.linalg.norm(one[EYE_CORNERS[0]] - one[EYE_CORNERS[1]])
        apart = np.linalg.norm(one - other, axis=1).mean()
        return float(max(0.0, 1.0 - apart / max(between, 1e-6)))

    def score(self, outcomes: Sequence[Any], samples: Sequence[Sample]) -> Metric | None:
        """None: no sample's landmarks are known."""
        return None


class Blendshapes:
    """Judges an engine that takes landmarks [1, n, 2] in pixels and gives the blendshapes.

    The landmarks are those that the fp32 graph of `face-landmarks` finds. An outcome is the
    weights, 0..1.
    """

    def __init__(self, card: Card) -> None:
        check(
            card, "blendshapes", [Wanted(shape=(1, len(BLENDSHAPE_LANDMARKS), 2))], [Wanted()]
        )
        self._input, self._output = card.inputs[0].name, card.outputs[0].name
        other = store.find_card("face-landmarks")
        _check_landmarks(other, "blendshapes", int(BLENDSHAPE_LANDMARKS.max()))
        self._side = other.sizes(other.inputs[0])[1]
        self._other = (other.inputs[0].name, other.outputs[0].name)
        self._landmarks = GraphRun(other.name, graphs.graph(other, Progress()))

    @staticmethod
    def partners(_card: Card) -> tuple[str, ...]:
        """The engine that finds the landmarks."""
        return ("face-landmarks",)

    def perform(self, run: Run, sample: Sample) -> NDArray[np.float32]:
        """See `Task`."""
        values, square = landmark_crop(sample.data, _box(sample), self._side)
        name, result = self._other
        found = self._landmarks({name: values})[result]
        points = points_of(found, square, self._side)[BLENDSHAPE_LANDMARKS]
        weights: NDArray[np.float32] = run({self._input: points[None]})[self._output]
        return weights.reshape(-1).copy()

    def agree(self, one: Any, other: Any) -> float:
        """1 less the mean difference of the weights."""
        return float(1.0 - np.abs(one - other).mean())

    def score(self, outcomes: Sequence[Any], samples: Sequence[Sample]) -> Metric | None:
        """None: no sample's blendshapes are known."""
        return None


def _check_landmarks(card: Card, task: str, last: int) -> None:
    """Refuses a card that does not take a square picture and give landmarks up to `last`.

    Raises:
        EngineError: Says what the ports are.
    """
    check(card, task, [Wanted(shape=(1, "n", "n", 3))], [Wanted()])
    values = math.prod(card.sizes(card.outputs[0]))
    if values % 3 or values <= last * 3:
        raise EngineError(
            f"{card.name}: its output {card.outputs[0].name} has {values} values, the task {task} "
            f"needs x, y and z of each of {last + 1} landmarks or more",
            "name the landmarks first among the card's [[outputs]]",
        )


def _box(sample: Sample) -> tuple[float, float, float, float]:
    """Where the face is; the whole picture where that is not known."""
    height, width = sample.data.shape[:2]
    left, top, right, bottom = sample.truth.get("face", (0, 0, width, height))
    return float(left), float(top), float(right), float(bottom)
