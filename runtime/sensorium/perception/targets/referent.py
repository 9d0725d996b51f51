"""Which target of one app one ray means, from sample to sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.perception.targets.belief import believe
from sensorium.perception.targets.choice import NOTHING, rank
from sensorium.perception.targets.evidence import Evidence
from sensorium.perception.targets.view import view

if TYPE_CHECKING:
    from sensorium.perception.targets.choice import Ranking
    from sensorium.perception.targets.scene import Array, Scene

GAP_NS = 100_000_000
"""Samples further apart are not of one fixation."""


class Referent:
    """One ray's evidence and choice.

    Args:
        noise: RMS an axis of the ray's noise from sample to sample, rad.
        offset: Standard deviation an axis of its constant offset, rad.

    Attributes:
        ranking: Of the newest sample.
    """

    def __init__(self, noise: float, offset: float) -> None:
        self.ranking: Ranking = NOTHING
        self._evidence = Evidence(noise)
        self._offset = offset
        self._newest_ns = 0

    def take(self, scene: Scene, origin: Array, ray: Array, time_ns: int) -> None:
        """Takes one sample; one that is older than the newest says nothing of now.

        Args:
            scene: The targets.
            origin: Where the ray begins, shape (3,), m.
            ray: Unit vector, shape (3,).
            time_ns: Capture time.
        """
        span = time_ns - self._newest_ns
        if -GAP_NS < span <= 0:
            return
        evidence = self._evidence
        if not 0 < span <= GAP_NS:
            evidence.forget()
        self._newest_ns = time_ns
        evidence.follow(scene)
        chosen = self.ranking.chosen
        places = (scene.ids == chosen).nonzero()[0].tolist() if chosen else []
        seen = view(scene, origin)
        evidence.take(ray, seen.centres, places[0] if places else -1)
        self.ranking = rank(scene, believe(scene, seen, evidence, self._offset), chosen)

    def stop(self) -> None:
        """There is no ray, or nothing to refer to."""
        self._evidence.forget()
        self.ranking = NOTHING
