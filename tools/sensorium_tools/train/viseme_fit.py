"""Fits the network to frames whose visemes are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.viseme import AHEAD, INPUT, OUTPUT, SPAN
from sensorium.perception.viseme_features import BANDS
from sensorium.records.voice import VISEME_FRAMES, VISEMES
from sensorium_tools.train.temporal_export import Ports
from sensorium_tools.train.temporal_network import Adam, Network, Shape
from sensorium_tools.train.viseme_data import windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium_tools.progress import Progress
    from sensorium_tools.train.viseme_data import Frames

CLASSES = len(VISEMES)
SHAPE = Shape(BANDS, ((5, 1), (3, 2), (3, 4), (3, 4)), CLASSES)
assert SHAPE.span == SPAN
PORTS = Ports("viseme", INPUT, OUTPUT, VISEME_FRAMES)
WIDTH = 64
PIECES, LENGTH = 24, 160
"""Pieces in a step, and frames of each: 1.3 s, some 30 s of sound in all."""
RATE = 3e-3
"""Of the first step; it falls to 0 along half a cosine (Loshchilov, Hutter, arXiv 1608.03983)."""
RARE = 0.4
"""How far a rare viseme counts for more: 0 not at all, 1 as much as a frequent one in all."""


def fit(data: Frames, steps: int, seed: int, progress: Progress) -> Network:
    """A network that was trained.

    Args:
        data: To learn from.
        steps: Of the optimiser.
        seed: Of the first weights and the order; the same seed gives the same network on the same
            machine.
        progress: Told of each step.
    """
    noise = np.random.default_rng(seed)
    network = Network(SHAPE, WIDTH, noise)
    optimiser = Adam(network.parameters)
    share = shares(data.truth)
    with progress.steps("training", steps) as advance:
        for step in range(steps):
            piece = windows(data, PIECES, LENGTH, AHEAD, noise)
            _, gradients = network.gradients(piece.features, piece.truth, share[piece.truth])
            optimiser.step(gradients, RATE * 0.5 * (1.0 + np.cos(np.pi * step / steps)))
            advance(1)
    return network


def shares(truth: NDArray[np.int64]) -> NDArray[np.float32]:
    """How much a frame of each viseme counts: [15]."""
    often = np.bincount(truth, minlength=CLASSES) / len(truth)
    return ((1.0 / CLASSES / np.maximum(often, 1e-4)) ** RARE).astype(np.float32)
