"""Speakers: do two sounds of one person lie nearer to each other than those of two people?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.speaker_features import model_inputs, voice
from sensorium_tools.evaluate.task import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample


_HEARD = 32_000
"""Samples of each sound: two seconds, what somebody says to a headset before he wants an answer."""


class Speaker:
    """Judges an engine that takes 1.6 s of mel spectra and gives an embedding.

    An outcome is the unit vector of a whole sound.
    """

    def __init__(self, card: Card) -> None:
        self._input, self._output = card.inputs[0].name, card.outputs[0].name

    def perform(self, run: Run, sample: Sample) -> NDArray[np.float32]:
        """See `Task`."""
        return voice(
            [
                run({self._input: np.ascontiguousarray(part)})[self._output][0].copy()
                for part in model_inputs(sample.data[:_HEARD])
            ]
        )

    def agree(self, one: Any, other: Any) -> float:
        """The cosine between the two."""
        return float(max(0.0, np.dot(one, other)))

    def score(self, outcomes: Sequence[Any], samples: Sequence[Sample]) -> Metric | None:
        """Equal error rate over all pairs; no interval, which would be drawn again and again."""
        known = [place for place, sample in enumerate(samples) if "speaker" in sample.truth]
        speakers = np.array([str(samples[place].truth["speaker"]) for place in known])
        if len(set(speakers)) < 2 or len(set(speakers)) == len(speakers):
            return None
        vectors = np.array([outcomes[place] for place in known], np.float64)
        likeness, same = vectors @ vectors.T, speakers[:, None] == speakers[None]

        first, second = np.triu_indices(len(known), 1)
        # A sound that was drawn twice is not a pair with itself.
        names = np.array([samples[place].name for place in known])
        apart = names[first] != names[second]
        pairs = first[apart], second[apart]
        parts = {"speakers": float(len(set(speakers)))}
        value = equal_error_rate(likeness[pairs], same[pairs])
        return Metric("equal error rate", value, math.nan, math.nan, len(known), False, parts)


def equal_error_rate(likeness: NDArray[Any], same: NDArray[Any]) -> float:
    """Share of errors at the threshold where both kinds are as frequent.

    Args:
        likeness: [pairs], larger for more alike.
        same: [pairs], whether they are of one person.

    Returns:
        0..1; not a number where one of the two kinds of pairs is missing.
    """
    positives, negatives = int(same.sum()), int((~same).sum())
    if not positives or not negatives:
        return float("nan")
    order = np.argsort(-likeness, kind="stable")
    hits = np.concatenate([[0], np.cumsum(same[order])])
    missed = 1 - hits / positives
    accepted = (np.arange(len(order) + 1) - hits) / negatives
    # Between two pairs that are alike in the same measure no threshold can be.
    values = likeness[order]
    real = np.concatenate([[True], values[1:] != values[:-1], [True]])
    place = int(np.argmin(np.where(real, np.abs(missed - accepted), np.inf)))
    return float((missed[place] + accepted[place]) / 2)
