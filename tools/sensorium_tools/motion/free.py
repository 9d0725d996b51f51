"""What hands do when they mean none of the movements: reaching, talking, resting, walking.

A reach's peak speed is 0.4 to 1.3 m/s; beats of talking hands are 3 to 15 cm; arms swing with the
step as in S. H. Collins, P. G. Adamczyk and A. D. Kuo, "Dynamic arm swinging in human walking",
Proc. R. Soc. B 276, 2009, p. 3679: once in two steps, some 20 degrees to each side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.motion.movements import (
    AHEAD,
    DOWN,
    LEFT,
    LOOSE_DEG,
    UP,
    UPWARD,
    approach,
    before,
    reachable,
)
from sensorium_tools.motion.path import PEAK, RATE_HZ, turned

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sensorium_tools.motion.path import Path, Turned
    from sensorium_tools.motion.wearer import Wearer

    Array = NDArray[np.float64]

_HELD = ((AHEAD, DOWN), (AHEAD, LEFT), (UPWARD, LEFT), (AHEAD, UP), (UPWARD, DOWN))
"""Fingers and palm of a hand that does something else."""


def idle(who: Wearer, noise: np.random.Generator) -> tuple[Array, Turned]:
    """A place to rest at: beside the body, in the lap, or before the belly."""
    scale = who.reach_m / 0.55
    low, high, fingers, palm = (
        ((0.15, -0.95, -0.1), (0.3, -0.75, 0.15), (0.0, -1.0, -0.15), LEFT),
        ((0.0, -0.75, -0.35), (0.25, -0.6, -0.15), AHEAD, DOWN),
        ((0.0, -0.55, -0.4), (0.25, -0.35, -0.2), AHEAD, LEFT),
    )[int(noise.integers(3))]
    place = reachable(noise.uniform(low, high) * scale, who)
    return place, turned(fingers, palm, noise, LOOSE_DEG)


def rest(path: Path, who: Wearer, noise: np.random.Generator) -> None:
    """The hand goes to rest, and stays for a while."""
    place, hand = idle(who, noise)
    approach(path, place, hand, who, noise)
    path.stay(float(noise.uniform(0.3, 3.0)))


def reach(path: Path, who: Wearer, noise: np.random.Generator) -> None:
    """One to four things are reached for, taken, put elsewhere."""
    for _ in range(int(noise.integers(1, 5))):
        scale = who.reach_m / 0.55
        point = reachable(noise.uniform((-0.3, -0.75, -0.6), (0.5, 0.1, -0.15)) * scale, who)
        fingers, palm = _HELD[int(noise.integers(len(_HELD)))]
        hand = turned(fingers, palm, noise, 25.0)
        far = float(np.linalg.norm(point - path.place))
        peak = float(noise.uniform(0.4, 1.3)) * who.pace
        bulge = noise.normal(size=3) * 0.08 * far
        path.stroke(point, max(0.3, PEAK * far / peak), hand, bulge)
        path.stay(float(noise.uniform(0.05, 0.8)))


def talk(path: Path, who: Wearer, noise: np.random.Generator) -> None:
    """Beats of a hand that talks."""
    fingers, palm = _HELD[int(noise.integers(len(_HELD)))]
    approach(path, before(who, noise), turned(fingers, palm, noise, 25.0), who, noise)
    home = path.place
    for _ in range(int(noise.integers(3, 14))):
        way = noise.normal(size=3) * (0.8, 1.2, 0.8)
        far = float(noise.uniform(0.03, 0.15))
        point = home + way / np.linalg.norm(way) * far
        hand = turned(tuple(path.hand.fingers), tuple(path.hand.palm), noise, 10.0)
        long = float(np.linalg.norm(point - path.place))
        seconds = max(float(noise.uniform(0.15, 0.45)), PEAK * long / 1.2) / who.pace
        path.stroke(reachable(point, who), seconds, hand, noise.normal(size=3) * 0.15 * far)
        if noise.random() < 0.4:
            path.stay(float(noise.uniform(0.05, 0.6)))


def swing(path: Path, who: Wearer, noise: np.random.Generator) -> None:
    """The arm hangs and swings with the step."""
    hand = turned((0.0, -1.0, -0.2), LEFT, noise, 12.0)
    shoulder = np.asarray(who.shoulder) + np.array([0.06, 0.0, 0.0])
    long = 0.95 * who.reach_m
    approach(path, shoulder - np.array([0.0, long, 0.0]), hand, who, noise)
    seconds = float(noise.uniform(2.0, 7.0))
    times = np.arange(1, round(seconds * RATE_HZ) + 1) / RATE_HZ
    rate = float(noise.uniform(0.75, 1.1)) * who.pace**0.5
    soft = np.minimum(1.0, np.minimum(times, seconds - times + 1 / RATE_HZ) / 0.5)
    wide = np.radians(float(noise.uniform(10.0, 30.0)))
    angle = soft * wide * np.sin(2.0 * np.pi * rate * times)
    # Bent a little more in front, as elbows are.
    bent = long * (1.0 - 0.1 * np.maximum(0.0, angle / wide))
    points = shoulder + np.stack(
        [np.zeros(len(times)), -bent * np.cos(angle), -bent * np.sin(angle)], axis=1
    )
    points += path.place - points[0]
    fingers = np.stack([np.zeros(len(times)), -np.cos(angle), -np.sin(angle)], axis=1)
    path.along(points, fingers, np.broadcast_to(path.hand.palm, points.shape))


def touch(path: Path, who: Wearer, noise: np.random.Generator) -> None:
    """The hand goes to the face or the headset and back."""
    place = noise.uniform((0.02, -0.15, -0.15), (0.15, 0.08, -0.05))
    approach(path, place, turned(UP, LEFT, noise, 25.0), who, noise)
    path.stay(float(noise.uniform(0.2, 1.0)))


FREE: tuple[tuple[float, Callable[[Path, Wearer, np.random.Generator], None]], ...] = (
    (0.2, rest), (0.35, reach), (0.25, talk), (0.1, swing), (0.1, touch),
)
"""How often each of them happens."""


def free(path: Path, who: Wearer, noise: np.random.Generator) -> None:
    """One of them."""
    chosen = noise.choice(len(FREE), p=[share for share, _ in FREE])
    FREE[int(chosen)][1](path, who, noise)
