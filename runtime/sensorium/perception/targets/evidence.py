"""What a ray says of each target over a fixation: the mean error, and where the fixation begins.

A sample's error to a target is a vector: the arc from the direction of the target's centre to the
ray, at right angles to the centre's direction, as long as the angle. Errors are taken to each
target where it is at the time. So a head that moves, and an eye that pursues a moving target,
blur nothing; and noise that is white averages out, while the constant offset of a calibration
stays, which the likelihood knows of (`belief`).

I-VT, a threshold on the speed from sample to sample (Salvucci and Goldberg 2000), cannot find the
fixations here: white noise of 1 degree RMS an axis at 90 Hz is a speed of 180 degrees/s, as fast
as a saccade of 5 degrees. So the mean of the newest samples is compared with the mean of those
before, for every number of newest samples up to `_WINDOW`: the window-limited generalised
likelihood ratio test for a jump in the mean (Willsky and Jones 1976; Lai 1995). The number that
wins is when the jump was, so the samples after it are kept. A large saccade is seen in its first
sample, one of 3 degrees in noise of 1 degree after 3 to 6.

For a ray that drifts, as a head's or a hand's, the same test begins anew as soon as the ray has
left where it was, so that the mean does not lag. Old samples fade, so that a target that comes to
the ray, while that rests, is noticed; one that jumps has the evidence as if it had been there.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.targets.jump import split
from sensorium.perception.targets.view import error, errors, squares, views

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sensorium.perception.targets.scene import Scene
    from sensorium.perception.targets.spaces import Vector
    from sensorium.perception.targets.view import Array, View

_WINDOW = 10
"""Newest samples that may be taken for a new fixation: 110 ms at 90 Hz."""
_ALARM = 20.0
"""A jump counts from this ratio on: chi square with 2 degrees of freedom reaches it by chance once
in 22,000 tests (exp(-10))."""
_MOST = 45
"""Samples that a mean is worth at most: older ones fade, 0.5 s at 90 Hz."""
_JUMP = 0.05
"""A target that moves so far from sample to sample, as a share of its distance, has jumped."""
_NOISE_SHARE = 1 / 90
"""How much one sample changes the estimate of the noise: a time constant of 1 s at 90 Hz."""
_NOISE_LEAST, _NOISE_MOST = 0.25, 2.0
"""The estimate's limits, over the noise that the source is known for."""
_OUTLIER = 9.0
"""A step's square counts at most as so many times the expected one: a saccade is no noise."""


_NOBODY: NDArray[np.intp] = np.zeros(0, np.intp)


