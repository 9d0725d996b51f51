"""Fits heads to windows: those of the phrase, and the hardest of all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.speech_embedding import WIDTH
from sensorium.perception.wake_trigger import WINDOW
from sensorium_tools.train import network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sensorium_tools.train.features import Made
    from sensorium_tools.train.network import Weights
    from sensorium_tools.train.whole_sounds import WholeSounds

    Array = NDArray[np.float32]

ROUNDS, STEPS = 10, 160
"""Looks for the hardest windows, and steps after each."""
_FEWEST_STEPS = 20
HEADS = 4
"""Heads whose logits are averaged: each is sure of other sounds that are not the phrase."""
BATCH = 512
_PHRASE_SHARE = 1 / 3
_HARD = 4_000
"""Windows that are the hardest of all; half of a batch's others are from them."""
_RATE = 2e-3
_KEEP = 0.6
_JITTER = 0.25
"""Noise on a normalised number: with less, a head knows its synthesisers by heart."""
_SMOOTH = 0.02
"""The phrase is 1 - 0.02, all else 0: a head that is too sure of itself hears nothing new."""
_MEAN_RATE = 0.995
"""Of the moving mean of the weights, which is the result."""
_A_LOOK = 20_000
"""Steps that are looked at together."""


@dataclass(frozen=True)
class Sounds:
    """Embeddings of many sounds, and where windows of them begin.

    Attributes:
        steps: float16 [all steps, 96], one sound after the other.
        phrase: First steps of windows of the phrase.
        other: First steps of all windows without it.
    """

    steps: NDArray[np.float16]
    phrase: NDArray[np.int64]
    other: NDArray[np.int64]

    def windows(self, first: NDArray[np.int64]) -> Array:
        """float32 [n, 16, 96]."""
        made: Array = self.steps[first[:, None] + np.arange(WINDOW)].astype(np.float32)
        return made

    def save(self, folder: Path) -> None:
        """Writes it as files that several processes read as one."""
        for name in ("steps", "phrase", "other"):
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def load(cls, folder: Path) -> Sounds:
        """What `save` wrote; the embeddings stay in their file."""
        return cls(
            np.load(folder / "steps.npy", mmap_mode="r"), np.load(folder / "phrase.npy"),
            np.load(folder / "other.npy"),
        )


@dataclass(frozen=True)
class FitJob:
    """One head, fitted in a process of its own.

    Attributes:
        folder: Where `Sounds.save` wrote.
        seed: Of its first weights and of the order in which it learns.
        share: Of the usual looks for the hardest windows, and of the steps after one look.
    """

    folder: Path
    seed: int
    share: float = 1.0

    def __call__(self, front_end: WholeSounds) -> Weights:
        """Fits it."""
        rounds = max(1, round(ROUNDS * self.share))
        steps = min(STEPS, max(_FEWEST_STEPS, round(ROUNDS * STEPS * self.share / rounds)))
        return fit(Sounds.load(self.folder), self.seed, rounds=rounds, steps=steps)


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
    steps = [made.features.astype(np.float16) for made in (*phrase, *other)]
    return Sounds(
        np.concatenate(steps) if steps else np.zeros((0, WIDTH), np.float16),
        _joined(said), _joined(unsaid),
    )


def fit(sounds: Sounds, seed: int, *, rounds: int = ROUNDS, steps: int = STEPS) -> Weights:
    """Fits a head.

    Args:
        sounds: To learn from.
        seed: Decides all.
        rounds: Looks for the hardest windows.
        steps: After each.

    Returns:
        Weights that take embeddings as they are; see `network.folded`.
    """
    noise = np.random.default_rng(seed)
    mean, scale = _spread(sounds.steps)
    weights = network.fresh(noise)
    smooth = {name: value.copy() for name, value in weights.items()}
    adam = network.Adam(weights)
    total = rounds * steps
    hard = noise.choice(sounds.other, min(_HARD, len(sounds.other)), replace=False)
    for turn in range(rounds):
        if turn:
            hard = _hardest(network.folded(smooth, mean, scale), sounds)
        for step in range(steps):
            done = (turn * steps + step) / total
            rate = _RATE * min(1.0, 20 * done) * 0.5 * (1 + np.cos(np.pi * done))
            first, truth = _drawn(sounds, hard, noise)
            windows = (sounds.windows(first) - mean) / scale
            adam.step(_slopes(weights, windows, truth, noise), float(rate) + 1e-5)
            for name, value in weights.items():
                smooth[name] += np.float32(1 - _MEAN_RATE) * (value - smooth[name])
    return network.folded(smooth, mean, scale)


def scores(heads: Sequence[Weights], features: NDArray[np.floating]) -> Array:
    """The probability of each window of one sound: float32 [steps - 15], 80 ms apart.

    Args:
        heads: Their logits are averaged.
        features: Embeddings of the sound, [steps, 96].
    """
    if len(features) < WINDOW:
        return np.zeros(0, np.float32)
    given = features.astype(np.float32)
    logits = np.mean([network.track(weights, given) for weights in heads], axis=0)
    return network.sigmoid(logits.astype(np.float32))


def _drawn(
    sounds: Sounds, hard: NDArray[np.int64], noise: np.random.Generator
) -> tuple[NDArray[np.int64], Array]:
    """Where the windows of one batch begin, and what they are."""
    count = round(BATCH * _PHRASE_SHARE)
    rest = (BATCH - count) // 2
    first = np.concatenate([
        noise.choice(sounds.phrase, count), noise.choice(hard, rest),
        noise.choice(sounds.other, BATCH - count - rest),
    ])
    truth = np.zeros(BATCH, np.float32)
    truth[:count] = 1 - _SMOOTH
    return first, truth


def _slopes(
    weights: Weights, windows: Array, truth: Array, noise: np.random.Generator
) -> Weights:
    """The gradient of the mean cross-entropy of one batch."""
    shaken = noise.standard_normal(windows.shape, dtype=np.float32)
    shaken *= np.float32(_JITTER)
    shaken += windows
    wide = len(weights["dense"])
    keep = ((noise.random((BATCH, wide), dtype=np.float32) < _KEEP) / _KEEP).astype(np.float32)
    logits, seen = network.forward(weights, shaken, keep)
    slope = (network.sigmoid(logits) - truth) / np.float32(BATCH)
    return network.backward(weights, seen, slope, keep)


def _hardest(weights: Weights, sounds: Sounds) -> NDArray[np.int64]:
    """The others with the highest logits; weights take embeddings as they are."""
    if len(sounds.other) <= _HARD:
        return sounds.other
    count = len(sounds.steps) - WINDOW + 1
    looks = (
        sounds.steps[start : start + _A_LOOK + WINDOW - 1] for start in range(0, count, _A_LOOK)
    )
    logits = np.concatenate([network.track(weights, look.astype(np.float32)) for look in looks])
    return sounds.other[np.argpartition(-logits[sounds.other], _HARD)[:_HARD]]


def _spread(steps: NDArray[np.float16]) -> tuple[Array, Array]:
    """Mean and standard deviation of each of the 96 numbers."""
    total, squares = np.zeros(WIDTH), np.zeros(WIDTH)
    for start in range(0, len(steps), _A_LOOK):
        part = steps[start : start + _A_LOOK].astype(np.float64)
        total += part.sum(0)
        squares += np.square(part).sum(0)
    mean = total / len(steps)
    scale = np.sqrt(np.maximum(squares / len(steps) - mean**2, 0)) + 1e-3
    return mean.astype(np.float32), scale.astype(np.float32)


def _joined(places: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(places) if places else np.zeros(0, np.int64)
