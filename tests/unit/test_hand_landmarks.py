from __future__ import annotations

import itertools

import numpy as np
import pytest

from sensorium.perception.hand_landmarks import (
    FROM_OPENXR,
    LANDMARKS,
    LEFT,
    RIGHT,
    landmarks,
    palm_camera,
)
from sensorium_tools import hand_poses, hands
from sensorium_tools.quaternion import multiply, turn

X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
FINGERS_UP = tuple(turn(X, 90))
"""Palm away from the wearer, as towards a camera before him."""


def seen(pose: str, side: int, orientation=FINGERS_UP, position=(0.2, 1.3, -0.4), scale=1.0):
    made = hands.hand(hand_poses.POSES[pose], side, position, tuple(orientation), scale)
    out = np.zeros((1, LANDMARKS, 3), np.float32)
    assert landmarks(made.positions.tolist(), side, out)
    return out[0]


def normalise_object(points: np.ndarray) -> np.ndarray:
    """MediaPipe's NormalizeObject, landmark by landmark, origin offset 0."""
    moved = [[float(value - origin) for value, origin in zip(point, points[0], strict=True)]
             for point in points]
    extent = [max(point[axis] for point in moved) - min(point[axis] for point in moved)
              for axis in (0, 1)]
    scale = max(extent) + 1e-5
    return np.array([[value / scale for value in point] for point in moved])


def test_the_order_is_wrist_thumb_index_middle_ring_little() -> None:
    wrist, metacarpals = 1, {6, 11, 16, 21}
    assert len(FROM_OPENXR) == LANDMARKS
    assert FROM_OPENXR[0] == wrist
    assert sorted(FROM_OPENXR) == [j for j in range(26) if j != 0 and j not in metacarpals]
    assert list(FROM_OPENXR[4::4]) == [5, 10, 15, 20, 25]


def test_a_camera_before_a_raised_right_hand_sees_it_upright() -> None:
    """The palm faces -z; the camera looks along +z, so the wearer's right is its left."""
    made = hands.hand(hand_poses.POSES["open"], RIGHT, (0.2, 1.3, -0.4), FINGERS_UP)
    right, down, view = palm_camera(made.positions.tolist(), RIGHT)
    np.testing.assert_allclose(right, [-1, 0, 0], atol=0.1)
    np.testing.assert_allclose(down, [0, -1, 0], atol=0.1)
    np.testing.assert_allclose(view, [0, 0, 1], atol=0.1)
    points = seen("open", RIGHT)
    assert (points[[8, 12, 16, 20], 1] < -0.6).all()
    assert points[4, 0] > points[20, 0]


@pytest.mark.parametrize("pose", sorted(hand_poses.POSES))
@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_the_numbers_are_those_of_normalize_object(pose: str, side: int) -> None:
    orientation = tuple(multiply(turn(Y, 30), turn(X, 70)))
    made = hands.hand(hand_poses.POSES[pose], side, (0.2, 1.3, -0.4), orientation)
    axes = np.array(palm_camera(made.positions.tolist(), side))
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(axes) == pytest.approx(1.0, abs=1e-5)
    expected = normalise_object(made.positions[list(FROM_OPENXR)] @ axes.T)
    np.testing.assert_allclose(seen(pose, side, orientation), expected, atol=2e-5)


def test_left_and_right_are_mirrored_in_the_image() -> None:
    np.testing.assert_allclose(
        seen("love", LEFT), seen("love", RIGHT) * np.float32([-1, 1, 1]), atol=1e-5
    )


def test_place_size_and_heading_do_not_matter_but_roll_does() -> None:
    base = seen("victory", RIGHT)
    for degrees in (35, 120, -80):
        turned = tuple(multiply(turn(Y, degrees), np.array(FINGERS_UP)))
        there = seen("victory", RIGHT, turned, (-1.0, 0.8, 2.0), 0.8)
        np.testing.assert_allclose(there, base, atol=1e-4)
    rolled = seen("victory", RIGHT, tuple(multiply(turn(Z, 180), np.array(FINGERS_UP))))
    np.testing.assert_allclose(rolled[:, :2], -base[:, :2], atol=1e-4)


def test_a_palm_that_looks_up_or_down_is_seen_with_the_fingers_up() -> None:
    for degrees in (0, 180):
        points = seen("open", RIGHT, tuple(turn(Z, degrees)))
        assert points[12, 1] < -0.8
        assert abs(points[12, 0]) < 0.2


def test_up_changes_smoothly_when_the_palm_turns_over() -> None:
    """From flat over a table to a palm that looks up; only fingers that point down make a jump."""
    steps = [seen("open", RIGHT, tuple(turn(X, degrees))) for degrees in np.arange(0, 180, 0.5)]
    jumps = [np.abs(b - a).max() for a, b in itertools.pairwise(steps)]
    assert max(jumps) < 0.06


def test_joints_that_span_no_hand_are_told() -> None:
    out = np.zeros((1, LANDMARKS, 3), np.float32)
    assert not landmarks(np.zeros((26, 3)).tolist(), RIGHT, out)
    assert not landmarks(np.full((26, 3), np.nan).tolist(), RIGHT, out)
    line = np.outer(np.arange(26), [0.01, 0, 0]).astype(np.float32)
    assert not landmarks(line, RIGHT, out)
