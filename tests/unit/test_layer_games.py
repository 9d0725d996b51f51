"""Which game's poses count, and what of them is published."""

import os

import numpy as np
import pytest
from fixtures.layer_file import NOW_NS, Game
from fixtures.sensor_io import SensorWorld

from sensorium.health import Reason
from sensorium.sensors.openxr_layer import folder, poses
from sensorium.sensors.openxr_layer.games import FRESH_NS, HOLD_NS, MOST, OTHERS_NS, Games
from sensorium.sensors.outlet import LAYER, outlets

MS = 1_000_000
VISIBLE, FOCUSED = 4, 5


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Gives games in the daemon's folder, each with its lock held as by a running one."""
    monkeypatch.setenv("SENSORIUM_RUNTIME_DIR", str(tmp_path))
    folder.prepare()
    held = []

    def make(number):
        game = Game(folder.path() / f"{number}-1")
        game.save()
        held.append(game.hold())
        return game

    yield make
    for each in held:
        os.close(each)


def tell(game, state, now, **more):
    game.add_input(session_state=state, capture_ns=now, **more)
    game.update()


def current(games, now):
    games.read(now)
    return games.current and games.current.path.name


def test_the_game_in_front_counts_once_it_stays_there(made):
    first, second = made(1), made(2)
    games = Games()
    games.look()
    now = NOW_NS
    tell(first, FOCUSED, now)
    assert current(games, now) == "1-1"
    for step in range(1, 12):
        now = NOW_NS + step * OTHERS_NS
        tell(first, VISIBLE, now)
        tell(second, FOCUSED, now)
        early = now - NOW_NS < HOLD_NS
        assert current(games, now) == ("1-1" if early else "2-1"), step
    # Of two alike the present one stays.
    for step in range(12, 24):
        now = NOW_NS + step * OTHERS_NS
        tell(first, FOCUSED, now)
        tell(second, FOCUSED, now)
        assert current(games, now) == "2-1"
    games.close()


def test_a_game_that_ends_or_falls_silent_is_left_at_once(made):
    first, second = made(1), made(2)
    games = Games()
    games.look()
    tell(first, FOCUSED, NOW_NS)
    assert current(games, NOW_NS) == "1-1"
    now = NOW_NS + FRESH_NS + MS
    tell(second, VISIBLE, now)
    assert current(games, now) == "2-1"
    second.header["ended"] = 1
    tell(second, VISIBLE, now)
    games.look()
    assert current(games, now) is None
    assert [path.name for path in games.open] == ["1-1"]
    games.close()


def test_an_unreadable_file_is_told_of_once_it_stays_so(made):
    game = made(1)
    game.header["version"] = 2
    tell(game, FOCUSED, NOW_NS)
    games = Games()
    games.look()
    assert games.problem is None
    games.look()
    assert "version 2, the daemon knows 1" in str(games.problem)
    dead = Game(folder.path() / "2-1")
    dead.header["magic"] = 7
    dead.save()
    games.look()
    assert dead.path.exists()
    games.look()
    assert not dead.path.exists()


def test_what_a_killed_game_of_another_version_left_is_removed(made):
    live, dead, unmade = (folder.path() / f"{number}-1" for number in (1, 2, 3))
    for path in (live, dead, unmade):
        path.write_bytes(b"" if path == unmade else b"another size")
        path.chmod(0o600)
    held = Game(live).hold()
    games = Games()
    games.look()
    games.look()
    assert (live.exists(), dead.exists(), unmade.exists()) == (True, False, True)
    # Made long ago, and never given a size: its game was killed in between.
    os.utime(unmade, (0, 0))
    games.look()
    assert not unmade.exists()
    assert "has 12 bytes" in str(games.problem)
    os.close(held)


def test_games_that_never_end_keep_no_new_one_out(made):
    """As of an app that makes its instance anew a hundred times and destroys none."""
    games = Games()
    old = made(1)
    tell(old, FOCUSED, NOW_NS)
    games.look()
    assert current(games, NOW_NS) == "1-1"
    for number in range(2, 101):
        newest = made(number)
        os.utime(newest.path, (4e9 + number, 4e9 + number))
        games.look()
    assert len(games.open) == MOST
    assert old.path in games.open
    now = NOW_NS + FRESH_NS + MS
    tell(newest, FOCUSED, now)
    assert current(games, now) == "100-1"
    games.close()


def test_what_is_not_valid_is_zero_or_withheld():
    world = SensorWorld()
    made = outlets(world, LAYER)
    given = Game.an_input()
    row = given[0]
    row["head"]["flags"] = 1
    row["head"]["orientation"] = (0, 0, 0, 1)
    row["head"]["position"] = row["head"]["linear_velocity"] = 7
    row["gaze"]["flags"] = 15
    row["gaze"]["orientation"] = np.array((0, 0.6, 0, 0.8)) * 1.009
    row["gaze_time"] = NOW_NS + 5
    row["hands"][1]["controller_active"] = 1
    poses.publish(made, given, NOW_NS, NOW_NS - 3, 0)
    told = {each.channel: each for each in world.published}
    head, gaze = told["head"].record["pose"][0], told["gaze"].record[0]
    assert told["head"].valid
    assert told["head"].capture_ns == NOW_NS - 3
    assert not head["position"].any()
    assert not head["linear_velocity"].any()
    assert np.linalg.norm(gaze["direction"]) == pytest.approx(1, abs=1e-6)
    assert gaze["direction"] == pytest.approx([-0.96, 0, -0.28], abs=1e-6)
    assert (gaze["source"], gaze["given_by"], gaze["sample_ns"]) == (1, LAYER, 0)
    assert {name for name, each in told.items() if each.valid} == {
        "head", "gaze", "controller_right",
    }  # fmt: skip
    assert told["hand_left"].reason is Reason.INACTIVE
    assert told["controller_right"].record["side"] == 2
