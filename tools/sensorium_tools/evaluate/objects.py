"""Objects: does the detector find the same things in the same places?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.boxes import Found, overlap
from sensorium.perception.object_detection import ObjectDetection
from sensorium_tools.evaluate.port_check import check_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Metric, Run
    from sensorium_tools.samples import Sample

MATCH = 0.5
"""Overlap from which two boxes are of one object (PASCAL VOC)."""
FAINT = 0.8
"""Share of the smallest score that is shown with which the other engine confirms an object."""


class Objects:
    """Judges a detector of any head.

    An outcome is a `Found` whose boxes are shares of the picture, with all scores from `FAINT` of
    the detector's threshold on.
    """

    def __init__(self, card: Card) -> None:
        self._detection = ObjectDetection(card)
        self._shown = self._detection.threshold
        self._faint = FAINT * self._shown
        check_size(card)

    def perform(self, run: Run, sample: Sample) -> Found:
        """See `Task`."""
        feeds, placement = self._detection.feeds(sample.data)
        return self._detection.found(run(feeds), placement, self._faint)

    def agree(self, one: Any, other: Any) -> float | None:
        """F1 of the objects that each shows, against the other; None where neither shows any.

        An object is shown from the detector's threshold on, and is a hit where the other engine has
        it with `FAINT` of that or more. What is counted must not hinge on the last digit of a score
        at the threshold: an object at 0.251 that the other gives 0.249 is found by both, and one
        that the other does not find at all is lost, whatever its score.
        """
        shown, hits = 0, 0
        for shower, confirmer in ((one, other), (other, one)):
            surest = _from(shower, self._shown)
            shown += len(surest.boxes)
            hits += len(match(surest, _from(confirmer, self._faint)))
        return hits / shown if shown else None

    def score(self, outcomes: Sequence[Any], samples: Sequence[Sample]) -> Metric | None:
        """None: the samples come without boxes of things."""
        return None


def _from(found: Found, score: float) -> Found:
    """Those with that score or more."""
    places = np.flatnonzero(found.scores >= score)
    return Found(found.boxes[places], found.labels[places], found.scores[places])


def match(one: Found, other: Found) -> dict[int, int]:
    """Place in `one` to place in `other` of the same object, the surest chosen first."""
    overlaps = overlap(one.boxes, other.boxes)
    overlaps[one.labels[:, None] != other.labels[None]] = 0
    matched: dict[int, int] = {}
    for place in range(len(one.boxes)):
        if not len(other.boxes):
            break
        best = int(np.argmax(overlaps[place]))
        if overlaps[place, best] >= MATCH:
            matched[place] = best
            overlaps[:, best] = 0
    return matched
