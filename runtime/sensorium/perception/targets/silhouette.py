"""How far a direction passes from the outline of a sphere or a box, as an angle, exactly.

All angles in rad. A signed angle is negative inside the outline: how deep. Boxes are seen from
where the ray begins, in their own axes. In plain numbers: a ray passes by few targets, and for so
few numpy's calls cost several times the arithmetic.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensorium.perception.targets.spaces import Vector

_TINY = 1e-12
_ROUND = 4 * math.pi
_ROUNDED = 1 - 1e-12
"""Where a ray meets an edge of a flat box a product is 0 but for rounding."""


def box_angle(middle: Vector, halves: Vector, ray: Vector) -> float:
    """Signed angle between a ray and the outline of a box.

    Args:
        middle: The box's centre, m.
        halves: Half extents, m, not negative.
        ray: Unit vector.

    Returns:
        -pi where the eye is in the box.
    """
    ((mx, my, mz), (rx, ry, rz)), (hx, hy, hz) = _upwards(middle, ray), halves
    lx, ly, lz, ux, uy, uz = mx - hx, my - hy, mz - hz, mx + hx, my + hy, mz + hz
    # How far along the ray the planes of the faces are.
    ex, ey, ez, vx, vy, vz = lx / rx, ly / ry, lz / rz, ux / rx, uy / ry, uz / rz
    out = vx if vx < vy else vy
    out = vz if vz < out else out
    if out >= 0 and ex <= out and ey <= out and ez <= out:
        return -_depth((lx, ly, lz), (ux, uy, uz), (rx, ry, rz))
    # The point `p` of the box whose direction is next to the ray's is also the one that is nearest
    # to the point of the ray beside it, at `s`, where `p . (p - s r) = 0`. Of the nearest points to
    # all of the ray, a coordinate is that of the box's near face up to that plane, the ray's own,
    # which adds nothing to the product, up to the far one, and then that face's. So the product is
    # `square - s ahead` between the planes, and has one zero. No plane of the far faces is nearer
    # than the start.
    at = out if out > 0 else 0.0
    square = ahead = 0.0
    planes = []
    for enter, leave, near, far, up in ((ex, vx, lx, ux, rx), (ey, vy, ly, uy, ry),
                                        (ez, vz, lz, uz, rz)):
        if leave <= at:
            square += far * far
            ahead += far * up
            continue
        planes.append((leave, far * far, far * up))
        if enter > at:
            square += near * near
            ahead += near * up
            planes.append((enter, -near * near, -near * up))
    if square > at * ahead:
        planes.sort()
        for plane, more, further in planes:
            if square * _ROUNDED <= plane * ahead:
                break
            square += more
            ahead += further
        if ahead <= 0:
            # All of it is behind.
            return min(
                _angle(corner, (rx, ry, rz)) for corner in product((lx, ux), (ly, uy), (lz, uz))
            )
        at = square / ahead
    x, y, z = at * rx, at * ry, at * rz
    x = lx if x < lx else ux if x > ux else x
    y = ly if y < ly else uy if y > uy else y
    z = lz if z < lz else uz if z > uz else z
    return _angle((x, y, z), (rx, ry, rz))


def _depth(low: Vector, high: Vector, ray: Vector) -> float:
    """Angle between a ray that meets a box, upwards in each axis, and the box's outline.

    That is the edges between a face that is seen, which is a near one that the eye is outside of,
    and one that is not. The point `t` along an edge on axis k lies at an angle from the ray whose
    cosine is `(r_k t + q) / sqrt(t^2 + d^2)`, where d is how far the edge's line is, and q the
    scalar product of the ray with the shortest way there. It is greatest at `t = r_k d^2 / q` where
    q is positive, or else at an end.
    """
    (lx, ly, lz), (ux, uy, uz), (rx, ry, rz) = low, high, ray
    best, nearest = -1.0, (-rx, -ry, -rz)
    for k, start, end, up, one, a_near, a_far, other, b_near, b_far in (
        (0, lx, ux, rx, ry, ly, uy, rz, lz, uz), (1, ly, uy, ry, rz, lz, uz, rx, lx, ux),
        (2, lz, uz, rz, rx, lx, ux, ry, ly, uy),
    ):
        edges = []
        if a_near > 0:
            edges.append((a_near, b_far))
        if b_near > 0:
            edges.append((a_far, b_near))
        if (a_near > 0) != (b_near > 0):
            edges.append((a_near, b_near))
        for a, b in edges:
            ahead, square = one * a + other * b, a * a + b * b
            if ahead < _TINY:
                points: tuple[float, ...] = (start, end)
            else:
                t = up * square / ahead
                points = (start if t < start else end if t > end else t,)
            for t in points:
                cosine = (up * t + ahead) / math.sqrt(t * t + square)
                if cosine > best:
                    best, nearest = cosine, ((t, a, b), (b, t, a), (a, b, t))[k]
    # An eye in the box sees no face from outside: no edge is left.
    return _angle(nearest, ray)


def _upwards(middle: Vector, ray: Vector) -> tuple[Vector, Vector]:
    """A box's centre and a ray, mirrored so that the ray goes up each axis."""
    (mx, my, mz), (rx, ry, rz) = middle, ray
    if rx < _TINY:
        mx, rx = (-mx, -rx) if rx < -_TINY else (mx, _TINY)
    if ry < _TINY:
        my, ry = (-my, -ry) if ry < -_TINY else (my, _TINY)
    if rz < _TINY:
        mz, rz = (-mz, -rz) if rz < -_TINY else (mz, _TINY)
    return (mx, my, mz), (rx, ry, rz)