class Evidence:
    """One ray's evidence for each target of a scene.

    Args:
        noise: Known noise of the ray, RMS an axis, rad; where it starts to be estimated.

    Attributes:
        count: Samples of the fixation, of those that have not faded.
        variance: Of the noise an axis, rad2, estimated from steps between samples: two samples'
            difference has twice the variance.
        newest: The newest sample's errors, as `errors` gives them, shape (4, T).
    """

    def __init__(self, noise: float) -> None:
        self.count = 0.0
        self.variance = self._known = noise * noise
        self._ids: NDArray[np.uint64] = np.zeros(0, np.uint64)
        # Errors as `errors` gives them, in a ring that is filled backwards.
        self._recent = np.zeros((_WINDOW, 4, 0))
        self._sums = np.zeros((4, 0))
        self._place = 0
        self.newest = self._recent[0]
        # The newest first.
        self._rays: deque[Vector] = deque(maxlen=_WINDOW)
        # What was seen last, and targets that have come since then.
        self._seen: View | None = None
        self._fresh = _NOBODY
        # The world: a direction that stays where it is, and its errors, the newest first.
        self._here = (0.0, 0.0, 0.0)
        self._drift: deque[Sequence[float]] = deque(maxlen=_WINDOW)
        self._drifts: Sequence[float] = (0.0, 0.0, 0.0, 0.0)

    def forget(self) -> None:
        """What comes next is another fixation."""
        self.count = 0.0
        self._sums[:] = 0
        self._rays.clear()
        self._drift.clear()
        self._drifts = (0.0, 0.0, 0.0, 0.0)

    def follow(self, scene: Scene) -> None:
        """Goes over to a scene with other targets: who stays keeps its evidence."""
        ids = scene.ids
        if ids is self._ids:
            return
        if len(ids) == len(self._ids) and (ids == self._ids).all():
            return
        order = np.argsort(self._ids)
        place = np.searchsorted(self._ids, ids, sorter=order)
        known = np.zeros(len(ids), bool)
        inside = place < len(order)
        known[inside] = self._ids[order[place[inside]]] == ids[inside]
        source, columns = order[place[known]], np.flatnonzero(known)
        recent, sums, seen = self._recent, self._sums, self._seen
        self._recent = np.zeros((_WINDOW, 4, len(ids)))
        self._sums = np.zeros((4, len(ids)))
        self._recent[:, :, columns] = recent[:, :, source]
        self._sums[:, columns] = sums[:, source]
        self._fresh = np.flatnonzero(~known)
        if seen is not None:
            form, distances = np.zeros((5, len(ids))), np.ones(len(ids))
            form[:, columns], distances[columns] = seen.form[:, source], seen.distances[source]
            self._seen = seen._replace(form=form, distances=distances)
        self._ids = ids

    def take(self, seen: View, leader: int) -> None:
        """Takes one sample.

        Args:
            seen: The targets along the ray.
            leader: The target that is taken for the one that is meant; -1: none. While its error
                does not jump it is the same fixation: the target moves, and the eye pursues it.
        """
        ray = seen.ray
        if self._rays:
            self._learn(ray)
        else:
            self._here = ray
        self._renew(self._jumped(seen), seen)
        self._seen = seen
        x, y, z, square = self._drifts
        if self.count >= _MOST:
            fading = 1 - 1 / _MOST
            self._sums *= fading
            self.count *= fading
            x, y, z, square = x * fading, y * fading, z * fading, square * fading
        self._place = (self._place - 1) % _WINDOW
        self._rays.appendleft(ray)
        self.newest = self._recent[self._place]
        errors(seen, self.newest)
        self._sums += self.newest
        self._drift.appendleft(error(self._here, ray))
        dx, dy, dz, longer = self._drift[0]
        self._drifts = x + dx, y + dy, z + dz, square + longer
        self.count += 1
        kept = self._jump(self._drift, self._drifts)
        if kept and leader >= 0:
            newest = self._recent[self._last(len(self._rays)), :, leader]
            kept = kept if self._jump(newest.tolist(), self._sums[:, leader].tolist()) else 0
        if kept:
            self._begin(kept)

    @property
    def sums(self) -> Array:
        """Sum of errors to each target, as `errors` gives them, shape (4, T)."""
        return self._sums

    def still(self) -> float:
        """Sum of squares of the world's errors around their mean, rad2."""
        x, y, z, square = self._drifts
        return square - (x * x + y * y + z * z) / max(self.count, 1)

    def _jumped(self, seen: View) -> NDArray[np.intp]:
        """The targets that are new or have jumped since the sample before."""
        before, fresh = self._seen, self._fresh
        self._fresh = _NOBODY
        if before is None:
            return fresh
        # Directions are at most as far apart as offsets over the root of both distances' product.
        moved = math.dist(seen.origin, before.origin) ** 2
        bounds = seen.distances * before.distances
        bounds *= 0.5 * _JUMP**2
        if seen.form is not before.form:
            bounds -= moved
            far = bounds < seen.moves.since(before.form)
        elif moved:
            far = bounds < moved
        else:
            return fresh
        if len(fresh):
            far[fresh] = False
        columns = far.nonzero()[0]
        if len(columns):
            now, then = (
                each.offsets(columns) / each.distances[columns] for each in (seen, before)
            )
            columns = columns[squares(now - then) > _JUMP**2]
        return np.concatenate((fresh, columns)) if len(fresh) else columns

    def _renew(self, columns: NDArray[np.intp], seen: View) -> None:
        """Makes targets' evidence from the recent rays."""
        used = min(len(self._rays), int(self.count))
        if not used or not len(columns):
            return
        newest, form = self._last(used), seen.form[:, columns]
        late = np.empty((used, 4, len(columns)))
        again = views(form, [(seen.origin, ray) for ray in list(self._rays)[:used]])
        for each, out in zip(again, late, strict=True):
            errors(each, out)
        self._recent[newest[:, None], :, columns] = late.transpose(0, 2, 1)
        self._sums[:, columns] = late.sum(axis=0) * (self.count / used)

    def _learn(self, ray: Vector) -> None:
        """Learns the noise from the step since the newest sample."""
        square = min(math.dist(ray, self._rays[0]) ** 2 / 4, _OUTLIER * self.variance)
        self.variance += _NOISE_SHARE * (square - self.variance)
        self.variance = min(
            max(self.variance, self._known * _NOISE_LEAST**2), self._known * _NOISE_MOST**2
        )

    def _last(self, number: int) -> NDArray[np.intp]:
        """Where the newest samples lie, the newest first."""
        return (self._place + np.arange(number)) % _WINDOW

    def _jump(self, newest: Iterable[Sequence[float]], sums: Sequence[float]) -> int:
        """How many of the newest samples are of another fixation by the errors to one target."""
        most = min(len(self._rays), int(self.count) - 1)
        number, ratio = split(newest, sums, self.count, most)
        return number if ratio > _ALARM * self.variance else 0

    def _begin(self, kept: int) -> None:
        """The newest samples are a fixation of their own."""
        rays = list(self._rays)[:kept]
        self._here = rays[-1]
        self._drift.clear()
        self._drift.extend(error(self._here, ray) for ray in rays)
        self._drifts = [sum(column) for column in zip(*self._drift, strict=True)]
        self._sums = self._recent[self._last(kept)].sum(axis=0)
        self.count = float(kept)
