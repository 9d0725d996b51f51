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

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_NOISE_SHARE = 1 / 90
"""How much one sample changes the estimate of the noise: a time constant of 1 s at 90 Hz."""
_NOISE_LEAST, _NOISE_MOST = 0.25, 2.0
"""The estimate's limits, over the noise that the source is known for."""
_OUTLIER = 9.0
"""A step's square counts at most as so many times the expected one: a saccade is no noise."""
_TINY = 1e-12


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
        # The last row stands for the world: a direction that stays where it is.
        self._recent = np.zeros((_WINDOW, 1, 3))
        self._sum = np.zeros((1, 3))
        self._squares = np.zeros(1)
        self._rays = np.zeros((_WINDOW, 3))
        # Both are rings that are filled backwards.
        self._newest = 0
        self._filled = 0
        self._here = np.zeros(3)
        # Where each target was seen last; 0: not yet.
        self._seen = np.zeros((0, 3))

    def forget(self) -> None:
        """What comes next is another fixation."""
        self.count, self._filled = 0.0, 0
        self._sum[:] = 0
        self._squares[:] = 0

    def follow(self, scene: Scene) -> None:
        """Goes over to a scene with other targets: who stays keeps its evidence."""
        ids = scene.ids
        if len(ids) == len(self._ids) and (ids == self._ids).all():
            return
        order = np.argsort(self._ids)
        place = np.searchsorted(self._ids, ids, sorter=order)
        known = np.zeros(len(ids), bool)
        inside = place < len(order)
        known[inside] = self._ids[order[place[inside]]] == ids[inside]
        # The world's row goes along.
        source = np.append(order[place[known]], -1)
        rows = np.append(np.flatnonzero(known), -1)
        before = self._recent, self._sum, self._squares, self._seen
        count = len(ids)
        self._recent = np.zeros((_WINDOW, count + 1, 3))
        self._sum, self._squares = np.zeros((count + 1, 3)), np.zeros(count + 1)
        self._seen = np.zeros((count, 3))
        self._recent[:, rows] = before[0][:, source]
        self._sum[rows], self._squares[rows] = before[1][source], before[2][source]
        self._seen[rows[:-1]] = before[3][source[:-1]]
        self._ids = ids

    def take(self, ray: Array, centres: Array, leader: int) -> None:
        """Takes one sample.

        Args:
            ray: Unit vector, shape (3,).
            centres: Direction of each target's centre from where the ray begins, shape (T, 3).
            leader: The target that is taken for the one that is meant; -1: none. While its error
                does not jump it is the same fixation: the target moves, and the eye pursues it.
        """
        if not self.count:
            self._here = ray
        if self._filled:
            self._learn(ray)
        moved = centres - self._seen
        self._renew(np.flatnonzero(np.einsum("ij,ij->i", moved, moved) > _JUMP**2), centres)
        self._seen = centres
        if self.count >= _MOST:
            fading = 1 - 1 / _MOST
            self._sum *= fading
            self._squares *= fading
            self.count *= fading
        self._newest = (self._newest - 1) % _WINDOW
        self._rays[self._newest] = ray
        newest = self._recent[self._newest]
        newest[:-1] = errors(centres, ray)
        newest[-1] = errors(self._here[None], ray)[0]
        self._sum += newest
        self._squares += np.einsum("ij,ij->i", newest, newest)
        self.count += 1
        self._filled = min(self._filled + 1, _WINDOW)
        kept = self._jump(-1)
        if kept and (leader < 0 or self._jump(leader)):
            self._begin(kept)

    def means(self) -> Array:
        """The mean error to each target, rad, shape (T, 3)."""
        return self._sum[:-1] / max(self.count, 1)

    def scatter(self) -> tuple[Array, float]:
        """Sum of squares around the mean, rad2: of each target, shape (T,), and of the world.

        The same for all that stay where they are; less for a target that is pursued.
        """
        count = max(self.count, 1)
        found = self._squares - np.einsum("ij,ij->i", self._sum, self._sum) / count
        return found[:-1], float(found[-1])

    def _renew(self, rows: NDArray[np.intp], centres: Array) -> None:
        """Makes targets' evidence from the recent rays."""
        used = min(self._filled, int(self.count))
        if not used or not len(rows):
            return
        newest = self._last(used)
        for back in newest:
            self._recent[back, rows] = errors(centres[rows], self._rays[back])
        late = self._recent[np.ix_(newest, rows)]
        scale = self.count / used
        self._sum[rows] = late.sum(axis=0) * scale
        self._squares[rows] = (late * late).sum(axis=(0, 2)) * scale

    def _learn(self, ray: Array) -> None:
        step = ray - self._rays[self._newest]
        square = float(step @ step) / 4
        square = min(square, _OUTLIER * self.variance)
        self.variance += _NOISE_SHARE * (square - self.variance)
        self.variance = min(
            max(self.variance, self._known * _NOISE_LEAST**2), self._known * _NOISE_MOST**2
        )

    def _last(self, number: int) -> NDArray[np.intp]:
        """Where the newest samples lie, the newest first."""
        return (self._newest + np.arange(number)) % _WINDOW

    def _jump(self, row: int) -> int:
        """How many of the newest samples are of another fixation by the error to one target."""
        most = min(self._filled, int(self.count) - 1)
        x, y, z = self._sum[row].tolist()
        late = (0.0, 0.0, 0.0)
        best, found = _ALARM, 0
        for number, error in enumerate(self._recent[self._last(most), row].tolist(), 1):
            late = late[0] + error[0], late[1] + error[1], late[2] + error[2]
            ratio = _ratio(late, (x - late[0], y - late[1], z - late[2]), number, self.count)
            if ratio > best * self.variance:
                best, found = ratio / self.variance, number
        return found

    def _begin(self, kept: int) -> None:
        """The newest samples are a fixation of their own."""
        newest = self._last(kept)
        self._here = self._rays[newest[-1]].copy()
        for back in newest:
            self._recent[back, -1] = errors(self._here[None], self._rays[back])[0]
        late = self._recent[newest]
        self._sum = late.sum(axis=0)
        self._squares = (late * late).sum(axis=(0, 2))
        self.count = float(kept)


def errors(centres: Array, ray: Array) -> Array:
    """The arc from each centre's direction to a ray, rad, as a vector at right angles to it.

    Args:
        centres: Unit vectors, shape (T, 3).
        ray: Unit vector, shape (3,).
    """
    cosines = centres @ ray
    out: Array = ray - cosines[:, None] * centres
    sines = np.sqrt(np.einsum("ij,ij->i", out, out))
    out *= (np.arctan2(sines, cosines) / np.maximum(sines, _TINY))[:, None]
    return out


class View(NamedTuple):
    """A scene's targets as seen from where a ray begins.

    Attributes:
        offsets: From there to each centre, shape (T, 3), m.
        centres: The same as unit vectors; a target whose centre is there lies nowhere.
        distances: Shape (T,), m.
    """

    offsets: Array
    centres: Array
    distances: Array


def view(scene: Scene, origin: Array) -> View:
    """How a scene is seen from a place, shape (3,), m."""
    offsets = scene.centres - origin
    distances = np.sqrt(np.einsum("ij,ij->i", offsets, offsets))
    return View(offsets, offsets / np.maximum(distances, _TINY)[:, None], distances)


def _ratio(late: Sequence[float], early: Sequence[float], number: int, count: float) -> float:
    """Square of the difference of two means over its variance for noise of variance 1."""
    before = count - number
    square = sum(
        (one / number - other / before) ** 2 for one, other in zip(late, early, strict=True)
    )
    return square / (1 / number + 1 / before)