def _angle(point: Vector, ray: Vector) -> float:
    """Angle between the direction of a point and a unit vector."""
    (x, y, z), (rx, ry, rz) = point, ray
    along = x * rx + y * ry + z * rz
    return math.atan2(math.hypot(x - along * rx, y - along * ry, z - along * rz), along)


def box_entry(middle: Vector, halves: Vector, ray: Vector) -> float:
    """Distance to where a ray enters a box, m: the slab method (Kay and Kajiya 1986).

    Args:
        middle: The box's centre, m.
        halves: Half extents, m.
        ray: Unit vector.

    Returns:
        0 from inside, infinite where it misses.
    """
    (mx, my, mz), (rx, ry, rz) = _upwards(middle, ray)
    hx, hy, hz = halves
    near = max(0.0, (mx - hx) / rx, (my - hy) / ry, (mz - hz) / rz)
    far = min((mx + hx) / rx, (my + hy) / ry, (mz + hz) / rz)
    return near if far >= near else math.inf


def sphere_entry(offset: Vector, ray: Vector, radius: float) -> float:
    """Distance to where a ray enters a sphere, m.

    Args:
        offset: From where the ray begins to the centre, m.
        ray: Unit vector.
        radius: m.

    Returns:
        0 from inside, infinite where it misses.
    """
    (x, y, z), (rx, ry, rz) = offset, ray
    along = x * rx + y * ry + z * rz
    chord = along * along - (x * x + y * y + z * z) + radius * radius
    if chord < 0:
        return math.inf
    half = math.sqrt(chord)
    return max(along - half, 0.0) if along + half >= 0 else math.inf


def box_outline(middle: Vector, halves: Vector) -> tuple[float, float]:
    """Solid angle and length of a box's outline, as seen from far: in parallel projection.

    A face shows its area times the cosine to the line of sight; the outline has two edges of each
    direction. Both are too large near by, where they are cut to a whole sphere and a great circle.

    Args:
        middle: The box's centre, m.
        halves: Half extents, m.

    Returns:
        In sr and in rad.
    """
    (mx, my, mz), (hx, hy, hz) = middle, halves
    distance = math.sqrt(mx * mx + my * my + mz * mz) or _TINY
    # The line of sight.
    x, y, z = abs(mx) / distance, abs(my) / distance, abs(mz) / distance
    area = 4 * (hy * hz * x + hx * hz * y + hx * hy * z) / (distance * distance)
    length = 4 / distance * (
        hx * math.sqrt(abs(1 - x * x)) + hy * math.sqrt(abs(1 - y * y))
        + hz * math.sqrt(abs(1 - z * z))
    )
    return area if area < _ROUND else _ROUND, length if length < math.tau else math.tau


def sphere_outline(angle: float) -> tuple[float, float]:
    """Solid angle, sr, and length, rad, of the outline of a sphere.

    Args:
        angle: Its angular radius; pi: seen from inside.
    """
    return 2 * math.pi * (1 - math.cos(angle)), 2 * math.pi * math.sin(angle)
