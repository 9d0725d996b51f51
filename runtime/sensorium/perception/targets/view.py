"""Targets as seen along rays, and how far each ray is off each target.

A call of numpy costs about as much as its arithmetic on 500 targets, and more where it has to
repeat a row or to add up a column. So where targets are is kept in a form of which one product of
matrices makes all distances and cosines of all rays, and what has three rows is multiplied once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.targets.spaces import Vector

    Array = NDArray[np.float64]

_TINY = 1e-12
_MOST = 1 - 2.0**-53
"""The cosine of the smallest angle that counts, 1.5e-8 rad: angle and sine are both above 0."""


class Moves:
    """How far targets have moved: the same for all rays that were taken along with one another.

    Args:
        form: Where they are now, see `formed`.
    """

    def __init__(self, form: Array) -> None:
        self._form = form
        self._before: Array | None = None
        self._squares: Array = form[4]

    def since(self, before: Array) -> Array:
        """The squares of the ways from where they were, of that form, shape (T,), m2."""
        if before is not self._before:
            self._before = before
            self._squares = squares(self._form[:3] - before[:3])
        return self._squares


class View(NamedTuple):
    """Targets as seen along a ray.

    Attributes:
        form: Where they are, see `formed`; one whose centre is where the ray begins lies nowhere.
        origin: Where the ray begins, m.
        ray: Unit vector.
        distances: To each centre, shape (T,), m, above 0.
        angles: Between the ray and each centre's direction, shape (T,), rad, above 0.
        scales: Of the ray and of the way to the centre in the arc between both; shape (2, T).
        moves: Of the targets.
    """

    form: Array
    origin: Vector
    ray: Vector
    distances: Array
    angles: Array
    scales: Array
    moves: Moves

    def offsets(self, columns: NDArray[np.intp]) -> Array:
        """From where the ray begins to K centres, shape (3, K), m."""
        offsets: Array = self.form[:3, columns] - np.array(self.origin)[:, None]
        return offsets


def formed(matrix: Array, points: Array) -> Array:
    """Shape (5, T) of targets' centres: x, y, z, 1 and x^2 + y^2 + z^2, m.

    Args:
        matrix: Makes the centres of points, shape (3, 4).
        points: Shape (4, T): x, y, z and 1.
    """
    form = np.empty((5, points.shape[1]))
    centres = form[:3]
    np.dot(matrix, points, out=centres)
    form[3] = 1.0
    np.add.reduce(centres * centres, out=form[4])
    return form


def views(form: Array, rays: Sequence[tuple[Vector, Vector]]) -> list[View]:
    """How targets are seen along rays.

    With the squares of distances and coordinates apart, an angle is good to some `2e-16 X^2 / d^2`
    for coordinates of X m at a distance of d m: less than what an app's single floats leave open.

    Args:
        form: Of the targets.
        rays: Of each, where it begins, m, and its unit vector.
    """
    count = len(rays)
    rows = [
        (rx, ry, rz, -(ox * rx + oy * ry + oz * rz), 0.0) for (ox, oy, oz), (rx, ry, rz) in rays
    ]
    rows += [
        (-2 * x, -2 * y, -2 * z, x * x + y * y + z * z, 1.0) for (x, y, z), _ in rays
    ]
    products = np.array(rows).dot(form)
    cosines, distances = products[:count], products[count:]
    np.maximum(distances, _TINY * _TINY, out=distances)
    np.sqrt(distances, out=distances)
    cosines /= distances
    np.minimum(cosines, _MOST, out=cosines)
    np.maximum(cosines, -_MOST, out=cosines)
    angles = np.arccos(cosines)
    # The arc is `angle / sine (ray - cosine offset / distance)`.
    scales = np.empty((count, 2, len(form[0])))
    ray_scales, centre_scales = scales[:, 0], scales[:, 1]
    np.subtract(1.0, cosines, out=ray_scales)
    np.add(1.0, cosines, out=centre_scales)
    centre_scales *= ray_scales
    np.sqrt(centre_scales, out=centre_scales)
    np.divide(angles, centre_scales, out=ray_scales)
    np.multiply(ray_scales, cosines, out=centre_scales)
    centre_scales /= distances
    moves = Moves(form)
    return [
        View(form, origin, ray, far, apart, scale, moves)
        for (origin, ray), far, apart, scale in zip(rays, distances, angles, scales, strict=True)
    ]


def errors(seen: View, out: Array) -> None:
    """The arc from each centre's direction to the ray, as a vector at right angles to it.

    Args:
        seen: The targets along the ray.
        out: Where to put them, shape (4, T): x, y, z, rad, to 3e-8; and the square of the length,
            rad2.
    """
    vectors = out[:3]
    np.dot(np.array((seen.ray, seen.origin)).T, seen.scales, out=vectors)
    vectors -= seen.scales[1] * seen.form[:3]
    np.multiply(seen.angles, seen.angles, out=out[3])


def error(centre: Vector, ray: Vector) -> Sequence[float]:
    """What `errors` gives for one target, whose direction is a unit vector."""
    (x, y, z), (rx, ry, rz) = centre, ray
    cosine = x * rx + y * ry + z * rz
    x, y, z = rx - cosine * x, ry - cosine * y, rz - cosine * z
    sine = math.sqrt(x * x + y * y + z * z + _TINY * _TINY)
    angle = math.atan2(sine, cosine)
    scale = angle / sine
    return scale * x, scale * y, scale * z, angle * angle


def squares(columns: Array) -> Array:
    """The squares of columns' lengths, shape (N,); the columns are not kept."""
    np.multiply(columns, columns, out=columns)
    found: Array = np.add.reduce(columns)
    return found


def dots(one: Array, other: Array, least: float = 0.0) -> Array:
    """The scalar products of columns plus `least`: shape (N,), of shape (K, N) each."""
    products: Array = np.add.reduce(one * other, initial=least)
    return products
