"""One target as it is seen along its mean ray, in plain numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium.perception.targets.silhouette import (
    box_angle,
    box_entry,
    box_outline,
    sphere_entry,
    sphere_outline,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.targets.spaces import Vector

_TINY = 1e-12


class Look:
    """A target as it is seen along its mean ray.

    Args:
        place: Its column in the scene.
        origin: Where the rays begin, m.
        at: Its column of the scene's form: where it is, m.
        sums: Of its errors, as `view.errors` gives them.
        distance: From the origin, m.
        shape: Its column of the scene's shapes.
        count: Of samples that were summed up.

    Attributes:
        place: Its column in the scene.
        distance: m.
        reach: Radius of the ball that holds it, m.
        scatter: Of its errors, rad2.
        angle: Signed angle to that ball, rad; to the outline once that was asked for.
    """

    __slots__ = (
        "_aside", "_halves", "_middle", "_offset", "_radius", "_shape", "_side", "angle",
        "distance", "place", "reach", "scatter",
    )

    def __init__(
        self, place: int, origin: Vector, at: Sequence[float], sums: Sequence[float],
        distance: float, shape: list[float], count: float,
    ) -> None:
        (ox, oy, oz), (ax, ay, az, _, _), (x, y, z, square) = origin, at, sums
        self.place, self.distance, self._shape = place, distance, shape
        self._radius, self.reach = shape[12], shape[13]
        self.scatter = square - (x * x + y * y + z * z) / count
        # A target that has moved on has taken its errors along: they are at right angles no more.
        self._offset = ox, oy, oz = ax - ox, ay - oy, az - oz
        inward = (x * ox + y * oy + z * oz) / (distance * distance)
        x, y, z = x - inward * ox, y - inward * oy, z - inward * oz
        length = math.sqrt(x * x + y * y + z * z) + _TINY
        self._side = x / length, y / length, z / length
        self._aside = aside = length / count
        self.angle = aside - (
            math.asin(self.reach / distance) if self.reach < distance else math.pi
        )

    def outline(self) -> tuple[float, float, float]:
        """Signed angle, solid angle and length of the outline."""
        if self._radius:
            return self.angle, *sphere_outline(self._aside - self.angle)
        hx, hy, hz, xx, xy, xz, yx, yy, yz, zx, zy, zz, _, _ = self._shape
        self._halves = hx, hy, hz
        # The centre and the mean ray in the box's axes.
        x, y, z = self._offset
        self._middle = mx, my, mz = (
            x * xx + y * yx + z * zx, x * xy + y * yy + z * zy, x * xz + y * yz + z * zz
        )
        x, y, z = self._side
        across, along = math.sin(self._aside), math.cos(self._aside) / self.distance
        self.angle = box_angle(self._middle, self._halves, (
            along * mx + across * (x * xx + y * yx + z * zx),
            along * my + across * (x * xy + y * yy + z * zy),
            along * mz + across * (x * xz + y * yz + z * zz),
        ))
        return self.angle, *box_outline(self._middle, self._halves)

    def covered(self, others: Sequence[Look]) -> bool:
        """Whether one of the others is nearer where this is meant.

        A target that is missed would be meant at its outline, which is taken to lie straight
        towards its centre. One that holds the eye covers nothing.
        """
        most = self.distance + self.reach
        ray: Vector | None = None
        rx = ry = rz = own = 0.0
        for other in others:
            distance, reach = other.distance, other.reach
            if distance - reach >= most or other is self:
                continue
            if ray is None:
                turn = self._aside - self.angle * 1.02 if self.angle > 0 else self._aside
                ray = rx, ry, rz = self._ray(turn if turn > 0 else 0.0)
            # Only a ball that the ray goes through can be in the way.
            x, y, z = other._offset
            along = x * rx + y * ry + z * rz
            if distance * distance - along * along > reach * reach:
                continue
            if not own:
                own = self._entry(ray)
                own = own if own < math.inf else self.distance
            if 0 < other._entry(ray) < own:
                return True
        return False

    def _entry(self, ray: Vector) -> float:
        """Distance to where a ray enters it, m."""
        if self._radius:
            return sphere_entry(self._offset, ray, self._radius)
        x, y, z = ray
        _, _, _, xx, xy, xz, yx, yy, yz, zx, zy, zz, _, _ = self._shape
        return box_entry(self._middle, self._halves, (
            x * xx + y * yx + z * zx, x * xy + y * yy + z * zy, x * xz + y * yz + z * zz
        ))

    def _ray(self, turn: float) -> Vector:
        """A unit vector, turned by an angle from the centre towards the mean ray."""
        across, along = math.sin(turn), math.cos(turn) / self.distance
        (x, y, z), (sx, sy, sz) = self._offset, self._side
        return along * x + across * sx, along * y + across * sy, along * z + across * sz
