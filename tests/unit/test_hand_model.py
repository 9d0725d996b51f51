from __future__ import annotations

import numpy as np
import pytest

from sensorium_tools import hand_poses, hands
from sensorium_tools.quaternion import multiply, rotate, turn

CHAINS = {"thumb": range(2, 6), "index": range(6, 11), "middle": range(11, 16),
          "ring": range(16, 21), "little": range(21, 26)}
EVERY = sorted(hand_poses.POSES)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("side", [hand_poses.LEFT, hand_poses.RIGHT])
def test_bones_keep_their_length_and_point_along_minus_z(name: str, side: int) -> None:
    orientation = tuple(turn((0, 0, 1), 40))
    made = hands.hand(hand_poses.POSES[name], side, (0.1, 1.2, -0.3), orientation, 1.1)
    for finger, chain in CHAINS.items():
        lengths = [1.1 * length for length in hands._BONES_M[finger]]
        lengths[-1] += 1.1 * hands._SOFT_TISSUE_M[finger]
        for joint, following, length in zip(chain, chain[1:], lengths, strict=False):
            along = rotate(made.orientations[joint], np.array([0.0, 0.0, -length]))
            np.testing.assert_allclose(
                made.positions[following] - made.positions[joint], along, atol=1e-12
            )
    np.testing.assert_allclose(np.linalg.norm(made.orientations, axis=1), 1.0, atol=1e-12)


def test_a_left_hand_is_a_right_hand_in_a_mirror() -> None:
    left = hands.hand(hand_poses.POSES["victory"], hand_poses.LEFT)
    right = hands.hand(hand_poses.POSES["victory"], hand_poses.RIGHT)
    np.testing.assert_allclose(left.positions, right.positions * [-1, 1, 1])
    axis = np.array([0.3, -0.2, -0.9])
    for joint in range(hands.JOINTS):
        np.testing.assert_allclose(
            rotate(left.orientations[joint], axis * [-1, 1, 1]),
            rotate(right.orientations[joint], axis) * [-1, 1, 1],
            atol=1e-12,
        )


def test_a_flat_hand_is_as_long_as_a_hand_and_its_thumb_is_inside() -> None:
    made = hands.hand(hand_poses.POSES["open"], hand_poses.RIGHT)
    length = np.linalg.norm(made.positions[15] - made.positions[1])
    assert 0.17 < length < 0.20
    assert made.positions[5, 0] < made.positions[6, 0]


def test_a_pinch_touches_and_an_open_hand_does_not() -> None:
    def apart(name: str) -> float:
        made = hands.hand(hand_poses.POSES[name], hand_poses.RIGHT)
        return float(np.linalg.norm(made.positions[5] - made.positions[10]))

    assert apart("pinch") < 0.014
    assert apart("open") > 0.08


def test_noise_stays_within_the_anatomy() -> None:
    noise = np.random.default_rng(1)
    for _ in range(200):
        pose = hand_poses.vary(hand_poses.POSES["fist"], noise, 60.0)
        for finger in ("index", "middle", "ring", "little"):
            for part, (low, high) in hand_poses.FINGER_LIMITS.items():
                assert low <= getattr(getattr(pose, finger), part) <= high
        for part, (low, high) in hand_poses.THUMB_LIMITS.items():
            assert low <= getattr(pose.thumb, part) <= high


def test_a_blend_runs_from_one_pose_to_the_other() -> None:
    start, end = hand_poses.POSES["open"], hand_poses.POSES["fist"]
    assert hand_poses.blend(start, end, 0.0) == start
    assert hand_poses.blend(start, end, 1.0) == end
    half = hand_poses.blend(start, end, 0.5)
    assert half.index.knuckle == pytest.approx((start.index.knuckle + end.index.knuckle) / 2)


def test_quaternions_turn_as_matrices_do() -> None:
    about_x = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    about_y = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    point = np.array([0.3, -1.2, 2.0])
    both = multiply(turn((0, 1, 0), 90), turn((1, 0, 0), 90))
    np.testing.assert_allclose(rotate(both, point), about_y @ about_x @ point, atol=1e-12)
