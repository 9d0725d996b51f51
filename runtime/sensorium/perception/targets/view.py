"""Targets as seen from where a ray begins, and how far a ray is off each.

Vectors are columns, shape (3, N): numpy's calls on three long rows cost a third of those on many
short ones.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.targets.scene import Array, Scene
    from sensorium.perception.targets.spaces import Vector

_TINY = 1e-12


class View(NamedTuple):
    """A scene's targets as seen from where a ray begins.

    Attributes:
        offsets: From there to each centre, shape (3, T), m.
        centres: The same as unit vectors; a target whose centre is there lies nowhere.
        distances: Shape (T,), m, above 0.
    """

    offsets: Array
    centres: Array
    distances: Array


def view(scene: Scene, origin: Array) -> View:
    """How a scene is seen from a place, shape (3,), m."""
    offsets = scene.centres - origin[:, None]
    distances = np.sqrt(dots(offsets, offsets, _TINY * _TINY))
    return View(offsets, offsets / distances, distances)


def errors(centres: Array, ray: Array, out: Array | None = None) -> Array:
    """The arc from each centre's direction to a ray, as a vector at right angles to it.

    Args:
        centres: Unit vectors, shape (3, T).
        ray: Unit vector, shape (3,).
        out: Where to put them; None: a new array.

    Returns:
        Shape (4, T): x, y, z, rad, to 3e-8; and the square of its length, rad2.
    """
    found = np.empty((4, centres.shape[1])) if out is None else out
    cosines, vectors = ray @ centres, found[:3]
    np.multiply(cosines, centres, out=vectors)
    np.subtract(ray[:, None], vectors, out=vectors)
    sines = np.sqrt(dots(vectors, vectors, _TINY * _TINY))
    angles = np.arccos(np.minimum(np.maximum(cosines, -1.0), 1.0))
    np.multiply(angles, angles, out=found[3])
    angles /= sines
    vectors *= angles
    return found


def error(centre: Vector, ray: Vector) -> Sequence[float]:
    """What `errors` gives for one target."""
    (x, y, z), (rx, ry, rz) = centre, ray
    cosine = x * rx + y * ry + z * rz
    x, y, z = rx - cosine * x, ry - cosine * y, rz - cosine * z
    sine = math.sqrt(x * x + y * y + z * z + _TINY * _TINY)
    angle = math.atan2(sine, cosine)
    scale = angle / sine
    return scale * x, scale * y, scale * z, angle * angle


def dots(one: Array, other: Array, least: float = 0.0) -> Array:
    """The scalar products of columns plus `least`: shape (N,), of shape (K, N) each."""
    products: Array = np.add.reduce(one * other, initial=least)
    return products
