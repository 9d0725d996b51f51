"""Made motion against what is published of it: limbs, strokes, rounds, tremor, frames."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium_tools.hand_poses import RIGHT
from sensorium_tools.motion.free import FREE
from sensorium_tools.motion.movements import MAKERS, reachable
from sensorium_tools.motion.path import (
    MOVING,
    PEAK,
    RATE_HZ,
    Path,
    Turned,
    eased,
    minimum_jerk,
    turned,
)
from sensorium_tools.motion.take import TakeOptions, take
from sensorium_tools.motion.wearer import WearerOptions, wearer

AHEAD = Turned(np.array([0.0, 0.0, -1.0]), np.array([0.0, -1.0, 0.0]))


def average() -> object:
    options = WearerOptions(height_m=(1.75, 1.75), proportion=0.0, pace=(1.0, 1.0))
    return wearer(options, np.random.default_rng(0))


def test_limbs_are_the_published_shares_of_the_height() -> None:
    """Drillis and Contini: upper arm .186, forearm .146, half the shoulders .129 of the height."""
    who = average()
    assert who.reach_m == pytest.approx((0.186 + 0.146) * 1.75)
    assert who.forearm_m == pytest.approx(0.146 * 1.75)
    assert who.shoulder[0] == pytest.approx(0.129 * 1.75)
    assert who.eyes_m + who.shoulder[1] == pytest.approx(0.818 * 1.75)
    assert who.hand_scale * 0.19 == pytest.approx(0.108 * 1.75)


def test_a_stroke_has_minimum_jerk() -> None:
    """The sixth derivative is 0 (Flash and Hogan's equation of motion), both ends are at rest."""
    share = np.linspace(0, 1, 13)
    fitted = np.polynomial.Polynomial.fit(share, minimum_jerk(share), 9, domain=[0, 1])
    coefficients = fitted.convert().coef
    assert np.allclose(coefficients, [0, 0, 0, 10, -15, 6, 0, 0, 0, 0], atol=1e-6)
    path = Path(np.zeros(3), AHEAD)
    path.stroke(np.array([0.3, 0.0, 0.0]), 0.5, AHEAD)
    speed = np.diff(path.whole()[0][:, 0]) * RATE_HZ
    assert speed.max() == pytest.approx(PEAK * 0.3 / 0.5, rel=0.01)
    moving = np.flatnonzero(speed >= 0.05 * speed.max())
    assert moving[0] / len(speed) == pytest.approx(MOVING, abs=0.02)
    assert 1 - moving[-1] / len(speed) == pytest.approx(MOVING, abs=0.02)


def test_a_round_follows_the_two_thirds_power_law() -> None:
    """The speed goes with the curvature to the power of minus a third."""
    angle = eased(2.0, 2.0, 0.1)[150:-150]
    rate = np.diff(angle)
    assert np.allclose(rate, rate.mean(), rtol=1e-6)
    x, y = 0.2 * np.cos(angle), 0.1 * np.sin(angle)
    dx, dy = np.gradient(x), np.gradient(y)
    curvature = np.abs(dx * np.gradient(dy) - dy * np.gradient(dx)) / np.hypot(dx, dy) ** 3
    inner = slice(3, -3)
    slope = np.polyfit(np.log(curvature[inner]), np.log(np.hypot(dx, dy)[inner]), 1)[0]
    assert slope == pytest.approx(-1 / 3, abs=0.01)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_each_movement_stays_within_reach_and_goes_its_way(name: str) -> None:
    noise = np.random.default_rng(3)
    who = average()
    ways = {"left": (0, -1), "right": (0, 1), "up": (1, 1), "down": (1, -1), "push": (2, -1),
            "pull": (2, 1)}
    for _ in range(10):
        path = Path(np.array([0.2, -0.8, 0.0]), AHEAD)
        begin, end = MAKERS[name](path, name, who, noise)
        points = path.whole()[0]
        assert 0.1 < end - begin < 5.0
        assert end <= path.seconds + 1e-9
        far = np.linalg.norm(points - np.asarray(who.shoulder), axis=1)
        assert far.max() < who.reach_m * 1.25
        moved = points[round(end * RATE_HZ) - 1] - points[round(begin * RATE_HZ)]
        axis, sign = ways.get(name.rpartition("_")[2], (None, 0))
        if axis is not None:
            assert moved[axis] * sign > 0.7 * np.linalg.norm(moved)
            assert np.linalg.norm(moved) > 0.12


def test_what_cannot_be_reached_is_brought_near() -> None:
    who = average()
    point = reachable(np.array([0.0, 0.0, -5.0]), who)
    assert np.linalg.norm(point - np.asarray(who.shoulder)) == pytest.approx(0.95 * who.reach_m)
    near = np.array([0.1, -0.3, -0.3])
    assert np.array_equal(reachable(near, who), near)


def test_free_motion_is_all_that_is_promised() -> None:
    assert sum(share for share, _ in FREE) == pytest.approx(1.0)
    noise = np.random.default_rng(4)
    who = average()
    for _, act in FREE:
        path = Path(np.array([0.2, -0.8, 0.0]), AHEAD)
        act(path, who, noise)
        points = path.whole()[0]
        speed = np.linalg.norm(np.diff(points, axis=0), axis=1) * RATE_HZ
        assert path.seconds > 0.3
        assert speed.max() < 2.6


def test_a_hand_is_turned_about_as_asked() -> None:
    noise = np.random.default_rng(5)
    shaken = [turned((0, 1, 0), (0, 0, -1), noise, 18.0).fingers for _ in range(500)]
    off = [np.degrees(np.arccos(way[1] / np.linalg.norm(way))) for way in shaken]
    assert 10 < np.mean(off) < 25


@pytest.mark.parametrize("rate_hz", [30, 90, 144])
def test_a_take_is_seen_as_badly_as_it_says(rate_hz: int) -> None:
    options = TakeOptions(seconds=6.0, noise_mm=(2.0, 2.0), drops=0.02, walking_share=0.0)
    one = take(options, np.random.default_rng(6), rate_hz)
    again = take(options, np.random.default_rng(6), rate_hz)
    assert np.array_equal(one.joints, again.joints)
    spans = np.diff(one.times_ns) / 1e9
    assert spans.min() > 0
    assert np.median(spans) == pytest.approx(1 / rate_hz, rel=0.05)
    lost = 1 - len(spans) / ((one.times_ns[-1] - one.times_ns[0]) / 1e9 * rate_hz)
    assert lost < 0.12
    # Bones keep their length but for the noise of two joints.
    bones = np.linalg.norm(one.joints[:, 12] - one.joints[:, 1], axis=1)
    assert bones.std() == pytest.approx(0.002 * np.sqrt(2), rel=0.25)
    assert np.allclose(np.linalg.norm(one.turns, axis=1), 1.0)


def test_a_right_hands_palm_faces_where_it_is_said_to() -> None:
    options = TakeOptions(
        seconds=4.0, noise_mm=(0.0, 0.0), drops=0.0, walking_share=0.0, tremor_mm=(0.0, 0.0)
    )
    for seed in range(8):
        one = take(options, np.random.default_rng(seed), 60)
        if one.side == RIGHT:
            break
    hand = one.joints[0]
    across = np.cross(hand[7] - hand[1], hand[22] - hand[1])
    # Out of the palm, as the thumb's tip of an open hand is of the knuckles' plane.
    assert across @ (hand[5] - hand[1]) > 0
