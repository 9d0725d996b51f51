"""OpenXR's 26 hand joints as MediaPipe's 21 landmarks, seen by a camera that faces the palm.

What the gesture model expects, read in MediaPipe's source (github.com/google-ai-edge/mediapipe)
and in the model's graph:

- Order: wrist; thumb CMC, MCP, IP, tip; then MCP, PIP, DIP, tip of index, middle, ring and little
  finger (mediapipe/python/solutions/hands.py, HandLandmark). OpenXR's thumb_metacarpal joint is
  the CMC, its proximal joints are the MCPs; the palm and four finger metacarpals have no landmark.
- Axes: x right and y down in the upright image, z away from the camera in about x's scale
  (mediapipe/framework/formats/landmark.proto, NormalizedLandmark).
- Aspect ratio is undone, the image's rotation is undone (`norm_rect` is that of the whole image:
  0), the wrist becomes the origin, and x, y, z are divided by the larger extent of x and y + 1e-5
  (mediapipe/tasks/cc/vision/gesture_recognizer/calculators/landmarks_to_matrix_calculator.cc,
  NormalizeLandmarkAspectRatio, RotateLandmarks, NormalizeObject; options in
  hand_gesture_recognizer_graph.cc, BuildGestureRecognizerGraph: origin offset 0). So up in the
  image must be up in the world: thumbs up and down differ by nothing else.
- Handedness is the probability of "Left" (handedness_to_matrix_calculator.cc,
  HandednessToMatrix; handedness_util.cc, GetLeftHandScore).
- The graph (gesture_embedder.tflite) adds f(hand, handedness) and f(hand mirrored in x,
  1 - handedness); it centres `hand` on the mean of landmarks 0, 1, 5, 9, 13, 17 and scales it
  again; `world_hand` is an input that no operator reads.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.perception.hand_geometry import Points

Vector = tuple[float, float, float]

LANDMARKS = 21
LEFT, RIGHT = 1, 2

FROM_OPENXR = (*range(1, 6), *range(7, 11), *range(12, 16), *range(17, 21), *range(22, 26))
"""Index of the OpenXR joint of each landmark."""

WRIST, INDEX_PROXIMAL, MIDDLE_PROXIMAL, LITTLE_PROXIMAL = 1, 7, 12, 22

_MATRIX = struct.Struct(f"={3 * LANDMARKS}f")
_EPSILON = 1e-5
"""NormalizeObject's."""

_UP_NONE, _UP_FULL = 0.25, 0.5
"""Sine of the angle between the view and the vertical: below the first, the image's up is where
the fingers point; above the second, where the world's up is; between, a mixture of both."""


def palm_camera(points: Points, side: int) -> tuple[Vector, Vector, Vector]:
    """The axes of an upright camera that looks straight at the palm.

    The view runs against the palm's normal, which is the cross product of the lines from the
    wrist to the index and to the little finger's knuckle. Up in the image is the world's up (+y)
    projected into it. Seen from above or below there is no such direction: up is then the
    direction of the fingers, with a smooth change between the two, unless the fingers point
    down: then the image turns over at once where the mixture is half and half.

    Args:
        points: OpenXR's 26 joints, m, in a space whose y is up.
        side: 1 left, 2 right.

    Returns:
        The image's right, its down and the view's direction, in that space; unit length. All
        zeros where the joints do not span a palm.
    """
    ax, ay, az = _line(points, INDEX_PROXIMAL)
    bx, by, bz = _line(points, LITTLE_PROXIMAL)
    # The view is minus the normal; a left hand's normal has the other sign.
    sign = 1.0 if side == LEFT else -1.0
    vx, vy, vz = sign * (ay * bz - az * by), sign * (az * bx - ax * bz), sign * (ax * by - ay * bx)
    length = (vx * vx + vy * vy + vz * vz) ** 0.5
    if length < _EPSILON * _EPSILON:
        nothing = (0.0, 0.0, 0.0)
        return nothing, nothing, nothing
    vx, vy, vz = vx / length, vy / length, vz / length
    ux, uy, uz = -vy * vx, max(1.0 - vy * vy, 0.0), -vy * vz
    upright = uy**0.5
    if upright < _UP_FULL:
        fx, fy, fz = _fingers(points, (vx, vy, vz))
        share = min(1.0, max(0.0, (upright - _UP_NONE) / (_UP_FULL - _UP_NONE)))
        keep = share / max(upright, _EPSILON)
        rest = 1.0 - share
        ux, uy, uz = keep * ux + rest * fx, keep * uy + rest * fy, keep * uz + rest * fz
        upright = (ux * ux + uy * uy + uz * uz) ** 0.5
        if upright < _EPSILON:
            ux, uy, uz, upright = fx, fy, fz, 1.0
    ux, uy, uz = ux / upright, uy / upright, uz / upright
    return (
        (vy * uz - vz * uy, vz * ux - vx * uz, vx * uy - vy * ux),
        (-ux, -uy, -uz),
        (vx, vy, vz),
    )


def landmarks(points: Points, side: int, out: NDArray[np.float32]) -> bool:
    """MediaPipe's landmarks of a hand, normalised as NormalizeObject does.

    Args:
        points: OpenXR's 26 joints, m, in a space whose y is up.
        side: 1 left, 2 right.
        out: (1, 21, 3), contiguous, written: x right, y down, z away from the camera; the wrist
            is 0.

    Returns:
        False where the joints do not span a hand; `out` is then not meaningful.
    """
    (rx, ry, rz), (dx, dy, dz), (vx, vy, vz) = palm_camera(points, side)
    wx, wy, wz = points[WRIST]
    seen: list[float] = []
    for joint in FROM_OPENXR:
        x, y, z = points[joint]
        x, y, z = x - wx, y - wy, z - wz
        seen += (rx * x + ry * y + rz * z, dx * x + dy * y + dz * z, vx * x + vy * y + vz * z)
    right, down = seen[::3], seen[1::3]
    extent = max(max(right) - min(right), max(down) - min(down))
    scale = 1.0 / (extent + _EPSILON)
    _MATRIX.pack_into(out.data, 0, *[value * scale for value in seen])
    return extent > _EPSILON and math.isfinite(sum(seen))


def _line(points: Points, joint: int) -> Vector:
    """From the wrist to a joint."""
    x, y, z = points[joint]
    wx, wy, wz = points[WRIST]
    return x - wx, y - wy, z - wz


def _fingers(points: Points, view: Vector) -> Vector:
    """Unit vector from the wrist to the middle finger's knuckle, within the image."""
    x, y, z = _line(points, MIDDLE_PROXIMAL)
    vx, vy, vz = view
    depth = x * vx + y * vy + z * vz
    x, y, z = x - depth * vx, y - depth * vy, z - depth * vz
    length = max((x * x + y * y + z * z) ** 0.5, _EPSILON * _EPSILON)
    return x / length, y / length, z / length
