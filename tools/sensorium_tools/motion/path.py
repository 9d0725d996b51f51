"""Where a wrist goes and how its hand is turned, stroke after stroke.

Strokes have the speed of minimum jerk (T. Flash and N. Hogan, "The coordination of arm movements",
J. Neurosci. 5, 1985, p. 1688): a share 10 s^3 - 15 s^4 + 6 s^5 of the way at the share s of the
time. Rounds are ellipses walked at an even angle, whose speed follows the two-thirds power law
(F. Lacquaniti, C. Terzuolo and P. Viviani, Acta Psychologica 54, 1983, p. 115).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RATE_HZ = 240
"""Of a path's points."""
PEAK = 1.875
"""A minimum-jerk stroke's largest speed over its mean."""
MOVING = 0.0588
"""Share of its time after which such a stroke has 5 % of its largest speed: its begin, and, from
the other side, its end."""


class Turned(NamedTuple):
    """How a hand is turned: where its fingers and its palm point, right, up, back."""

    fingers: Array
    palm: Array


def turned(
    fingers: tuple[float, float, float], palm: tuple[float, float, float],
    noise: np.random.Generator, degrees: float,
) -> Turned:
    """A hand turned so, more or less.

    Args:
        fingers: Where they point.
        palm: Where it faces.
        noise: Of the difference.
        degrees: Standard deviation about each axis.
    """
    shaken = [
        np.asarray(way, float) + np.tan(np.radians(degrees)) * noise.normal(size=3) * 0.7
        for way in (fingers, palm)
    ]
    return Turned(*shaken)


class Path:
    """A path that grows at its end.

    Args:
        start: Of the wrist, from between the eyes: right, up, back of the body's front, m.
        hand: How it is turned there.
    """

    def __init__(self, start: Array, hand: Turned) -> None:
        self.place = np.asarray(start, float)
        self.hand = hand
        self._points: list[Array] = []
        self._fingers: list[Array] = []
        self._palms: list[Array] = []
        self.count = 0

    @property
    def seconds(self) -> float:
        """Its length so far."""
        return self.count / RATE_HZ

    def stay(self, seconds: float) -> None:
        """The hand rests where it is."""
        self.stroke(self.place, seconds, self.hand)

    def stroke(
        self, to: Array, seconds: float, hand: Turned, bulge: Array | None = None
    ) -> None:
        """One stroke.

        Args:
            to: Where it ends.
            seconds: How long it takes.
            hand: How the hand is turned at its end.
            bulge: How far its middle lies off the straight line, m.
        """
        share = minimum_jerk(_shares(seconds))[:, None]
        points = self.place + share * (np.asarray(to, float) - self.place)
        if bulge is not None:
            points = points + 4.0 * share * (1.0 - share) * bulge
        self._add(
            points, *((1.0 - share) * old + share * new
                      for old, new in zip(self.hand, hand, strict=True)),
        )
        self.place, self.hand = points[-1], hand

    def along(self, points: Array, fingers: Array, palms: Array) -> None:
        """Points that were made elsewhere: [n, 3] each; they begin where the path ends."""
        self._add(points, fingers, palms)
        self.place, self.hand = points[-1], Turned(fingers[-1], palms[-1])

    def whole(self) -> tuple[Array, Array, Array]:
        """Wrist, fingers and palm: [n, 3] each; the directions are unit and at right angles."""
        points, fingers, palms = (
            np.concatenate(parts) for parts in (self._points, self._fingers, self._palms)
        )
        fingers = unit(fingers)
        palms = unit(palms - (palms * fingers).sum(1, keepdims=True) * fingers)
        return points, fingers, palms

    def _add(self, points: Array, fingers: Array, palms: Array) -> None:
        self._points.append(points)
        self._fingers.append(np.broadcast_to(fingers, points.shape))
        self._palms.append(np.broadcast_to(palms, points.shape))
        self.count += len(points)


def minimum_jerk(share: Array) -> Array:
    """Share of the way at a share of the time."""
    made: Array = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
    return made


def eased(seconds: float, turns: float, ease: float) -> Array:
    """The angle of an even round that begins and ends at rest, rad: [n].

    Args:
        seconds: In all.
        turns: Of a full circle.
        ease: Share of the time in which it starts, and in which it stops.
    """
    share = _shares(seconds)
    rate = np.minimum(1.0, np.minimum(share, 1.0 - share) / ease)
    rate = minimum_jerk(np.clip(rate, 0.0, 1.0)) + 1e-9
    angle: Array = np.cumsum(rate)
    angle *= turns * 2.0 * np.pi / angle[-1]
    return angle


def unit(ways: Array) -> Array:
    """Directions of length 1."""
    made: Array = ways / np.maximum(np.linalg.norm(ways, axis=-1, keepdims=True), 1e-9)
    return made


def _shares(seconds: float) -> Array:
    count = max(2, round(seconds * RATE_HZ))
    return np.arange(1, count + 1) / count
