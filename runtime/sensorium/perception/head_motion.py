"""What a head's poses say of its motion: how far it turned, how it is tilted, where its neck is.

In plain numbers, as in `hand_geometry`. Spaces are OpenXR's: y is up, -z is forward.
"""

from __future__ import annotations

import math
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Vector = tuple[float, float, float]

NECK_BACK_M, NECK_DOWN_M = 0.0805, 0.075
"""From the point between the eyes to the neck's joint, about which a head turns: LibOVR's
OVR_DEFAULT_NECK_TO_EYE_HORIZONTAL and OVR_DEFAULT_NECK_TO_EYE_VERTICAL (OVR_CAPI_Keys.h),
"default measurements empirically determined at Oculus"."""

GAP_NS = 150_000_000
"""Frames further apart do not follow one another: half a nod at 3 Hz may lie between them."""

FASTEST_DEG_S = 1200.0
"""No head turns faster: vigorous voluntary shakes reach 780 degrees/s, as the median of 20 people
(Grossman, Leigh, Abel, Lanska & Thurston, Exp. Brain Res. 70, 1988)."""
FASTEST_M_S = 3.0
"""No head is carried faster in a room; a runtime that finds its place again is."""
JUMP_DEG, JUMP_M = 5.0, 0.05
"""Smaller steps are no jump, however short the time was: times of frames jitter."""

_TINY_RAD = 0.02


class Frame(NamedTuple):
    """The head at one time.

    Attributes:
        time_ns: Capture time.
        pitch: Degrees turned about the head's own axes since the stream began, up positive. Such
            angles, a rate gyroscope's sums, have no wrap and no pole; only differences over a
            short time have a meaning.
        yaw: The same, left positive.
        roll: The same, towards the right shoulder positive.
        tilt: Degrees by which the line through the ears leans against the horizon, right ear down
            positive, -90..90.
        facing: Unit vector, forward.
        neck: The neck's joint, m; None: no position is tracked.
    """

    time_ns: int
    pitch: float
    yaw: float
    roll: float
    tilt: float
    facing: Vector
    neck: Vector | None


class Flow(Enum):
    """How a pose follows the one before."""

    FIRST = auto()
    """There is none before, or it was forgotten."""
    NEXT = auto()
    SAME = auto()
    """Of the same time: it is the same one, and says nothing new."""
    BROKEN = auto()
    """The time went back, there was a gap, or the pose jumped."""


class HeadMotion:
    """Turns poses into frames.

    Attributes:
        frame: The newest one.
    """

    def __init__(self) -> None:
        self.frame = Frame(0, 0.0, 0.0, 0.0, 0.0, (0.0, 0.0, -1.0), None)
        self._before: tuple[float, float, float, float] | None = None

    def update(
        self, time_ns: int, orientation: Sequence[float], position: Sequence[float] | None
    ) -> Flow:
        """Takes a pose.

        Args:
            time_ns: Capture time.
            orientation: Unit quaternion xyzw.
            position: m; None: it is not tracked.

        Returns:
            How it follows; of BROKEN and FIRST the frame begins anew.
        """
        x, y, z, w = orientation
        last, before = self.frame, self._before
        dt_ns = time_ns - last.time_ns
        if before is not None and dt_ns == 0:
            return Flow.SAME
        neck = _neck(x, y, z, w, position) if position is not None else None
        pitch = yaw = roll = 0.0
        flow = Flow.FIRST
        if before is not None:
            turned = _turned(before, (x, y, z, w))
            flow = _flow(dt_ns, turned, last.neck, neck)
            if flow is Flow.NEXT:
                pitch, yaw = last.pitch + turned[0], last.yaw + turned[1]
                roll = last.roll - turned[2]
        self._before = (x, y, z, w)
        ear = min(max(2.0 * (x * y + w * z), -1.0), 1.0)
        self.frame = Frame(
            time_ns, pitch, yaw, roll, -math.degrees(math.asin(ear)),
            (-2.0 * (x * z + w * y), 2.0 * (w * x - y * z), 2.0 * (x * x + y * y) - 1.0), neck,
        )
        return flow

    def forget(self) -> None:
        """What comes next does not follow."""
        self._before = None


def _flow(dt_ns: int, turned: Vector, before: Vector | None, neck: Vector | None) -> Flow:
    if not 0 < dt_ns <= GAP_NS:
        return Flow.BROKEN
    seconds = dt_ns / 1e9
    step_deg = math.hypot(*turned)
    if step_deg > JUMP_DEG and step_deg > FASTEST_DEG_S * seconds:
        return Flow.BROKEN
    if neck is not None and before is not None:
        step_m = math.dist(neck, before)
        if step_m > JUMP_M and step_m > FASTEST_M_S * seconds:
            return Flow.BROKEN
    return Flow.NEXT


def _turned(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> Vector:
    """Rotation vector from orientation `a` to `b` about `a`'s own axes, degrees."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    w = aw * bw + ax * bx + ay * by + az * bz
    x = aw * bx - ax * bw - ay * bz + az * by
    y = aw * by + ax * bz - ay * bw - az * bx
    z = aw * bz - ax * by + ay * bx - az * bw
    sine = math.sqrt(x * x + y * y + z * z)
    scale = 2.0 if sine < _TINY_RAD else 2.0 * math.asin(min(sine, 1.0)) / sine
    scale = math.degrees(scale if w >= 0.0 else -scale)
    return (x * scale, y * scale, z * scale)


def _neck(
    x: float, y: float, z: float, w: float, position: Sequence[float]
) -> Vector:
    """The neck's joint: behind and below the eyes along the head's own axes."""
    px, py, pz = position
    up_x, up_y, up_z = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
    back_x, back_y, back_z = (
        2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)
    )
    return (
        px - NECK_DOWN_M * up_x + NECK_BACK_M * back_x,
        py - NECK_DOWN_M * up_y + NECK_BACK_M * back_y,
        pz - NECK_DOWN_M * up_z + NECK_BACK_M * back_z,
    )
