"""The embedding of a hand: what changes it, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception.hand_embedding import WIDTH, embed
from sensorium_tools.hand_poses import LEFT, POSES, RIGHT
from sensorium_tools.hands import hand
from sensorium_tools.quaternion import multiply, turn

STRAIGHT, BONES = 4, 3


def of(name: str, side: int = RIGHT, **placed) -> np.ndarray:
    return np.array(embed(hand(POSES[name], side, **placed).positions.tolist(), side))


def test_each_bone_is_a_direction_in_the_palms_axes() -> None:
    made = of("open").reshape(5, BONES, 3)
    np.testing.assert_allclose(np.linalg.norm(made, axis=2), 1.0)
    assert made.size == WIDTH
    # Straight fingers point ahead; the thumb lies to the side at which the index finger is.
    assert (made[1:, :, 2] > 0.8).all()
    across = made[:, 0, 0]
    assert np.sign(across[0]) == np.sign(across[1] - across[4])


def test_it_is_the_flexion_of_a_bone() -> None:
    """A finger bent by its knuckle, middle and end points so far out of the palm's plane."""
    pose = POSES["fist"]
    made = np.array(embed(hand(pose, RIGHT).positions.tolist(), RIGHT)).reshape(5, BONES, 3)
    middle = pose.middle
    bends = np.cumsum([middle.knuckle, middle.middle, middle.end])
    angles = np.degrees(np.arctan2(np.abs(made[2, :, 1]), made[2, :, 2]))
    wanted = np.where(bends > 180.0, 360.0 - bends, bends)
    np.testing.assert_allclose(angles, wanted, atol=4.0)


@pytest.mark.parametrize("name", ["rest", "victory", "fist", "pinch"])
def test_size_place_turn_and_side_change_nothing(name: str) -> None:
    wanted = of(name)
    turned = multiply(turn((0.3, 0.8, 0.5), 130.0), turn((1.0, 0.0, 0.0), -70.0))
    for side in (LEFT, RIGHT):
        for placed in (
            {"scale": 0.7}, {"position": (3.0, -1.0, 8.0)},
            {"orientation": tuple(turned / np.linalg.norm(turned))},
        ):
            np.testing.assert_allclose(of(name, side, **placed), wanted, atol=1e-9)


def test_joints_in_one_point_are_numbers() -> None:
    assert embed([[0.1, 0.2, 0.3]] * 26, RIGHT) == [0.0] * WIDTH
