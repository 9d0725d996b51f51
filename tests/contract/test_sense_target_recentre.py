"""The sense target on real regions: a recentre moves nothing, whoever sees it first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from fixtures.looking import EYE, Onlooker, at_angles, scene, towards

from sensorium.health import Reason
from sensorium.perception.targets.scene import SceneState
from sensorium_tools.quaternion import rotate, turn

GRID = [at_angles(across, up) for up in (-3, 0, 3) for across in (-3, 0, 3)]
MIDDLE = 5
LOOKED = 0


class Turned(Onlooker):
    """An onlooker whose room is turned and moved by a recentre.

    Attributes:
        recentred: Whether poses are in the new space.
    """

    recentred = False
    quaternion, move = turn((0, 1, 0), 75), np.array((0.5, 0.0, -1.0))

    def new(self, point: Any) -> tuple[float, float, float]:
        """A point of the old space in the new one."""
        return tuple(rotate(self.quaternion * (-1, -1, -1, 1), np.array(point) - self.move))

    def watch(self, place: Any, frames: int) -> None:
        """Looks with eyes and head, which sways."""
        for _ in range(frames):
            sway = 0.02 * math.sin(self.now_ns * 3e-9)
            eye = (EYE[0] + sway, EYE[1], EYE[2])
            ahead, target = (eye[0] + sway, eye[1], eye[2] - 1), place
            if self.recentred:
                eye, ahead, target = self.new(eye), self.new(ahead), self.new(place)
            gaze = self.eyes(towards(target, eye))
            gaze["origin"] = eye
            self.frame(head=self.head(towards(ahead, eye), eye), gaze=gaze)


@pytest.mark.parametrize("late", [0, 3])
def test_a_recentre_moves_nothing(late: int) -> None:
    """Before and after the app has published its world for the new space; the runtime may name
    the new space some frames after its poses are in it."""
    onlooker = Turned()
    app = onlooker.app(scene(GRID))
    onlooker.watch(GRID[5], 30)
    score, since = float(app["looked_at"]["scores"][0]), int(app["since_ns"][LOOKED])
    changes = int(app["changes"][LOOKED])
    assert app.meant() == 6

    def unmoved() -> None:
        assert app.told().valid
        assert app["looked_at"]["scores"][0] == pytest.approx(score, abs=0.05)
        assert (app.meant(), app["since_ns"][LOOKED], app["changes"][LOOKED]) == (6, since, changes)

    onlooker.recentred = True
    onlooker.watch(GRID[5], late)
    onlooker.generation = 2
    for frames in (1, 30):
        onlooker.watch(GRID[5], frames)
        unmoved()
    assert app["space_generation"] == 2
    app.show(scene(
        GRID, world_orientation=onlooker.quaternion * (-1, -1, -1, 1),
        world_position=onlooker.new((0, 0, 0)), space_generation=2,
    ))
    onlooker.watch(GRID[5], 30)
    unmoved()
    onlooker.watch(GRID[0], 20)
    assert app.meant() == 1


def test_after_a_recentre_that_nobody_saw_the_app_has_to_publish_again() -> None:
    onlooker = Turned()
    app = onlooker.app(scene(GRID))
    onlooker.watch(GRID[5], 10)
    onlooker.frame(head=Reason.RUNTIME_MISSING, gaze=Reason.RUNTIME_MISSING)
    onlooker.recentred, onlooker.generation = True, 2
    onlooker.watch(GRID[5], 5)
    assert (app.told().valid, app["scene_state"]) == (False, SceneState.OTHER_SPACE)
    assert app.meant() == 0
    app.show(scene(
        GRID, world_orientation=onlooker.quaternion * (-1, -1, -1, 1),
        world_position=onlooker.new((0, 0, 0)), space_generation=2,
    ))
    onlooker.watch(GRID[5], 5)
    assert (app.told().valid, app.meant()) == (True, 6)


def test_an_app_that_sees_a_recentre_first_is_waited_for() -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    onlooker.gaze(GRID[4], 3)
    app.show(scene(GRID, space_generation=2))
    onlooker.gaze(GRID[4], 10)
    assert (app.told().valid, app.meant()) == (True, MIDDLE)
    onlooker.generation = 2
    onlooker.gaze(GRID[4], 3)
    assert (app.told().valid, app["scene_state"], app.meant()) == (True, 0, MIDDLE)
