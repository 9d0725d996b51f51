"""Fits the movement engine's network to takes whose movements are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.hand_motion import FEATURES, WINDOW
from sensorium.perception.movement import CLASSES, INPUT, OUTPUT
from sensorium_tools.train.temporal_export import Ports
from sensorium_tools.train.temporal_network import Adam, Network, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium_tools.progress import Progress
    from sensorium_tools.samples import Sample

SHAPE = Shape(FEATURES, ((5, 1), (3, 2), (3, 4), (3, 8), (3, 8)), len(CLASSES))
assert SHAPE.span == WINDOW - 1
PORTS = Ports("hand-movement", INPUT, OUTPUT, 1)
WIDTH = 48
PIECES, LENGTH = 48, 96
"""Pieces in a step of the optimiser, and told steps of each: 2.5 minutes in all."""
RATE = 3e-3
"""Of the first step; it falls to 0 along half a cosine (Loshchilov, Hutter, arXiv 1608.03983)."""
_AFTER = 3.5
"""Steps after a movement's end in which the network is to tell it: 0 to 117 ms."""
_EARLY, _LATE = 1.5, 3.0
"""Steps before and after these in which nothing is asked of it."""
_WEIGHT = 4.0
"""How much a step of a movement counts; a step of none counts 1."""


class Steps(NamedTuple):
    """Takes one after the other.

    Attributes:
        features: float32 [steps, 12].
        truth: [steps], indices in `CLASSES`.
        counts: float32 [steps], how much each counts.
        first: Where pieces may begin.
    """

    features: NDArray[np.float32]
    truth: NDArray[np.int64]
    counts: NDArray[np.float32]
    first: NDArray[np.int64]


def steps(samples: Sequence[Sample]) -> Steps:
    """The steps of all takes, and what is to be told at each."""
    truths, weights, firsts, place = [], [], [], 0
    for sample in samples:
        truth, counts = labelled(len(sample.data), sample.truth["movements"])
        truths.append(truth)
        weights.append(counts)
        firsts.append(place + np.arange(max(0, len(sample.data) - LENGTH - SHAPE.span + 1)))
        place += len(sample.data)
    return Steps(
        np.concatenate([sample.data for sample in samples]), np.concatenate(truths),
        np.concatenate(weights), np.concatenate(firsts),
    )


def labelled(
    count: int, movements: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """What is to be told at each step of a take, and how much it counts.

    Args:
        count: Of steps.
        movements: [n, 3]: first and last step, and index, of each movement.
    """
    truth = np.zeros(count, np.int64)
    counts = np.ones(count, np.float32)
    at = np.arange(count)
    for end in movements[:, 1]:
        beside = at - end
        counts[(beside > -_EARLY) & (beside < _AFTER + _LATE)] = 0.0
    for _, end, kind in movements:
        beside = at - end
        asked = (beside >= 0.0) & (beside <= _AFTER)
        truth[asked] = int(kind) + 1
        counts[asked] = _WEIGHT
    return truth, counts


def fit(data: Steps, rounds: int, seed: int, progress: Progress) -> Network:
    """A network that was trained.

    Args:
        data: To learn from.
        rounds: Steps of the optimiser.
        seed: Of the first weights and the order; the same seed gives the same network on the same
            machine.
        progress: Told of each step.
    """
    noise = np.random.default_rng(seed)
    network = Network(SHAPE, WIDTH, noise)
    optimiser = Adam(network.parameters)
    behind = SHAPE.span
    with progress.steps("training", rounds) as advance:
        for step in range(rounds):
            first = noise.choice(data.first, PIECES)[:, None]
            heard = data.features[first + np.arange(LENGTH + behind)]
            asked = first + behind + np.arange(LENGTH)
            _, gradients = network.gradients(heard, data.truth[asked], data.counts[asked])
            optimiser.step(gradients, RATE * 0.5 * (1.0 + np.cos(np.pi * step / rounds)))
            advance(1)
    return network
