"""The sense target on real regions: scenes that are bad, move and end; apps that die."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.looking import Onlooker, at_angles, scene

from sensorium import records
from sensorium.perception.target import Target
from sensorium.perception.targets.scene import SceneState
from sensorium_tools.quaternion import rotate, turn

GRID = [at_angles(across, up) for up in (-3, 0, 3) for across in (-3, 0, 3)]
MIDDLE = 5
LOOKED = 0


def looking(made: Any = None, place: int = MIDDLE, frames: int = 3) -> tuple[Onlooker, Any]:
    """An onlooker who looks at a place of the grid with the eyes, and an app with a scene."""
    onlooker = Onlooker()
    app = onlooker.app(made)
    onlooker.gaze(GRID[place - 1], frames)
    return onlooker, app


def spoilt(field: str, value: Any, target: int = 0) -> np.ndarray:
    made = scene(GRID)
    made["targets"][field][0, target] = value
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 0), ("position", (np.nan, 0, 0)), ("position", (0, np.inf, 0)),
        ("position", (0, 0, 1e30)), ("radius", -0.05), ("radius", 0.0), ("radius", np.nan),
        ("half_extents", (-0.1, 0.1, 0.1)), ("half_extents", (0.1, np.nan, 0.1)),
        ("half_extents", (0.1, 0.1, 0.1)), ("half_extents", (1e9, 0.1, 0.1)),
    ],
)
def test_a_target_that_breaks_a_rule_is_left_out_and_the_others_stand(
    field: str, value: Any
) -> None:
    """The last but one box has no orientation."""
    onlooker, app = looking(spoilt(field, value))
    assert (app.told().valid, app.meant(), app["ignored"]) == (True, MIDDLE, 1)
    onlooker.gaze(GRID[0], 10)
    assert app.meant() != 1
    app.show(scene(GRID))
    onlooker.gaze(GRID[0], 10)
    assert (app.meant(), app["ignored"]) == (1, 0)


def test_all_that_share_an_id_are_left_out() -> None:
    onlooker, app = looking(spoilt("id", 9))
    assert (app.meant(), app["ignored"]) == (MIDDLE, 2)
    onlooker.gaze(GRID[8], 10)
    assert 9 not in app["looked_at"]["ids"].tolist()


@pytest.mark.parametrize(
    ("head", "state"),
    [
        ({"count": 1025}, SceneState.BAD_COUNT), ({"count": 10_000}, SceneState.BAD_COUNT),
        ({"count": 0xFFFFFFFF}, SceneState.BAD_COUNT),
        ({"world_scale": 0}, SceneState.BAD_TRANSFORM),
        ({"world_scale": np.nan}, SceneState.BAD_TRANSFORM),
        ({"world_position": (0, np.inf, 0)}, SceneState.BAD_TRANSFORM),
        ({"world_orientation": (0, 0, 0, 0)}, SceneState.BAD_TRANSFORM),
        ({"space_generation": 7}, SceneState.OTHER_SPACE),
    ],
)
def test_a_scene_that_cannot_be_used_is_none_and_the_next_good_one_is(
    head: dict[str, Any], state: SceneState
) -> None:
    onlooker, app = looking(scene(GRID))
    app.show(scene(GRID, **head))
    onlooker.gaze(GRID[MIDDLE - 1], 30)
    sample = app.told()
    assert (sample.valid, app["scene_state"], app.meant()) == (False, state, 0)
    app.show(scene(GRID))
    onlooker.gaze(GRID[MIDDLE - 1], 3)
    assert (app.told().valid, app["scene_state"], app.meant()) == (True, 0, MIDDLE)


def test_rubbish_and_an_app_without_a_scene_are_said_to_be_so() -> None:
    onlooker, app = looking()
    assert (app.told().valid, app["scene_state"]) == (False, SceneState.MISSING)
    app.show(b"rubbish")
    onlooker.gaze(GRID[4], 2)
    assert (app.told().valid, app["scene_state"]) == (False, SceneState.UNREADABLE)
    app.show(scene(GRID))
    onlooker.gaze(GRID[4], 2)
    assert app.meant() == MIDDLE
    app.show(records.SCENE.zeros(), valid=False)
    onlooker.gaze(GRID[4], 2)
    assert (app.told().valid, app["scene_state"]) == (False, SceneState.WITHDRAWN)
    assert (app.meant(), app["since_ns"][LOOKED]) == (0, 0)
    app.show(scene([]))
    onlooker.gaze(GRID[4], 2)
    assert (app.told().valid, app["scene_state"], app.meant()) == (True, 0, 0)
    assert app["nothing"][LOOKED] == 1


def test_garbage_all_over_its_region_harms_nobody_else() -> None:
    onlooker, app = looking(scene(GRID))
    hostile = onlooker.app(scene(GRID))
    view = onlooker.desk.outputs.apps._held[hostile.session].region.view
    random = np.random.default_rng(1)
    for _ in range(40):
        start = int(random.integers(0, len(view) // 8 - 512)) * 8
        view[start : start + 4096] = random.bytes(4096)
        onlooker.gaze(GRID[4], 1)
    assert (app.told().valid, app.meant()) == (True, MIDDLE)
    assert onlooker.desk.reports[-1][:2] == (Target.__name__, "live")


def test_the_most_targets_are_taken_and_the_right_one_found() -> None:
    """1,024 in 32 by 32, 3 degrees apart, all around."""
    angles = [(3.0 * across, 3.0 * up) for across in range(32) for up in range(-16, 16)]
    onlooker, app = looking(scene([at_angles(*angle) for angle in angles]))
    assert len(angles) == 1024
    for place in (0, 500, 1023):
        onlooker.gaze(at_angles(*angles[place]), 15)
        assert app.meant() == place + 1


def test_the_apps_world_is_turned_moved_and_scaled_into_the_room() -> None:
    quaternion, move, scale = turn((0.6, 0.0, 0.8), 70), np.array((3.0, -1.0, 2.0)), 0.01
    back = quaternion * (-1, -1, -1, 1)
    places = [rotate(back, np.array(place) - move) / scale for place in GRID]
    made = scene(
        places, 5.0, world_orientation=quaternion, world_position=move, world_scale=scale
    )
    onlooker, app = looking(made)
    assert app.meant() == MIDDLE
    # The same world, moved in the room by as much as its targets move in it.
    onlooker.gaze(GRID[4], 20)
    since = int(app["since_ns"][LOOKED])
    moved = scene(
        [place - np.array((7.0, 8.0, 9.0)) for place in places], 5.0, world_orientation=quaternion,
        world_position=move + rotate(quaternion, scale * np.array((7.0, 8.0, 9.0))),
        world_scale=scale,
    )
    app.show(moved)
    onlooker.gaze(GRID[4], 5)
    assert (app.meant(), app["since_ns"][LOOKED]) == (MIDDLE, since)


def test_two_apps_are_told_of_their_own_targets() -> None:
    onlooker = Onlooker()
    first = onlooker.app(scene(GRID))
    made = scene(GRID)
    made["targets"]["id"][0, :9] += 100
    second = onlooker.app(made)
    none = onlooker.app()
    onlooker.gaze(GRID[4], 3)
    assert (first.meant(), second.meant()) == (MIDDLE, 100 + MIDDLE)
    assert not none.told().valid


def test_an_app_that_dies_is_forgotten_and_the_others_go_on() -> None:
    onlooker, app = looking(scene(GRID))
    other = onlooker.app(scene(GRID))
    onlooker.gaze(GRID[4], 3)
    app.leave()
    onlooker.gaze(GRID[8], 20)
    assert other.meant() == 9
    back = onlooker.app(scene(GRID))
    onlooker.gaze(GRID[8], 3)
    assert (back.meant(), back["changes"][LOOKED]) == (9, 1)


def test_a_sense_that_starts_again_reads_the_scene_that_is_there() -> None:
    onlooker, app = looking(scene(GRID))
    onlooker.desk.start()
    onlooker.gaze(GRID[0], 3)
    assert (app.told().valid, app.meant()) == (True, 1)
