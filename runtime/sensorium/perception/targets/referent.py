"""Which target of one app one ray means, from sample to sample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from sensorium.perception.targets.belief import believe
from sensorium.perception.targets.calibration import FIXATED_NS
from sensorium.perception.targets.choice import NOTHING, rank
from sensorium.perception.targets.evidence import Evidence
from sensorium.perception.targets.view import views

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.perception.targets.belief import Belief
    from sensorium.perception.targets.calibration import Calibration
    from sensorium.perception.targets.choice import Ranking
    from sensorium.perception.targets.scene import Scene
    from sensorium.perception.targets.spaces import Vector
    from sensorium.perception.targets.view import View

GAP_NS = 100_000_000
"""Samples further apart are not of one fixation."""


class Referent:
    """One ray's evidence and choice.

    Args:
        noise: RMS an axis of the ray's noise from sample to sample, rad.
        offset: Standard deviation an axis of its constant offset, rad.
        calibration: What is learned of that offset; None: nothing, as it is none.

    Attributes:
        ranking: Of the newest sample.
    """

    def __init__(
        self, noise: float, offset: float, calibration: Calibration | None = None
    ) -> None:
        self.ranking: Ranking = NOTHING
        self._evidence = Evidence(noise)
        self._offset = offset
        self._calibration = calibration
        self._newest_ns = self._begun_ns = 0
        self._learned = False
        # Of which targets it is known where the one that leads is.
        self._ids: NDArray[np.uint64] | None = None
        self._leader = 0, -1

    def aim(self, ray: Vector, time_ns: int) -> Vector | None:
        """Prepares for a sample: where the ray really points, as far as its offset is known.

        Args:
            ray: Unit vector.
            time_ns: Capture time.

        Returns:
            None where the sample is older than the newest: it says nothing of now.
        """
        span = time_ns - self._newest_ns
        if -GAP_NS < span <= 0:
            return None
        if not 0 < span <= GAP_NS:
            self._evidence.forget()
        self._newest_ns = time_ns
        return ray if self._calibration is None else self._calibration.corrected(ray, time_ns)

    def take(self, scene: Scene, seen: View) -> None:
        """Takes the sample that it was prepared for.

        Args:
            scene: The targets.
            seen: The same along the ray.
        """
        evidence, calibration, time_ns = self._evidence, self._calibration, self._newest_ns
        evidence.follow(scene)
        chosen, before = self.ranking.chosen, evidence.count
        leader = self._place(scene.ids, chosen)
        evidence.take(seen, leader)
        offset = self._offset if calibration is None else calibration.deviation
        belief = believe(scene, seen, evidence, offset)
        self.ranking = rank(scene, belief, chosen, leader)
        if not before or evidence.count < before - 0.5:
            self._begun_ns, self._learned = time_ns, False
        elif calibration is not None and not self._learned and (
            time_ns - self._begun_ns >= FIXATED_NS
        ):
            self._learned = True
            _learn(calibration, scene, seen, evidence, belief, time_ns)

    def _place(self, ids: NDArray[np.uint64], chosen: int) -> int:
        """Where a target is among all; -1: nowhere. Mostly it is the same one as before."""
        if not chosen:
            return -1
        if ids is not self._ids or chosen != self._leader[0]:
            places = (ids == chosen).nonzero()[0].tolist()
            self._ids, self._leader = ids, (chosen, places[0] if places else -1)
        return self._leader[1]

    def stop(self) -> None:
        """There is no ray, or nothing to refer to."""
        self._evidence.forget()
        self.ranking = NOTHING


class Sample(NamedTuple):
    """One sample of a ray.

    Attributes:
        referent: Whose.
        origin: Where the ray begins, m.
        ray: Unit vector.
        time_ns: Capture time.
    """

    referent: Referent
    origin: Vector
    ray: Vector
    time_ns: int


def refer(scene: Scene, samples: Sequence[Sample]) -> None:
    """Takes samples of several rays, each of one referent, in one pass over the targets."""
    referents, rays = [], []
    for referent, origin, ray, time_ns in samples:
        aimed = referent.aim(ray, time_ns)
        if aimed is not None:
            referents.append(referent)
            rays.append((origin, aimed))
    if rays:
        for referent, seen in zip(referents, views(scene.form, rays), strict=True):
            referent.take(scene, seen)


def _learn(
    calibration: Calibration, scene: Scene, seen: View, evidence: Evidence, belief: Belief,
    time_ns: int,
) -> None:
    """What a fixation says of the offset, whatever it is on.

    A look may be anywhere on its thing: a disc has a quarter of its radius squared for variance.
    """
    places = belief.places
    top = max((belief.nothing, *belief.weights))
    shares = [math.exp(weight - top) for weight in belief.weights]
    total = sum(shares) + math.exp(belief.nothing - top)
    noise = evidence.variance / evidence.count
    wide = scene.reaches[places] / seen.distances[places]
    calibration.learn(
        seen.ray, [share / total for share in shares], evidence.sums[:3, places] / evidence.count,
        noise + wide * wide / 4, time_ns,
    )
