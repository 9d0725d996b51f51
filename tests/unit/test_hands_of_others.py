"""Hands that this project did not make show what their makers say they show."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import iwer_hands

from sensorium.perception.hand_shapes import shapes
from sensorium.records.hands import SHAPES

SURE, SURELY_NOT = 0.9, 0.1


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize(("name", "shape"), iwer_hands.POSES.items())
def test_a_pose_of_iwer_is_the_shape_that_its_name_says(
    name: str, shape: str, left: bool
) -> None:
    scores = dict(zip(SHAPES, shapes(iwer_hands.pose(name, left=left).tolist()), strict=True))
    shown = scores.pop(shape, None)
    assert shown is None or shown >= SURE, scores
    assert max(scores.values()) <= SURELY_NOT, scores


def test_the_joints_of_iwer_are_openxr_s() -> None:
    """Bones of a hand: no joint is further than a metacarpal from the one before it."""
    joints = iwer_hands.pose("relaxed", left=True)
    for first, last in ((2, 5), (6, 10), (11, 15), (16, 20), (21, 25)):
        bones = np.linalg.norm(np.diff(joints[[1, *range(first, last + 1)]], axis=0), axis=1)
        assert bones.min() > 0.005, bones
        assert bones.max() < 0.08, bones
