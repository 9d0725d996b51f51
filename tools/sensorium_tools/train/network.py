"""The head: two convolutions over time and two dense layers, in numpy, with its own gradient.

It is small enough (50,000 numbers) that a framework of a gigabyte would cost more than it saves. A
test holds the gradient against finite differences and the exported graph against this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.speech_embedding import WIDTH
from sensorium.perception.wake_trigger import WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Weights = dict[str, Array]

CHANNELS, TAPS, HIDDEN = 48, 3, 48
_LAYERS = {
    "conv1": (TAPS * WIDTH, CHANNELS),
    "conv2": (TAPS * CHANNELS, CHANNELS),
    "dense": ((WINDOW - 2 * (TAPS - 1)) * CHANNELS, HIDDEN),
    "out": (HIDDEN, 1),
}
"""Name to shape of the weight; each has a bias."""


def fresh(noise: np.random.Generator) -> Weights:
    """Weights to begin with: He et al. 2015 (arXiv 1502.01852), equation 10."""
    weights: Weights = {}
    for name, (wide, out) in _LAYERS.items():
        weights[name] = noise.normal(0, np.sqrt(2 / wide), (wide, out)).astype(np.float32)
        weights[f"{name}.bias"] = np.zeros(out, np.float32)
    return weights


def forward(
    weights: Weights, windows: Array, keep: Array | None = None
) -> tuple[Array, list[Array]]:
    """The logits of windows.

    Args:
        weights: See `fresh`.
        windows: float32 [n, 16, 96], normalised.
        keep: For training, factors of the dense layer's inputs: float32 [n, 576].

    Returns:
        float32 [n], and what `backward` needs.
    """
    first = _taps(windows)
    one = np.maximum(first @ weights["conv1"] + weights["conv1.bias"], 0)
    second = _taps(one)
    two = np.maximum(second @ weights["conv2"] + weights["conv2.bias"], 0)
    flat = two.reshape(len(windows), -1)
    if keep is not None:
        flat = flat * keep
    hidden = np.maximum(flat @ weights["dense"] + weights["dense.bias"], 0)
    logits = (hidden @ weights["out"] + weights["out.bias"])[:, 0]
    return logits, [first, one, second, two, flat, hidden]


def track(weights: Weights, steps: Array) -> Array:
    """The logits of all windows of a sound: what `forward` gives, in a tenth of the time.

    Args:
        weights: See `fresh`.
        steps: float32 [n, 96], normalised, n >= 16.

    Returns:
        float32 [n - 15].
    """
    one = np.maximum(_taps(steps[None]) @ weights["conv1"] + weights["conv1.bias"], 0)
    two = np.maximum(_taps(one) @ weights["conv2"] + weights["conv2.bias"], 0)[0]
    seen = WINDOW - 2 * (TAPS - 1)
    dense = weights["dense"].reshape(seen, CHANNELS, HIDDEN)
    count = len(two) - seen + 1
    hidden = sum(two[place : place + count] @ dense[place] for place in range(seen))
    hidden = np.maximum(hidden + weights["dense.bias"], 0)
    logits: Array = (hidden @ weights["out"] + weights["out.bias"])[:, 0]
    return logits


def backward(
    weights: Weights, seen: list[Array], slope: Array, keep: Array | None = None
) -> Weights:
    """The gradient of a loss.

    Args:
        weights: See `fresh`.
        seen: What `forward` gave.
        slope: The loss by each logit: float32 [n].
        keep: As given to `forward`.

    Returns:
        The loss by each weight.
    """
    first, one, second, two, flat, hidden = seen
    slopes: Weights = {}

    def layer(name: str, given: Array, above: Array) -> None:
        wide = above.reshape(-1, above.shape[-1])
        slopes[name] = given.reshape(-1, given.shape[-1]).T @ wide
        slopes[f"{name}.bias"] = wide.sum(0)

    above = slope[:, None]
    layer("out", hidden, above)
    above = np.where(hidden > 0, above @ weights["out"].T, 0)
    layer("dense", flat, above)
    above = above @ weights["dense"].T
    if keep is not None:
        above = above * keep
    above = np.where(two > 0, above.reshape(two.shape), 0)
    layer("conv2", second, above)
    above = np.where(one > 0, _untaps(above @ weights["conv2"].T, one.shape[1]), 0)
    layer("conv1", first, above)
    return slopes


def sigmoid(logits: Array) -> Array:
    """Probabilities of logits."""
    return np.float32(1) / (np.float32(1) + np.exp(-np.clip(logits, -30, 30)))


def folded(weights: Weights, mean: Array, scale: Array) -> Weights:
    """Weights that take embeddings as they are, in the place of normalised ones.

    Args:
        weights: For (embedding - mean) / scale.
        mean: float32 [96].
        scale: float32 [96].
    """
    made = dict(weights)
    tapped = np.tile(1 / scale, TAPS)[:, None].astype(np.float32)
    made["conv1"] = weights["conv1"] * tapped
    shift = np.tile(mean, TAPS) @ made["conv1"]
    made["conv1.bias"] = (weights["conv1.bias"] - shift).astype(np.float32)
    return made


def _taps(sound: Array) -> Array:
    """[n, steps, width] to [n, steps - 2, 3 * width]: each step with its next two."""
    steps = sound.shape[1] - TAPS + 1
    return np.concatenate([sound[:, tap : tap + steps] for tap in range(TAPS)], axis=2)


def _untaps(tapped: Array, steps: int) -> Array:
    """The gradient of `_taps`."""
    wide = tapped.shape[2] // TAPS
    made = np.zeros((len(tapped), steps, wide), np.float32)
    for tap in range(TAPS):
        made[:, tap : tap + tapped.shape[1]] += tapped[:, :, tap * wide : (tap + 1) * wide]
    return made


class Adam:
    """Kingma and Ba 2015 (arXiv 1412.6980), algorithm 1.

    The decay of the weights is apart from the gradient (arXiv 1711.05101).

    Args:
        weights: Changed in place by `step`.
        decay: Of the weights, a step of rate 1; biases have none.
    """

    def __init__(self, weights: Weights, decay: float = 0.01) -> None:
        self._weights = weights
        self._decay = decay
        self._mean = {name: np.zeros_like(value) for name, value in weights.items()}
        self._square = {name: np.zeros_like(value) for name, value in weights.items()}
        self._count = 0

    def step(self, slopes: Weights, rate: float) -> None:
        """Takes one step against the gradient."""
        self._count += 1
        first, second = 1 - 0.9**self._count, 1 - 0.999**self._count
        for name, slope in slopes.items():
            mean, square = self._mean[name], self._square[name]
            mean += np.float32(0.1) * (slope - mean)
            square += np.float32(0.001) * (slope * slope - square)
            if slope.ndim > 1:
                self._weights[name] *= np.float32(1 - rate * self._decay)
            self._weights[name] -= np.float32(rate / first) * mean / (
                np.sqrt(square / np.float32(second)) + np.float32(1e-8)
            )
