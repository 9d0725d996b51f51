from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from sensorium.perception import hand_geometry as geometry
from sensorium_tools import hand_poses, hands
from sensorium_tools.quaternion import turn


def joints(
    pose: hand_poses.HandPose, side: int = hand_poses.RIGHT, **where
) -> list[list[float]]:
    return hands.hand(pose, side, **where).positions.tolist()


@pytest.mark.parametrize("side", [hand_poses.LEFT, hand_poses.RIGHT])
def test_named_poses(side: int) -> None:
    def measured(name: str) -> tuple[list[float], float]:
        points = joints(hand_poses.POSES[name], side, scale=0.85)
        return list(geometry.pinches(points)), geometry.grab(points)

    assert measured("pinch")[0][0] > 0.95
    assert measured("open") == ([0.0] * 4, 0.0)
    assert measured("fist")[1] == 1.0
    assert measured("thumb")[1] == 1.0
    assert 0.2 < measured("rest")[1] < 0.4
    assert measured("point")[1] == pytest.approx(0.75)


@pytest.mark.parametrize("bend", [50.0, 90.0, 125.0, 170.0, 200.0])
def test_grab_is_the_sum_of_the_bends(bend: float) -> None:
    finger = hand_poses.Finger(knuckle=bend * 0.4, middle=bend * 0.4, end=bend * 0.2)
    fingers = dict.fromkeys(("index", "middle", "ring", "little"), finger)
    pose = replace(hand_poses.POSES["open"], **fingers)
    assert geometry.grab(joints(pose)) == pytest.approx((bend - 50.0) / 150.0, abs=1e-3)


def test_neither_place_nor_size_matters() -> None:
    base = joints(hand_poses.POSES["pinch"])
    moved = joints(
        hand_poses.POSES["pinch"],
        position=(3.0, 1.0, -2.0),
        orientation=tuple(turn((0, 1, 0), 77)),
        scale=1.2,
    )
    np.testing.assert_allclose(geometry.pinches(moved), geometry.pinches(base), atol=1e-3)
    assert geometry.grab(moved) == pytest.approx(geometry.grab(base), abs=1e-3)


def test_a_pinch_grows_as_the_tips_come_together() -> None:
    apart, touching = hand_poses.POSES["open"], hand_poses.POSES["pinch"]
    strengths = [
        float(geometry.pinches(joints(hand_poses.blend(apart, touching, share)))[0])
        for share in np.linspace(0, 1, 21)
    ]
    assert strengths[0] == 0.0
    assert all(later >= earlier for earlier, later in itertools.pairwise(strengths))


def test_joints_in_one_point_give_numbers() -> None:
    same = np.zeros((26, 3), np.float32)
    assert np.isfinite(geometry.pinches(same)).all()
    assert 0.0 <= geometry.grab(same) <= 1.0
