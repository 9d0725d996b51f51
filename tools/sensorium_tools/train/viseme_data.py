"""Frames of many sounds whose visemes are known, and pieces of them to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.viseme import SPAN
from sensorium_tools.samples.mouth_frames import heard, known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sensorium_tools.progress import Progress
    from sensorium_tools.samples import Sample


class Frames(NamedTuple):
    """Sounds one after the other.

    Attributes:
        features: float32 [frames, bands].
        truth: [frames], indices in `VISEMES`.
    """

    features: NDArray[np.float32]
    truth: NDArray[np.int64]


def frames(
    samples: Iterable[Sample], count: int, progress: Progress
) -> Frames:
    """The frames of all samples.

    Args:
        samples: Sounds with the truth "visemes".
        count: Of them.
        progress: Told of each.

    Raises:
        EngineError: When a sample cannot be made.
    """
    features, truth = [], []
    with progress.steps("speaking", count) as advance:
        for sample in samples:
            features.append(heard(sample.data))
            truth.append(known(sample.truth["visemes"], len(features[-1])))
            advance(1)
    return Frames(np.concatenate(features), np.concatenate(truth))


def windows(
    data: Frames, count: int, length: int, ahead: int, noise: np.random.Generator
) -> Frames:
    """Pieces from anywhere, for one step of training.

    Args:
        data: All frames.
        count: Pieces.
        length: Frames of each that are told.
        ahead: Frames that are heard after a told one.
        noise: Where they begin.

    Returns:
        [count, length + SPAN, bands] and [count, length].
    """
    first = noise.integers(0, len(data.truth) - length - SPAN, count)
    behind = SPAN - ahead
    return Frames(
        np.stack([data.features[at : at + length + SPAN] for at in first]),
        np.stack([data.truth[at + behind : at + behind + length] for at in first]),
    )
