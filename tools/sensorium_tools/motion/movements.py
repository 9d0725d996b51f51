"""The movements that are to be known, as a right hand makes them.

What is published about speed and form stands in `path`; how large and how fast people make these
gestures is set by eye: peaks of 1.1 to 2.8 m/s over 0.2 to 0.45 m, waves of 1.3 to 2.8 Hz.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.motion.path import MOVING, PEAK, Path, Turned, eased, turned

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sensorium_tools.motion.wearer import Wearer

    Array = NDArray[np.float64]

LOOSE_DEG = 18.0
"""How differently the hand is turned in the same movement."""
LEFT, RIGHT, UP, DOWN = (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, -1.0, 0.0)
AHEAD, BACK = (0.0, 0.0, -1.0), (0.0, 0.0, 1.0)
UPWARD = (0.0, 0.7, -0.7)

_SWIPES: dict[str, tuple[tuple[float, float, float], tuple[tuple[float, float, float], ...]]] = {
    "swipe_left": (LEFT, (LEFT, LEFT, DOWN)),
    "swipe_right": (RIGHT, (LEFT, RIGHT, DOWN)),
    "swipe_up": (UP, (UP, UP, AHEAD)),
    "swipe_down": (DOWN, (DOWN, DOWN, AHEAD)),
}
"""Direction, and where the palm may face."""


def reachable(point: Array, who: Wearer, share: float = 0.95) -> Array:
    """The point, or where the straight arm towards it ends."""
    shoulder = np.asarray(who.shoulder)
    way = point - shoulder
    far = float(np.linalg.norm(way))
    most = share * who.reach_m
    made: Array = point if far <= most else shoulder + way * (most / far)
    return made


def before(who: Wearer, noise: np.random.Generator) -> Array:
    """A place in front of the chest."""
    scale = who.reach_m / 0.55
    drawn = noise.uniform((-0.08, -0.48, -0.42), (0.32, -0.12, -0.22))
    return reachable(drawn * scale, who)


def approach(path: Path, to: Array, hand: Turned, who: Wearer, noise: np.random.Generator) -> None:
    """The hand is brought to where a movement begins, as unhurried reaching does."""
    far = float(np.linalg.norm(to - path.place))
    peak = float(noise.uniform(0.5, 1.0)) * who.pace
    path.stroke(to, max(0.35, PEAK * far / peak), hand, noise.normal(size=3) * 0.08 * far)
    if noise.random() < 0.6:
        path.stay(float(noise.uniform(0.05, 0.4)))


def swipe(path: Path, name: str, who: Wearer, noise: np.random.Generator) -> tuple[float, float]:
    """A stroke of the open hand in one direction; its begin and end, s."""
    way, palms = _SWIPES[name]
    palm = palms[int(noise.integers(len(palms)))]
    hand = turned(UPWARD if palm != DOWN else AHEAD, palm, noise, LOOSE_DEG)
    direction = _off(np.asarray(way), noise, 12.0)
    start, end = _span(before(who, noise), direction, noise.uniform(0.22, 0.45), who)
    approach(path, start, hand, who, noise)
    after = turned(tuple(hand.fingers), tuple(hand.palm), noise, 8.0)
    return _stroke(path, end, after, noise.uniform(1.2, 2.8), 0.12, who, noise)


def push(path: Path, name: str, who: Wearer, noise: np.random.Generator) -> tuple[float, float]:
    """The open palm is pushed away."""
    hand = turned((0.0, 0.95, -0.3), AHEAD, noise, LOOSE_DEG)
    direction = _off(np.asarray(AHEAD), noise, 12.0)
    start, end = _span(before(who, noise), direction, noise.uniform(0.2, 0.38), who)
    approach(path, start, hand, who, noise)
    return _stroke(path, end, hand, noise.uniform(1.0, 2.2), 0.06, who, noise)


def pull(path: Path, name: str, who: Wearer, noise: np.random.Generator) -> tuple[float, float]:
    """The hand, its palm to the wearer or up, is drawn to the body."""
    palm = (UP, BACK, LEFT)[int(noise.integers(3))]
    hand = turned(AHEAD if palm != BACK else (0.0, 0.95, 0.0), palm, noise, LOOSE_DEG)
    direction = _off(np.asarray(BACK), noise, 12.0)
    start, end = _span(before(who, noise), direction, noise.uniform(0.2, 0.38), who)
    approach(path, start, hand, who, noise)
    return _stroke(path, end, hand, noise.uniform(1.0, 2.2), 0.06, who, noise)


def wave(path: Path, name: str, who: Wearer, noise: np.random.Generator) -> tuple[float, float]:
    """The raised hand sways from side to side about the elbow, two to five times."""
    hand = turned(UP, AHEAD, noise, LOOSE_DEG)
    place = np.asarray(who.shoulder) + noise.uniform((-0.12, -0.1, -0.42), (0.2, 0.2, -0.2))
    approach(path, reachable(place, who), hand, who, noise)
    cycles = float(noise.integers(4, 11)) / 2.0
    rate = float(noise.uniform(1.3, 2.8)) * who.pace
    seconds = cycles / rate
    angle = eased(seconds, cycles, min(0.4, 0.15 / seconds))
    sway = np.radians(noise.uniform(12.0, 30.0)) * np.sin(angle) * np.sign(noise.normal())
    side = np.stack([np.sin(sway), np.cos(sway) - 1.0, np.zeros(len(sway))], axis=1)
    tilt = float(noise.uniform(1.0, 1.6)) * sway[:, None]
    fingers = path.hand.fingers * np.cos(tilt) + np.asarray(RIGHT) * np.sin(tilt)
    begin = path.seconds
    path.along(
        path.place + who.forearm_m * side, fingers, np.broadcast_to(path.hand.palm, fingers.shape)
    )
    return begin, path.seconds


def circle(path: Path, name: str, who: Wearer, noise: np.random.Generator) -> tuple[float, float]:
    """A round in the plane before the wearer, one to two times."""
    palm = (AHEAD, DOWN, LEFT)[int(noise.integers(3))]
    hand = turned(UPWARD if palm == AHEAD else AHEAD, palm, noise, LOOSE_DEG)
    radius = float(noise.uniform(0.07, 0.17)) * who.reach_m / 0.55
    turns = float(noise.choice((1.0, 1.25, 1.5, 2.0)))
    seconds = turns * float(noise.uniform(0.6, 1.2)) / who.pace
    approach(path, reachable(before(who, noise), who, 0.8), hand, who, noise)
    angle = eased(seconds, turns, min(0.3, 0.12 / seconds)) * np.sign(noise.normal())
    first = float(noise.uniform(0.0, 2.0 * np.pi))
    wide, high = radius, radius * float(noise.uniform(0.7, 1.0))
    across, up = _off(np.asarray(RIGHT), noise, 15.0), _off(np.asarray(UP), noise, 15.0)
    round_ = (
        wide * (np.cos(first + angle) - np.cos(first))[:, None] * across
        + high * (np.sin(first + angle) - np.sin(first))[:, None] * up
    )
    begin = path.seconds
    still = np.ones((len(angle), 1))
    path.along(path.place + round_, still * path.hand.fingers, still * path.hand.palm)
    return begin, path.seconds


MAKERS: dict[str, Callable[[Path, str, Wearer, np.random.Generator], tuple[float, float]]] = {
    **dict.fromkeys(_SWIPES, swipe), "wave": wave, "push": push, "pull": pull, "circle": circle,
}
"""Movement to what makes it: it lengthens a path, and returns begin and end of the movement, s."""


def _stroke(
    path: Path, end: Array, hand: Turned, peak: float, bulge: float, who: Wearer,
    noise: np.random.Generator,
) -> tuple[float, float]:
    far = float(np.linalg.norm(end - path.place))
    seconds = max(0.12, PEAK * far / (float(peak) * who.pace))
    begin = path.seconds
    path.stroke(end, seconds, hand, noise.normal(size=3) * bulge * far)
    return begin + MOVING * seconds, begin + (1.0 - MOVING) * seconds


def _span(middle: Array, way: Array, far: float, who: Wearer) -> tuple[Array, Array]:
    """Start and end of a stroke about a place, within the arm's reach."""
    half = 0.5 * float(far) * who.reach_m / 0.55 * way
    # Both ends are moved alike, so that the stroke keeps its direction.
    start, end = middle - half, middle + half
    for point in (start, end):
        moved = reachable(point, who) - point
        start, end = start + moved, end + moved
    return start, end


def _off(way: Array, noise: np.random.Generator, degrees: float) -> Array:
    made = way + np.tan(np.radians(degrees)) * noise.normal(size=3) * 0.7
    return np.asarray(made / np.linalg.norm(made))


