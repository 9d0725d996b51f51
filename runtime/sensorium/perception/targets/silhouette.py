"""How far a direction passes from the outline of a sphere or a box, as an angle, exactly.

All angles in rad. A signed angle is negative inside the outline: how deep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_SIGNS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
"""The corners of a box, over its half extents."""
_EDGES = tuple(
    (start, start | bit, axis)
    for axis, bit in enumerate((4, 2, 1))
    for start in range(8)
    if not start & bit
)
_START, _END, _AXIS = (np.array(column) for column in zip(*_EDGES, strict=True))
_BESIDE = np.array([[k for k in range(3) if k != axis] for axis in _AXIS])
"""Shape (12, 2): the axes whose faces meet at each edge."""
_FACES = np.take_along_axis(_SIGNS[_START], _BESIDE, axis=1)
"""Shape (12, 2): which of each axis's two faces."""
_TINY = 1e-12
_ROUND = 4 * np.pi


def box_angles(eyes: Array, rays: Array, halves: Array) -> tuple[Array, Array]:
    """Signed angle between rays and the outlines of boxes, each in the frame of its own box.

    Outside, the nearest point of the outline lies on an edge, whose image on the unit sphere is an
    arc of a great circle; inside, on an edge between a face that is seen and one that is not.

    Args:
        eyes: Shape (M, 3): where each ray begins, m.
        rays: Shape (M, 3): unit vectors.
        halves: Shape (M, 3): half extents, m, not negative.

    Returns:
        The angles, shape (M,), -pi where the eye is in the box; and the distance along the ray to
        where it enters the box, m, infinite where it does not.
    """
    corners = _SIGNS * halves[:, None] - eyes[:, None]
    ray = rays[:, None]
    crossed = np.cross(ray, corners)
    along = (corners * ray).sum(axis=2)
    squares = (corners * corners).sum(axis=2)
    to_corner = np.arctan2(np.sqrt((crossed * crossed).sum(axis=2)), along)

    lengths = 2 * halves[:, _AXIS]
    first, last = squares[:, _START], squares[:, _END]
    beyond = corners[:, _START, _AXIS]
    product = first + lengths * beyond
    # |A x B| of an edge from A to B = A + length * axis, and the ray's part along that normal.
    normal = lengths * np.sqrt(np.maximum(first - beyond * beyond, 0))
    beside = np.abs(lengths * crossed[:, _START, _AXIS])
    at_first, at_last = along[:, _START], along[:, _END]
    on_arc = (
        (at_last * first - at_first * product >= 0)
        & (at_first * last - at_last * product >= 0)
        & (normal > _TINY)
    )
    to_arc = np.arcsin(np.minimum(beside / np.maximum(normal, _TINY), 1))
    to_edge = np.where(
        on_arc, to_arc, np.minimum(to_corner[:, _START], to_corner[:, _END])
    )

    seen = eyes[:, _BESIDE] * _FACES > halves[:, _BESIDE]
    outline = seen[:, :, 0] != seen[:, :, 1]
    entry = box_entry(eyes, rays, halves)
    inside = (np.abs(eyes) <= halves).all(axis=1)
    angles = np.where(
        np.isfinite(entry), -np.where(outline, to_edge, np.inf).min(axis=1), to_edge.min(axis=1)
    )
    return np.where(inside, -np.pi, np.maximum(angles, -np.pi)), entry


def box_entry(eyes: Array, rays: Array, halves: Array) -> Array:
    """Distance to where each ray enters its box, m: the slab method (Kay and Kajiya 1986).

    Args:
        eyes: Shape (..., 3), in the box's frame, m.
        rays: Shape (..., 3): unit vectors.
        halves: Shape (..., 3), m.

    Returns:
        Shape (...): 0 from inside, infinite where it misses.
    """
    inverse = 1 / np.where(np.abs(rays) < _TINY, _TINY, rays)
    one, other = (-halves - eyes) * inverse, (halves - eyes) * inverse
    near = np.maximum(np.minimum(one, other).max(axis=-1), 0)
    far = np.maximum(one, other).min(axis=-1)
    return np.where(far >= near, near, np.inf)


def sphere_entry(offsets: Array, rays: Array, radii: Array) -> Array:
    """Distance to where each ray enters a sphere, m.

    Args:
        offsets: Shape (..., 3): from where the ray begins to the centre, m.
        rays: Shape (..., 3): unit vectors.
        radii: Shape (...), m.

    Returns:
        Shape (...): 0 from inside, infinite where it misses.
    """
    along = (offsets * rays).sum(axis=-1)
    beside = (offsets * offsets).sum(axis=-1) - along * along
    chord = radii * radii - beside
    half = np.sqrt(np.maximum(chord, 0))
    return np.where((chord >= 0) & (along + half >= 0), np.maximum(along - half, 0), np.inf)


def box_outline(views: Array, distances: Array, halves: Array) -> tuple[Array, Array]:
    """Solid angle and length of boxes' outlines, as seen from far: in parallel projection.

    A face shows its area times the cosine to the line of sight; the outline has two edges of each
    direction. Both are too large near by, where they are cut to a whole sphere and a great circle.

    Args:
        views: Shape (M, 3): the line of sight in the box's frame, unit vectors.
        distances: Shape (M,), m, above 0.
        halves: Shape (M, 3), m.

    Returns:
        Shape (M,), sr; and shape (M,), rad.
    """
    x, y, z = halves.T
    faces = 4 * np.stack((y * z, x * z, x * y), axis=1)
    area = (faces * np.abs(views)).sum(axis=1) / distances**2
    edges = halves * np.sqrt(np.maximum(1 - views * views, 0))
    return np.minimum(area, _ROUND), np.minimum(4 * edges.sum(axis=1) / distances, 2 * np.pi)


def sphere_outline(angles: Array) -> tuple[Array, Array]:
    """Solid angle, sr, and length, rad, of the outlines of spheres.

    Args:
        angles: Their angular radius, shape (M,); pi: seen from inside.
    """
    return 2 * np.pi * (1 - np.cos(angles)), 2 * np.pi * np.sin(angles)
