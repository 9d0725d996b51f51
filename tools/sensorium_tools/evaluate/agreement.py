"""Agreement: how near an engine's numbers are to fp32's, for models that no other task knows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port
    from sensorium_tools.evaluate.task import Metric, Run
    from sensorium_tools.samples import Sample

INTEGERS_BELOW = 2
"""Noise for a whole-number input is 0 or 1: an index that every table has."""


class Agreement:
    """See `evaluate.task.Task`. An outcome is every output, by name.

    The card's first float input is fed the sample where it fits: the same number of elements, or
    a sound or hand cut or filled up to it. All else is noise from a seed that the sample's name
    gives, so every engine sees the same.
    """

    def __init__(self, card: Card) -> None:
        self._inputs = card.inputs
        self._sizes = {port.name: card.sizes(port) for port in card.inputs}
        if not self._inputs:
            raise EngineError(f"{card.name}: the task agreement needs [[inputs]] in the card")

    def perform(self, run: Run, sample: Sample) -> dict[str, NDArray[Any]]:
        """See `Task.perform`."""
        seed = int.from_bytes(hashlib.sha256(sample.name.encode()).digest()[:8], "big")
        noise = np.random.default_rng(seed)
        feeds: dict[str, NDArray[Any]] = {}
        given = False
        for port in self._inputs:
            own = None if given or port.type != "float32" else _fitted(
                sample.data, self._sizes[port.name]
            )
            given = given or own is not None
            feeds[port.name] = _drawn(port, self._sizes[port.name], noise) if own is None else own
        return {name: np.array(value) for name, value in run(feeds).items()}

    def agree(
        self, one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]
    ) -> float:
        """See `Task.agree`: 1 - |difference| / |first|, of the output that differs most; 0 to 1.

        The norms are Euclid's. An output that is not finite, or of another shape, agrees with
        none.
        """
        return min(_near(one[name], other.get(name)) for name in one)

    def score(
        self, outcomes: Sequence[Mapping[str, NDArray[Any]]], samples: Sequence[Sample]
    ) -> Metric | None:
        """See `Task.score`: None, what is right is not known."""
        del outcomes, samples
        return None


def _fitted(data: Any, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    if not isinstance(data, np.ndarray) or data.dtype != np.float32:
        return None
    wanted = int(np.prod(shape))
    flat = data.reshape(-1)[:wanted]
    return np.pad(flat, (0, wanted - len(flat))).reshape(shape)


def _drawn(port: Port, shape: tuple[int, ...], noise: np.random.Generator) -> NDArray[Any]:
    if port.type == "float32":
        return noise.normal(size=shape).astype(np.float32)
    if port.type == "uint8":
        return noise.integers(0, 256, shape).astype(np.uint8)
    return noise.integers(0, INTEGERS_BELOW, shape).astype(port.type)


def _near(one: NDArray[Any], other: NDArray[Any] | None) -> float:
    if other is None or one.shape != other.shape:
        return 0.0
    first, second = one.astype(np.float64), other.astype(np.float64)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return 0.0
    size, gap = float(np.linalg.norm(first)), float(np.linalg.norm(first - second))
    if size == 0.0:
        return float(gap == 0.0)
    return max(0.0, 1.0 - gap / size)
