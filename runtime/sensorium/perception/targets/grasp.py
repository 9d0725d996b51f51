"""Which target a hand has taken hold of: decided as it closes, kept until it opens.

Where the fingers meet is in the target, or beside it by a normal error. Its density, at a distance
`s` outside a body, is `exp(-s^2 / 2 v) / N`, with N by Steiner's formula for bodies: volume `V`,
surface `S` and the integral `M` of the mean curvature give
`N = V + S sqrt(pi v / 2) + 2 M v + 4 pi v sqrt(pi v / 2)`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.targets.belief import LEAK, Belief
from sensorium.perception.targets.choice import NOTHING, rank
from sensorium.perception.targets.view import dots

if TYPE_CHECKING:
    from sensorium.perception.targets.choice import Ranking
    from sensorium.perception.targets.scene import Scene
    from sensorium.perception.targets.spaces import Vector
    from sensorium.perception.targets.view import Array

CLOSED, OPEN = 0.8, 0.5
"""Strength from which on a hand grips, and under which it lets go."""
ERROR_M = 0.03
"""Standard deviation an axis of where fingers close around a thing; our own figure."""
BACKGROUND = 80.0
"""Density of all that no app lists, 1/m3: a small thing is as probable as nothing at 2 standard
deviations beside it."""
_REACH = 5.0
_HALF_PI = math.pi / 2


class Grasp:
    """One hand's hold on the targets of one app.

    Attributes:
        gripping: Whether the hand is closed, around a target or nothing.
        ranking: Of what it took hold of.
    """

    def __init__(self) -> None:
        self.gripping = False
        self.ranking: Ranking = NOTHING

    def take(self, scene: Scene, strength: float, point: Vector) -> None:
        """Takes one sample.

        Args:
            scene: The targets.
            strength: Of the grip, 0 open..1 closed.
            point: Where it closes, m.
        """
        if self.gripping:
            if strength < OPEN:
                self.release()
            elif self.ranking.chosen and not (scene.ids == self.ranking.chosen).any():
                # What was held has left the scene; the hand closes around nothing.
                self.ranking = NOTHING
        elif strength >= CLOSED:
            self.gripping = True
            self.ranking = rank(scene, near(scene, point), 0)

    def release(self) -> None:
        """The hand is open, or not seen any more."""
        self.gripping = False
        self.ranking = NOTHING


def near(scene: Scene, point: Vector) -> Belief:
    """How likely each movable target is what a hand that closes at a point takes hold of."""
    offsets = np.array(point)[:, None] - scene.centres
    aside = np.sqrt(dots(offsets, offsets)) - scene.reaches
    places = np.flatnonzero(scene.movable & (aside < _REACH * ERROR_M))
    halves = scene.halves[:, places]
    turned = np.add.reduce(offsets[:, None, places] * scene.axes[:, :, places])
    own = np.abs(turned) - halves
    outside = np.maximum(own, 0)
    boxes = np.sqrt(dots(outside, outside)) + np.minimum(own.max(axis=0), 0)
    depths = np.where(scene.radii[places] > 0, aside[places], boxes)
    weights = -np.square(np.maximum(depths, 0)) / (2 * ERROR_M**2) - np.log(
        bulks(scene.radii[places], halves)
    )
    depth = float(depths.min()) if len(depths) else math.inf
    hidden = (1 - LEAK) * 0.5 * math.erfc(depth / ERROR_M / math.sqrt(2))
    nothing = math.log(BACKGROUND) + math.log(1 - hidden)
    return Belief(places.tolist(), weights.tolist(), nothing, 0.0)


def bulks(radii: Array, halves: Array) -> Array:
    """The integral of `exp(-s^2 / 2 v)` over space, around spheres or boxes, m3.

    Args:
        radii: Of spheres, shape (N,), m; 0 for a box.
        halves: Half extents of boxes, shape (3, N), m; 0 for a sphere.
    """
    x, y, z = 2 * halves
    volume = x * y * z + 4 / 3 * math.pi * radii**3
    surface = 2 * (x * y + y * z + z * x) + 4 * math.pi * radii**2
    curvature = math.pi * (x + y + z) + 4 * math.pi * radii
    variance = ERROR_M * ERROR_M
    around = math.sqrt(_HALF_PI * variance)
    total: Array = (
        volume + surface * around + 2 * curvature * variance + 4 * math.pi * variance * around
    )
    return total
