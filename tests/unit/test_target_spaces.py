"""One space through recentres: found from the head's poses, whenever the runtime tells of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.looking import FRAME_NS, turned

from sensorium.perception.targets.spaces import WAIT_NS, Spaces, Turn
from sensorium_tools.quaternion import multiply, rotate, turn

UP = (0.0, 1.0, 0.0)
START_NS = 1_000_000_000


class Recentre:
    """Where a space lies after a recentre: turned by degrees about the vertical, and moved."""

    def __init__(self, degrees: float, move: tuple[float, float, float]) -> None:
        self.quaternion = turn(UP, degrees)
        self.move = np.array(move)

    def pose(self, position: np.ndarray, orientation: np.ndarray) -> tuple:
        """A pose in the new space."""
        back = self.quaternion * (-1, -1, -1, 1)
        return (
            tuple(rotate(back, position - self.move).tolist()),
            multiply(back, orientation).tolist(),
        )

    def back(self, point: np.ndarray) -> np.ndarray:
        """A point of the new space in the old one."""
        return rotate(self.quaternion, point) + self.move


def walk(
    spaces: Spaces, frames: range, told: int, recentre: Recentre | None = None, moved: int = 0
) -> None:
    """A head that turns by 100 degrees a second, nods and walks by 1 m/s.

    Args:
        spaces: Which follow it.
        frames: Their numbers.
        told: The frame from which on the runtime names generation 2.
        recentre: What happens.
        moved: The frame from which on the poses are in the new space.
    """
    for frame in frames:
        at_s = frame / 90
        position = np.array((0.3 + at_s, 1.6 + 0.02 * math.sin(9 * at_s), -at_s))
        yaw, pitch = math.radians(100) * at_s, 0.3 * math.sin(5 * at_s)
        orientation = np.array(turned((
            -math.sin(yaw) * math.cos(pitch), math.sin(pitch), -math.cos(yaw) * math.cos(pitch)
        )))
        pose = tuple(position.tolist()), orientation.tolist()
        if recentre is not None and frame >= moved:
            pose = recentre.pose(position, orientation)
        spaces.follow(START_NS + frame * FRAME_NS, 2 if frame >= told else 1, *pose)


def test_turns_are_rotations_about_the_vertical() -> None:
    angle, move = math.radians(40), (1.0, 2.0, 3.0)
    first = Turn(math.cos(angle), math.sin(angle), move)
    point = np.array((0.4, 0.5, 0.6))
    expected = rotate(turn(UP, 40), point) + move
    assert first.point(point.tolist()) == pytest.approx(expected.tolist())
    assert first.direction(point.tolist()) == pytest.approx((expected - move).tolist())
    second = Turn(math.cos(-1), math.sin(-1), (0.0, -1.0, 5.0))
    both = second.after(first)
    assert both.point(point.tolist()) == pytest.approx(second.point(first.point(point.tolist())))


@pytest.mark.parametrize("late", [0, 1, 4])
@pytest.mark.parametrize(
    ("degrees", "move"), [(90, (1, 0, 2)), (-170, (0, -1.6, 0)), (0, (0.5, 0, 0)), (25, (0, 0, 0))]
)
def test_a_recentre_is_found_from_a_head_that_moves_on(
    late: int, degrees: float, move: tuple[float, float, float]
) -> None:
    """Within 4 mm at 1 m and 0.2 degrees; the runtime tells of it up to 4 frames after."""
    spaces, recentre = Spaces(), Recentre(degrees, move)
    walk(spaces, range(60), 40 + late, recentre, 40)
    found = spaces.into_first(2)
    assert found is not None
    assert spaces.epoch == 1
    assert spaces.settled
    ahead = np.array((0.0, 0.0, -1.0))
    angle = math.degrees(math.acos(min(1.0, float(
        np.array(found.direction(ahead.tolist())) @ rotate(recentre.quaternion, ahead)
    ))))
    assert angle < 0.2
    position, _ = recentre.pose(np.array((0.3, 1.6, 0.0)), np.array((0, 0, 0, 1.0)))
    off = math.dist(found.point(position), recentre.back(np.array(position)).tolist())
    assert off < 0.01


def test_what_is_jumped_to_waits_until_it_is_said_why() -> None:
    spaces, recentre = Spaces(), Recentre(60, (0, 0, 1))
    walk(spaces, range(40), 999, recentre, 40)
    assert spaces.settled
    walk(spaces, range(40, 44), 999, recentre, 40)
    assert not spaces.settled
    assert spaces.into_first(1) == Turn()
    frames = math.ceil(WAIT_NS / FRAME_NS)
    walk(spaces, range(44, 41 + frames), 999, recentre, 40)
    # Nobody has said anything: it is where the head is.
    assert spaces.settled
    assert (spaces.epoch, spaces.into_first(2)) == (1, None)


def test_a_recentre_while_the_head_is_not_seen_breaks_with_what_was() -> None:
    for gap in (lambda spaces: spaces.lost(), None):
        spaces, recentre = Spaces(), Recentre(60, (0, 0, 1))
        walk(spaces, range(20), 999)
        if gap is not None:
            gap(spaces)
        start = 21 if gap is not None else 60
        walk(spaces, range(start, start + 3), start, recentre, start)
        assert spaces.epoch == 2
        assert (spaces.into_first(1), spaces.into_first(2)) == (None, Turn())


def test_a_gap_without_a_recentre_breaks_nothing_and_time_may_go_back() -> None:
    spaces = Spaces()
    walk(spaces, range(20), 999)
    walk(spaces, range(90, 95), 999)
    walk(spaces, range(3), 999)
    assert spaces.epoch == 1
    assert spaces.settled
    assert spaces.into_first(1) == Turn()


def test_the_oldest_of_many_generations_is_let_go() -> None:
    spaces = Spaces()
    for generation in range(40):
        spaces.follow(START_NS + generation * FRAME_NS, generation, (0, 0, 0), (0, 0, 0, 1))
    assert spaces.into_first(23) is None
    assert spaces.into_first(24) == Turn(1.0, 0.0, (0.0, 0.0, 0.0))
