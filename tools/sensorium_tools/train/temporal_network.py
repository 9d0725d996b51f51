"""A small network over time in plain numpy: its run, its gradients, its steps.

Convolutions over time, each wider apart, then one layer that decides. Nothing is padded: the
output is shorter by `Shape.span` frames, so a stream gives exactly what a whole recording gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium.perception.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float32]

_TINY = 1e-37
"""Of a chance, so that its logarithm is finite."""


class Shape(NamedTuple):
    """What a network hears and tells.

    Attributes:
        inputs: Numbers of a frame.
        layers: Taps of each convolution, and frames between them.
        classes: That are told apart.
    """

    inputs: int
    layers: tuple[tuple[int, int], ...]
    classes: int

    @property
    def span(self) -> int:
        """Frames beside its own that an output hears."""
        return sum((taps - 1) * apart for taps, apart in self.layers)


class Network:
    """Weights, and what training keeps beside them.

    Args:
        shape: What it hears and tells.
        width: Channels of each convolution.
        noise: The first weights'.
    """

    def __init__(self, shape: Shape, width: int, noise: np.random.Generator) -> None:
        self.shape = shape
        self.weights: list[Array] = []
        self.biases: list[Array] = []
        channels = shape.inputs
        for taps, _ in (*shape.layers, (1, 1)):
            wide = width if len(self.weights) < len(shape.layers) else shape.classes
            # He's initialisation, for rectified layers.
            scale = np.sqrt(2.0 / (taps * channels))
            drawn = noise.normal(size=(taps * channels, wide)) * scale
            self.weights.append(drawn.astype(np.float32))
            self.biases.append(np.zeros(wide, np.float32))
            channels = wide

    def scores(self, features: Array) -> Array:
        """Scores before the softmax.

        Args:
            features: [pieces, frames, inputs].

        Returns:
            [pieces, frames - span, classes].
        """
        return self._forward(features)[0]

    def gradients(
        self, features: Array, truth: NDArray[np.int64], counts: Array
    ) -> tuple[float, list[Array]]:
        """The loss, and its gradient by each of `parameters`.

        Args:
            features: [pieces, frames, inputs].
            truth: [pieces, frames - span], classes.
            counts: [pieces, frames - span], how much each frame counts; not all 0.
        """
        scores, seen = self._forward(features)
        chances = softmax(scores)
        counts = counts / counts.sum()
        right = np.take_along_axis(chances, truth[..., None], -1)[..., 0]
        loss = float(-(counts * np.log(np.maximum(right, _TINY))).sum())
        back = chances
        np.put_along_axis(back, truth[..., None], (right - 1.0)[..., None], -1)
        back *= counts[..., None]
        found: list[Array] = []
        for at in range(len(self.weights) - 1, -1, -1):
            taken, rectified = seen[at]
            through = back if rectified is None else back * (rectified > 0.0)
            flat = through.reshape(-1, through.shape[-1])
            found += [flat.sum(0), taken.T @ flat]
            if at:
                back = self._back(at, through, back)
        return loss, found[::-1]

    @property
    def parameters(self) -> list[Array]:
        """Weights and biases, layer after layer; training changes them in place."""
        return [array for pair in zip(self.weights, self.biases, strict=True) for array in pair]

    def _forward(self, features: Array) -> tuple[Array, list[tuple[Array, Array | None]]]:
        """Scores, and each layer's unfolded input and rectified output."""
        seen: list[tuple[Array, Array | None]] = []
        now = features
        for at, (taps, apart) in enumerate(self.shape.layers):
            reach = (taps - 1) * apart
            frames = now.shape[1] - reach
            taken = np.concatenate(
                [now[:, tap * apart : tap * apart + frames] for tap in range(taps)], axis=-1
            ).reshape(-1, taps * now.shape[2])
            made = np.maximum(taken @ self.weights[at] + self.biases[at], 0.0)
            shaped = made.reshape(now.shape[0], frames, -1)
            seen.append((taken, shaped))
            # From the second on a layer adds to what it hears.
            now = shaped + now[:, reach // 2 : reach // 2 + frames] if at else shaped
        flat = now.reshape(-1, now.shape[2])
        seen.append((flat, None))
        scores = flat @ self.weights[-1] + self.biases[-1]
        return scores.reshape(*now.shape[:2], self.shape.classes), seen

    def _back(self, at: int, through: Array, back: Array) -> Array:
        """The gradient by a layer's input, from that by its output."""
        if at == len(self.shape.layers):
            return through @ self.weights[at].T
        taps, apart = self.shape.layers[at]
        reach, frames = (taps - 1) * apart, through.shape[1]
        parts = np.split(through @ self.weights[at].T, taps, axis=-1)
        found = np.zeros((through.shape[0], frames + reach, parts[0].shape[-1]), np.float32)
        for tap, part in enumerate(parts):
            found[:, tap * apart : tap * apart + frames] += part
        found[:, reach // 2 : reach // 2 + frames] += back
        return found


class Rows(NamedTuple):
    """A gradient that is 0 but in some rows.

    Attributes:
        places: Of the rows, each once.
        values: [places, ...].
    """

    places: NDArray[np.int64]
    values: Array


class Adam:
    """Kingma and Ba's optimiser (arXiv 1412.6980), in place, with the paper's constants.

    Of a gradient in `Rows` the others are left alone, means and all: a word that is not there
    learns nothing.

    Args:
        parameters: What it steps.
    """

    def __init__(self, parameters: list[Array]) -> None:
        self._parameters = parameters
        self._first = [np.zeros_like(array) for array in parameters]
        self._second = [np.zeros_like(array) for array in parameters]
        self._steps = 0

    def step(self, gradients: Sequence[Array | Rows], rate: float) -> None:
        """One step against `gradients`, of the size `rate`."""
        self._steps += 1
        size = rate * np.sqrt(1.0 - 0.999**self._steps) / (1.0 - 0.9**self._steps)
        for array, gradient, first, second in zip(
            self._parameters, gradients, self._first, self._second, strict=True
        ):
            at: Any = ...
            values: Any = gradient
            if isinstance(gradient, Rows):
                at, values = gradient
            first[at] += 0.1 * (values - first[at])
            second[at] += 0.001 * (values**2 - second[at])
            array[at] -= (size * first[at] / (np.sqrt(second[at]) + 1e-8)).astype(np.float32)
