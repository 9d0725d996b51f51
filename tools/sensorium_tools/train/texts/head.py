"""A classifier on sentence embeddings in plain numpy: one hidden layer, then linear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.softmax import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

HIDDEN = 128
_KEEP = 0.5
_TINY = 1e-37


class Head:
    """Weights.

    Args:
        given: Numbers of an embedding.
        classes: That are told apart.
        noise: The first weights'.
        hidden: Numbers of the layer between.
    """

    def __init__(
        self, given: int, classes: int, noise: np.random.Generator, hidden: int = HIDDEN
    ) -> None:
        # He's initialisation; an embedding has the length 1, not one of each number.
        self.dense: Array = (noise.standard_normal((given, hidden)) * 2**0.5).astype(np.float32)
        self.bias: Array = np.zeros(hidden, np.float32)
        drawn = noise.standard_normal((hidden, classes)) * hidden**-0.5
        self.out: Array = drawn.astype(np.float32)
        self.out_bias: Array = np.zeros(classes, np.float32)

    @property
    def parameters(self) -> list[Array]:
        """All weights; training changes them in place."""
        return [self.dense, self.bias, self.out, self.out_bias]

    def logits(self, batch: Array) -> Array:
        """Scores before the softmax, [texts, classes], of embeddings [texts, numbers]."""
        hidden = np.maximum(batch @ self.dense + self.bias, 0.0)
        made: Array = hidden @ self.out + self.out_bias
        return made

    def drop(self, batch: Array, noise: np.random.Generator) -> tuple[Array, Array]:
        """A batch, and what dropout leaves of its hidden numbers."""
        kept = noise.random((len(batch), len(self.bias)), np.float32) < _KEEP
        return batch, kept.astype(np.float32) / np.float32(_KEEP)

    def gradients(
        self, batch: Array, truth: NDArray[np.int64], masks: Array | None = None
    ) -> tuple[float, list[Array]]:
        """The mean cross-entropy, and its gradient by each of `parameters`."""
        hidden = np.maximum(batch @ self.dense + self.bias, 0.0)
        kept = hidden if masks is None else hidden * masks
        back: Array = softmax(kept @ self.out + self.out_bias)
        rows = np.arange(len(truth))
        loss = float(-np.log(np.maximum(back[rows, truth], _TINY)).mean())
        back[rows, truth] -= 1.0
        back /= len(truth)
        into = (back @ self.out.T) * (hidden > 0.0)
        if masks is not None:
            into = into * masks
        return loss, [batch.T @ into, into.sum(0), kept.T @ back, back.sum(0)]
