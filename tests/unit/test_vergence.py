"""Where the eyes meet: against geometry, least squares and chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.gazes import Noise

from sensorium.perception.eyes.directions import unit
from sensorium.perception.eyes.vergence import Vergence, meeting

LEFT, RIGHT = (-0.0315, 1.6, 0.0), (0.0315, 1.6, 0.0)
STEP_NS = 11_111_111


def towards(eye, place):
    return unit([a - b for a, b in zip(place, eye, strict=True)])


def watch(place, noise=0.0, frames=200, left=LEFT, seed=1):
    """The depths of eyes that look at a place."""
    vergence = Vergence(1.5, 0.2)
    ways = [
        Noise(noise, seed + n).on([towards(eye, place)] * frames)
        for n, eye in enumerate((left, RIGHT))
    ]
    return [
        vergence.update(10**9 + n * STEP_NS, (left, ways[0][n]), (RIGHT, ways[1][n]))
        for n in range(frames)
    ]


@pytest.mark.parametrize("place", [(0, 1.6, -0.3), (0.2, 1.4, -0.8), (-0.5, 1.9, -2.0)])
def test_eyes_that_look_at_a_place_meet_there(place) -> None:
    found = meeting(LEFT, towards(LEFT, place), RIGHT, towards(RIGHT, place))
    assert found == pytest.approx(place, abs=1e-9)
    assert watch(place)[-1].metres == pytest.approx(math.dist(place, (0, 1.6, 0)), rel=1e-6)


@pytest.mark.parametrize("skew", [0.5, 1.2])
@pytest.mark.parametrize("depth", [0.5, 3.0, 10.0])
def test_that_one_eye_looks_higher_moves_the_depth_by_little(skew: float, depth: float) -> None:
    """The point nearest to both rays would lie at 0.8 m where the eyes look at 10 m."""
    up = depth * math.tan(math.radians(skew) / 2)
    ways = (towards(LEFT, (0, 1.6 + up, -depth)), towards(RIGHT, (0, 1.6 - up, -depth)))
    assert meeting(LEFT, ways[0], RIGHT, ways[1]) == pytest.approx((0, 1.6, -depth), rel=0.01)


@pytest.mark.parametrize(
    ("left", "right"),
    [((0, 0, -1), (0, 0, -1)), ((-0.1, 0, -1), (0.1, 0, -1)), ((0, 0.2, -1), (0, -0.2, -1))],
    ids=["parallel", "apart", "past one another"],
)
def test_rays_that_do_not_meet_have_no_depth(left, right) -> None:
    assert meeting(LEFT, unit(left), RIGHT, unit(right)) is None


@pytest.mark.parametrize("left", [(0.03, 1.6, 0.0), (-0.3, 1.6, 0.0)])
def test_eyes_at_no_distance_of_eyes_have_no_depth(left) -> None:
    assert math.isnan(watch((0, 1.6, -1.0), left=left)[-1].metres)


@pytest.mark.parametrize("depth", [0.3, 0.5])
def test_the_deviation_is_at_least_what_the_depth_deviates(depth: float) -> None:
    """It is of the rays before the filter, so the filtered depth varies less."""
    depths = watch((0, 1.6, -depth), noise=0.3, frames=900)[100:]
    deviation = float(np.median([each.deviation for each in depths]))
    # A vergence that is off by d moves the depth by depth^2 / 63 mm * d; two eyes, one axis each.
    expected = depth**2 / 0.063 * math.radians(0.3) * math.sqrt(2)
    assert deviation == pytest.approx(expected, rel=0.25)
    assert np.std([each.metres for each in depths]) < deviation


@pytest.mark.parametrize("aside", [0.0, 25.0, 45.0])
def test_eyes_that_look_aside_are_less_sure(aside: float) -> None:
    """Their base is foreshortened: by the cosine the vergence of a depth is smaller."""
    angle = math.radians(aside)
    place = (0.5 * math.sin(angle), 1.6, -0.5 * math.cos(angle))
    depths = watch(place, noise=0.1, frames=900)[100:]
    deviation = float(np.median([each.deviation for each in depths]))
    expected = 0.5**2 / (0.063 * math.cos(angle)) * math.radians(0.1) * math.sqrt(2)
    assert deviation == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize("noise", [0.3, 0.5, 1.0])
def test_what_is_too_far_to_tell_is_not_told(noise: float) -> None:
    told = [not math.isnan(each.metres) for each in watch((0, 1.6, -20.0), noise, 1000)[50:]]
    assert np.mean(told) < 0.01
