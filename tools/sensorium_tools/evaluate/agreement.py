"""Agreement: how near an engine's numbers are to fp32's, for models that no other task knows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.evaluate.port_check import check_size
from sensorium_tools.samples import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port
    from sensorium_tools.evaluate.task import Metric, Run

INTEGERS_BELOW = 2
"""Noise for a whole-number input is 0 or 1: an index that every table has."""


def noise(part: str, count: int) -> list[Sample]:
    """Samples for a card that names no set: nothing but names, from which noise is drawn.

    Args:
        part: calibration or evaluation: the two see other noise.
        count: How many.
    """
    return [Sample(f"{part}-noise-{number}", "noise", None) for number in range(count)]


class Agreement:
    """See `evaluate.task.Task`. An outcome is every output, by name.

    The card's first float input is fed the sample: a sound or hand cut or filled up to its size;
    a picture, where the input is [1, channels, height, width] or [1, height, width, channels]
    with 1 or 3 channels, as 0 to 1. All else is normal noise from a seed that the sample's name
    gives, so every engine sees the same. A model that wants another range of values than that
    deserves a task of its own.
    """

    def __init__(self, card: Card) -> None:
        if not card.inputs or not card.outputs:
            raise EngineError(
                f"{card.name}: the task agreement needs inputs and outputs; the card has "
                f"{len(card.inputs)} and {len(card.outputs)}",
                "write [[inputs]] and [[outputs]] into the card",
            )
        check_size(card)
        self._name = card.name
        self._inputs = card.inputs
        self._sizes = {port.name: card.sizes(port) for port in card.inputs}

    def perform(self, run: Run, sample: Sample) -> dict[str, NDArray[Any]]:
        """See `Task.perform`.

        Raises:
            EngineError: When the memory does not hold the inputs.
        """
        try:
            feeds = self._feeds(sample)
        except MemoryError as error:
            raise EngineError(
                f"{self._name}: there is no memory for its inputs {self._sizes}: {error}",
                "state smaller shapes, or free memory",
            ) from error
        return {name: np.array(value) for name, value in run(feeds).items()}

    def _feeds(self, sample: Sample) -> dict[str, NDArray[Any]]:
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
        return feeds

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
    if not isinstance(data, np.ndarray):
        return None
    if data.dtype == np.uint8:
        return _picture(data, shape)
    wanted = int(np.prod(shape))
    flat = data.reshape(-1)[:wanted]
    return np.pad(flat, (0, wanted - len(flat))).reshape(shape)


def _picture(pixels: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    """A picture brought to an input's size by its nearest pixels; None where it is no picture's."""
    if len(shape) != 4 or shape[0] != 1 or not {shape[1], shape[3]} & {1, 3}:
        return None
    first = shape[1] in (1, 3)
    channels, height, width = (shape[1], *shape[2:]) if first else (shape[3], *shape[1:3])
    rows = np.arange(height) * pixels.shape[0] // height
    columns = np.arange(width) * pixels.shape[1] // width
    values = pixels[rows][:, columns].astype(np.float32) / np.float32(255)
    if channels == 1:
        values = values.mean(2, keepdims=True)
    return np.ascontiguousarray(values.transpose(2, 0, 1) if first else values)[None]


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
