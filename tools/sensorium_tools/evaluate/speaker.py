"""Speakers: do two sounds of one person lie nearer to each other than those of two people?"""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.speaker_features import FRAMES, MELS, model_inputs, voice
from sensorium_tools.evaluate.port_check import Wanted, check
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
        check(
            card, "speaker", [Wanted(shape=(1, FRAMES, MELS))], [Wanted(shape=(1, "width"))]
        )
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
        return float(np.clip(np.dot(one, other), 0.0, 1.0))

    def score(self, outcomes: Sequence[Any], samples: Sequence[Sample]) -> Metric | None:
        """Equal error rate over all pairs; no interval, which would be drawn again and again."""
        known = [place for place, sample in enumerate(samples) if "speaker" in sample.truth]
        names, speakers = np.unique(
            np.array([str(samples[place].truth["speaker"]) for place in known]),
            return_inverse=True,
        )
        if len(names) < 2 or len(names) == len(speakers):
            return None
        # A draw holds many a sound twice: only once is it compared, and never with itself.
        distinct = {samples[place].name: outcomes[place] for place in known}
        numbers = {name: number for number, name in enumerate(distinct)}
        vectors = np.array(list(distinct.values()), np.float64)
        sound = np.array([numbers[samples[place].name] for place in known])
        pairs = np.triu(sound[:, None] != sound[None])
        likeness = (vectors @ vectors.T)[sound[:, None], sound[None]][pairs]
        same = (speakers[:, None] == speakers[None])[pairs]
        parts = {"speakers": float(len(names))}
        value = equal_error_rate(likeness, same)
        return Metric("equal error rate", value, math.nan, math.nan, len(known), False, parts)


def equal_error_rate(likeness: NDArray[Any], same: NDArray[Any]) -> float:
    """Share of errors at the threshold where both kinds are as frequent.

    Args:
        likeness: [pairs], larger for more alike.
        same: [pairs], whether they are of one person.

    Returns:
        0..1; not a number where one of the two kinds of pairs is missing.
    """
    mates, others = np.sort(likeness[same]), np.sort(likeness[~same])
    if not len(mates) or not len(others):
        return math.nan
    thresholds = np.concatenate([mates, others, [np.inf]])
    thresholds.sort()

    def errors(place: int) -> tuple[float, float]:
        """Shares that are missed and that are wrongly accepted, from a threshold on."""
        bound = thresholds[place]
        missed = int(np.searchsorted(mates, bound)) / len(mates)
        return missed, 1 - int(np.searchsorted(others, bound)) / len(others)

    def balance(place: int) -> float:
        missed, accepted = errors(place)
        return missed - accepted

    # It only grows with the threshold, so that there is one place where it passes zero.
    above = bisect.bisect_left(range(len(thresholds)), 0.0, key=balance)
    below = max(above - 1, 0)
    return sum(errors(below if -balance(below) < abs(balance(above)) else above)) / 2
