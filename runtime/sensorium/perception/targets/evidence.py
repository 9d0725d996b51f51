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

from sensorium.perception.targets.view import dots, error, errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sensorium.perception.targets.scene import Array, Scene

_WINDOW = 10
"""Newest samples that may be taken for a new fixation: 110 ms at 90 Hz."""
_ALARM = 20.0
"""A jump counts from this ratio on: chi square with 2 degrees of freedom reaches it by chance once
in 22,000 tests (exp(-10))."""
_MOST = 45
"""Samples that a mean is worth at most: older ones fade, 0.5 s at 90 Hz."""
_JUMP = 0.05
"""A target that moves so far from sample to sample, as a share of its distance, has jumped."""
_STAYS = 1 - 0.49 * _JUMP**2
"""Where no cosine between a target's directions before and now is less, none has jumped."""
_NOISE_SHARE = 1 / 90
"""How much one sample changes the estimate of the noise: a time constant of 1 s at 90 Hz."""
_NOISE_LEAST, _NOISE_MOST = 0.25, 2.0
"""The estimate's limits, over the noise that the source is known for."""
_OUTLIER = 9.0
"""A step's square counts at most as so many times the expected one: a saccade is no noise."""


class Evidence:
    """One ray's evidence for each target of a scene.

    Args:
        noise: Known noise of the ray, RMS an axis, rad; where it starts to be estimated.

    Attributes:
        count: Samples of the fixation, of those that have not faded.
        variance: Of the noise an axis, rad2, estimated from steps between samples: two samples'
            difference has twice the variance.
    """

    def __init__(self, noise: float) -> None:
        self.count = 0.0
        self.variance = self._known = noise * noise
        self._ids: NDArray[np.uint64] = np.zeros(0, np.uint64)
        # Errors as `errors` gives them.
        self._recent = np.zeros((_WINDOW, 4, 0))
        self._sums = np.zeros((4, 0))
        self._rays = np.zeros((_WINDOW, 3))
        # Both are rings that are filled backwards.
        self._newest = 0
        self._filled = 0
        # Where each target was seen last; 0: not yet.
        self._seen = np.zeros((3, 0))
        # The world: a direction that stays where it is, and its errors, the newest first.
        self._here = self._newest_ray = (0.0, 0.0, 0.0)
        self._drift: deque[Sequence[float]] = deque(maxlen=_WINDOW)
        self._drifts: Sequence[float] = (0.0, 0.0, 0.0, 0.0)

    def forget(self) -> None:
        """What comes next is another fixation."""
        self.count, self._filled = 0.0, 0
        self._sums[:] = 0
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
        self._sums, self._seen = np.zeros((4, len(ids))), np.zeros((3, len(ids)))
        self._recent[:, :, columns] = recent[:, :, source]
        self._sums[:, columns], self._seen[:, columns] = sums[:, source], seen[:, source]
        self._ids = ids

    def take(self, ray: Array, centres: Array, leader: int) -> None:
        """Takes one sample.

        Args:
            ray: Unit vector, shape (3,).
            centres: Direction of each target's centre from where the ray begins, shape (3, T).
            leader: The target that is taken for the one that is meant; -1: none. While its error
                does not jump it is the same fixation: the target moves, and the eye pursues it.
        """
        x, y, z = ray.tolist()
        if not self.count:
            self._here = x, y, z
        if self._filled:
            self._learn((x, y, z))
        self._newest_ray = x, y, z
        if np.minimum.reduce(dots(centres, self._seen), initial=1.0) < _STAYS:
            moved = centres - self._seen
            self._renew((dots(moved, moved) > _JUMP**2).nonzero()[0], centres)
        self._seen = centres
        drifts = self._drifts
        if self.count >= _MOST:
            fading = 1 - 1 / _MOST
            self._sums *= fading
            self.count *= fading
            drifts = [fading * value for value in drifts]
        self._newest = (self._newest - 1) % _WINDOW
        self._rays[self._newest] = ray
        self._sums += errors(centres, ray, out=self._recent[self._newest])
        self._drift.appendleft(error(self._here, (x, y, z)))
        self._drifts = [sum(pair) for pair in zip(drifts, self._drift[0], strict=True)]
        self.count += 1
        self._filled = min(self._filled + 1, _WINDOW)
        kept = self._jump(self._drift, self._drifts)
        if kept and leader >= 0:
            newest = self._recent[self._last(self._filled), :, leader]
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

    def _renew(self, columns: NDArray[np.intp], centres: Array) -> None:
        """Makes targets' evidence from the recent rays."""
        used = min(self._filled, int(self.count))
        if not used or not len(columns):
            return
        newest = self._last(used)
        for back in newest:
            self._recent[back][:, columns] = errors(centres[:, columns], self._rays[back])
        late = self._recent[newest][:, :, columns]
        self._sums[:, columns] = late.sum(axis=0) * (self.count / used)

    def _learn(self, ray: Sequence[float]) -> None:
        square = min(math.dist(ray, self._newest_ray) ** 2 / 4, _OUTLIER * self.variance)
        self.variance += _NOISE_SHARE * (square - self.variance)
        self.variance = min(
            max(self.variance, self._known * _NOISE_LEAST**2), self._known * _NOISE_MOST**2
        )

    def _last(self, number: int) -> NDArray[np.intp]:
        """Where the newest samples lie, the newest first."""
        return (self._newest + np.arange(number)) % _WINDOW

    def _jump(self, newest: Iterable[Sequence[float]], sums: Sequence[float]) -> int:
        """How many of the newest samples are of another fixation by the errors to one target."""
        most = min(self._filled, int(self.count) - 1)
        x = y = z = 0.0
        best, found = _ALARM * self.variance, 0
        for number, (dx, dy, dz, _) in zip(range(1, most + 1), newest, strict=False):
            x, y, z = x + dx, y + dy, z + dz
            ratio = _ratio((x, y, z), sums, number, self.count)
            if ratio > best:
                best, found = ratio, number
        return found

    def _begin(self, kept: int) -> None:
        """The newest samples are a fixation of their own."""
        newest = self._last(kept)
        rays = self._rays[newest].tolist()
        self._here = x, y, z = rays[-1]
        self._drift.clear()
        self._drift.extend(error((x, y, z), ray) for ray in rays)
        self._drifts = [sum(column) for column in zip(*self._drift, strict=True)]
        self._sums = self._recent[newest].sum(axis=0)
        self.count = float(kept)


def _ratio(late: Sequence[float], sums: Sequence[float], number: int, count: float) -> float:
    """Square of the difference of two means over its variance for noise of variance 1.

    Args:
        late: Sum of the newest samples.
        sums: Of all.
        number: How many the newest ones are.
        count: How many there are.
    """
    before = count - number
    variance = count / (number * before)
    x, y, z = (
        late[0] * variance - sums[0] / before, late[1] * variance - sums[1] / before,
        late[2] * variance - sums[2] / before,
    )
    return (x * x + y * y + z * z) / variance

