"""Targets as seen along a ray, and how far the ray is off each.

A call of numpy costs about as much as its arithmetic on 500 targets, and more where it has to
repeat a row or to add up a column. So where targets are is kept in a form of which one product of
matrices makes all distances and cosines, and what has three rows is multiplied once.
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


class View(NamedTuple):
    """Targets as seen along a ray.

    Attributes:
        form: Where they are, see `formed`; one whose centre is where the ray begins lies nowhere.
        origin: Where the ray begins, m.
        ray: Unit vector.
        distances: To each centre, shape (T,), m, above 0.
        cosines: Of the angles between the ray and each centre's direction, shape (T,).
    """

    form: Array
    origin: Vector
    ray: Vector
    distances: Array
    cosines: Array

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


def view(form: Array, origin: Vector, ray: Vector) -> View:
    """How targets are seen along a ray.

    With the squares of distances and coordinates apart, an angle is good to some `2e-16 X^2 / d^2`
    for coordinates of X m at a distance of d m: less than what an app's single floats leave open.

    Args:
        form: Of the targets.
        origin: Where the ray begins, m.
        ray: Unit vector.
    """
    (ox, oy, oz), (rx, ry, rz) = origin, ray
    rows = np.array((
        (rx, ry, rz, -(ox * rx + oy * ry + oz * rz), 0.0),
        (-2 * ox, -2 * oy, -2 * oz, ox * ox + oy * oy + oz * oz, 1.0),
    ))
    cosines, distances = rows.dot(form)
    np.maximum(distances, _TINY * _TINY, out=distances)
    np.sqrt(distances, out=distances)
    cosines /= distances
    np.minimum(cosines, _MOST, out=cosines)
    np.maximum(cosines, -_MOST, out=cosines)
    return View(form, origin, ray, distances, cosines)


def errors(seen: View, out: Array) -> Array:
    """The arc from each centre's direction to the ray, as a vector at right angles to it.

    Args:
        seen: The targets along the ray.
        out: Where to put them, shape (4, T): x, y, z, rad, to 3e-8; and the square of the length,
            rad2.

    Returns:
        Their lengths, shape (T,), rad, above 0.
    """
    cosines = seen.cosines
    lengths: Array = np.arccos(cosines)
    np.multiply(lengths, lengths, out=out[3])
    # The arc is `length / sine (ray - cosine offset / distance)`.
    scales = np.empty((2, len(lengths)))
    ray_scale, scale = scales
    np.subtract(1.0, cosines, out=ray_scale)
    np.add(1.0, cosines, out=scale)
    scale *= ray_scale
    np.sqrt(scale, out=scale)
    np.divide(lengths, scale, out=ray_scale)
    np.multiply(ray_scale, cosines, out=scale)
    scale /= seen.distances
    vectors = out[:3]
    np.dot(np.array((seen.ray, seen.origin)).T, scales, out=vectors)
    vectors -= scale * seen.form[:3]
    return lengths


def error(centre: Vector, ray: Vector) -> Sequence[float]:
    """What `errors` gives for one target, whose direction is a unit vector."""
    (x, y, z), (rx, ry, rz) = centre, ray
    cosine = x * rx + y * ry + z * rz
    x, y, z = rx - cosine * x, ry - cosine * y, rz - cosine * z
    sine = math.sqrt(x * x + y * y + z * z + _TINY * _TINY)
    angle = math.atan2(sine, cosine)
    scale = angle / sine
    return scale * x, scale * y, scale * z, angle * angle


def squares(columns: Array, least: float) -> Array:
    """The squares of columns' lengths plus `least`: shape (N,); the columns are not kept."""
    np.multiply(columns, columns, out=columns)
    found: Array = np.add.reduce(columns, initial=least)
    return found


def dots(one: Array, other: Array, least: float = 0.0) -> Array:
    """The scalar products of columns plus `least`: shape (N,), of shape (K, N) each."""
    products: Array = np.add.reduce(one * other, initial=least)
    return products
