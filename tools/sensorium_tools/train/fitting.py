"""Fits a head to windows: those of the phrase, and the hardest of all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.speech_embedding import WIDTH
from sensorium.perception.wake_trigger import WINDOW
from sensorium_tools.train import network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium_tools.progress import Progress
    from sensorium_tools.train.features import Made
    from sensorium_tools.train.network import Weights

    Array = NDArray[np.float32]

ROUNDS, STEPS = 20, 160
"""Looks for the hardest windows, and steps after each."""
BATCH = 512
_PHRASE_SHARE = 1 / 3
_HARD = 2_000
"""Windows that are the hardest of all; half of a batch's others are from them."""
_RATE = 2e-3
_KEEP = 0.6
_JITTER = 0.25
"""Noise on a normalised number: with less, a head knows its synthesisers by heart."""
_SMOOTH = 0.02
"""The phrase is 1 - 0.02, all else 0: a head that is too sure of itself hears nothing new."""
_MEAN_RATE = 0.995
"""Of the moving mean of the weights, which is the result."""


@dataclass(frozen=True)
class Sounds:
    """Embeddings of many sounds, and where windows of them begin.

    Attributes:
        steps: float32 [all steps, 96], one sound after the other.
        phrase: First steps of windows of the phrase.
        other: First steps of all windows without it.
    """

    steps: Array
    phrase: NDArray[np.int64]
    other: NDArray[np.int64]

    def windows(self, first: NDArray[np.int64]) -> Array:
        """float32 [n, 16, 96]."""
        made: Array = self.steps[first[:, None] + np.arange(WINDOW)]
        return made


def gathered(phrase: Sequence[Made], other: Sequence[Made]) -> Sounds:
    """Puts sounds together.

    Args:
        phrase: Clips with the phrase: windows that are neither of it nor long before it are left
            out, for they hear a part of it.
        other: Sounds without it.
    """
    said: list[NDArray[np.int64]] = []
    unsaid: list[NDArray[np.int64]] = []
    place = 0
    for made in phrase:
        said.append(place + np.flatnonzero(made.heard))
        place += len(made.features)
    for made in other:
        unsaid.append(place + np.arange(max(0, len(made.features) - WINDOW + 1)))
        place += len(made.features)
    steps = [made.features for made in (*phrase, *other)]
    return Sounds(
        np.concatenate(steps) if steps else np.zeros((0, WIDTH), np.float32),
        _joined(said), _joined(unsaid),
    )


def fit(sounds: Sounds, progress: Progress, *, rounds: int = ROUNDS, steps: int = STEPS) -> Weights:
    """Fits a head.

    Args:
        sounds: To learn from.
        progress: Told of the steps.
        rounds: Looks for the hardest windows.
        steps: After each.

    Returns:
        Weights that take embeddings as they are; see `network.folded`.
    """
    noise = np.random.default_rng(0)
    mean = sounds.steps.mean(0)
    scale = sounds.steps.std(0) + np.float32(1e-3)
    normal = Sounds((sounds.steps - mean) / scale, sounds.phrase, sounds.other)
    weights = network.fresh(noise)
    smooth = {name: value.copy() for name, value in weights.items()}
    adam = network.Adam(weights)
    total = rounds * steps
    with progress.steps("fitting the head", total) as advance:
        hard = noise.choice(normal.other, min(_HARD, len(normal.other)), replace=False)
        for turn in range(rounds):
            if turn:
                hard = _hardest(smooth, normal)
            for step in range(steps):
                done = (turn * steps + step) / total
                rate = _RATE * min(1.0, 20 * done) * 0.5 * (1 + np.cos(np.pi * done))
                adam.step(_slopes(weights, normal, hard, noise), float(rate) + 1e-5)
                for name, value in weights.items():
                    smooth[name] += np.float32(1 - _MEAN_RATE) * (value - smooth[name])
                advance(1)
    return network.folded(smooth, mean, scale)


def scores(weights: Weights, features: Array) -> Array:
    """The probability of each window of one sound: float32 [steps - 15], 80 ms apart."""
    count = len(features) - WINDOW + 1
    if count < 1:
        return np.zeros(0, np.float32)
    return network.sigmoid(_logits(weights, Sounds(features, _none(), np.arange(count))))


def _slopes(
    weights: Weights, sounds: Sounds, hard: NDArray[np.int64], noise: np.random.Generator
) -> Weights:
    """The gradient of the mean cross-entropy of one batch."""
    count = round(BATCH * _PHRASE_SHARE)
    rest = (BATCH - count) // 2
    first = np.concatenate([
        noise.choice(sounds.phrase, count), noise.choice(hard, rest),
        noise.choice(sounds.other, BATCH - count - rest),
    ])
    truth = np.zeros(BATCH, np.float32)
    truth[:count] = 1 - _SMOOTH
    windows = sounds.windows(first)
    windows = windows + noise.normal(0, _JITTER, windows.shape).astype(np.float32)
    wide = len(weights["dense"])
    keep = ((noise.random((BATCH, wide)) < _KEEP) / _KEEP).astype(np.float32)
    logits, seen = network.forward(weights, windows, keep)
    slope = (network.sigmoid(logits) - truth) / np.float32(BATCH)
    return network.backward(weights, seen, slope, keep)


def _hardest(weights: Weights, sounds: Sounds) -> NDArray[np.int64]:
    if len(sounds.other) <= _HARD:
        return sounds.other
    logits = _logits(weights, sounds)
    return sounds.other[np.argpartition(-logits, _HARD)[:_HARD]]


def _logits(weights: Weights, sounds: Sounds) -> Array:
    parts = [
        network.forward(weights, sounds.windows(sounds.other[start : start + 4096]))[0]
        for start in range(0, len(sounds.other), 4096)
    ]
    return np.concatenate(parts)


def _joined(places: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(places) if places else _none()


def _none() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)
