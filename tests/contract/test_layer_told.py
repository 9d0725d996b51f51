"""What the OpenXR layer tells of an app over a mock runtime: frames, input, bindings."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from fixtures.clients import Driver
from fixtures.layer import home
from fixtures.mock_game import APP, builds, command, newest, own_thread
from fixtures.waiting import eventually

from sensorium.clock import now_ns
from sensorium.sensors.openxr_layer import layout

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layer is built on Linux")

TRACKED = 15

layer_home = pytest.fixture(home, name="home")
built_once = pytest.fixture(builds, name="built", scope="module")


def test_what_the_runtime_knows_is_delivered(built, home):
    home.allow("thread,gaze", APP)
    with Driver(command(built("address"), "play"), home.environment) as app:
        assert app.answer() == "ready"
        mapping = home.session()
        assert app(5).startswith("frames 5 bindings 1 wrong 0")
        about = mapping.about
        assert (about.app, about.engine, about.runtime) == (APP, "mock engine", "mock")
        assert about.extensions == 7 | 7 << 8
        assert mapping.clock_offset_ns() is not None
        frames, number = mapping.frames_after(0, now_ns())
        assert number == len(frames) == 5
        assert np.diff(frames["display_time"]).tolist() == [11111111] * 4
        assert (frames["display_time"] == frames["end_display_time"]).all()
        got = newest(mapping, newest(mapping)["number"])
        assert got["flags"] == layout.ATTACHED | layout.OWN_ACTIONS
        assert got["head"]["position"].tolist() == [1, 2, 3]
        assert got["gaze"]["position"].tolist() == [0, 1.5, -2]
        for side, x in enumerate((-0.25, 0.25)):
            hand = got["hands"][side]
            assert hand["grip"]["position"].tolist() == [x, 1.25, -0.5]
            assert hand["aim"]["position"].tolist() == [x, 1.5, -1]
            assert hand["grip"]["flags"] & TRACKED == TRACKED
            assert (hand["trigger"], hand["squeeze"]) == (0.75, 0.75)
            assert hand["stick"].tolist() == [0.25, -0.5]
            assert hand["pressed"] == 16
            assert hand["profile"] == b"/interaction_profiles/oculus/touch_controller"
            assert hand["hand_active"] == 1
            assert np.allclose(hand["joints"]["position"][:, 0], np.arange(26) * 0.01)
            assert hand["from_app"] == 0
        assert mapping.refused == 0
        assert not mapping.is_over()
        app("events")
        app(2)
        got = newest(mapping, newest(mapping)["number"])
        assert (got["session_state"], got["space_generation"]) == (5, 1)
        app.send("end")
    assert app.process.returncode == 0
    assert mapping.is_over()
    assert home.files() == []


def test_nothing_is_bound_where_the_app_binds_nothing(built, home):
    """A hand of its own that the app leaves out, and the eyes that its owner did not allow."""
    home.allow("thread", APP)
    with Driver(command(built("address"), "play", "left,eyes,taken"), home.environment) as app:
        assert app.answer() == "ready"
        mapping = home.session()
        left, right, eyes = map(int, app(5).split()[-3:])
        assert left > 0
        assert (right, eyes) == (0, 0)
        assert mapping.about.extensions & layout.GAZE
        got = newest(mapping, newest(mapping)["number"])
        assert got["flags"] == layout.ATTACHED | layout.OWN_ACTIONS
        assert (got["gaze"]["flags"], got["gaze_time"]) == (0, 0)
        assert own_thread(app) is not None
        app("lost")
        eventually(lambda: own_thread(app) is None, "no thread where nothing is answered")
        app.send("end")
    assert app.process.returncode == 0


def test_odd_frames_are_told_as_they_were(built, home):
    home.allow("timing", APP)
    number = lost = 0
    with Driver(command(built("address"), "play"), home.environment) as app:
        assert app.answer() == "ready"
        mapping = home.session()
        before = mapping.clock_offset_ns()
        app("clock")
        for how, told, gone in [
            ("lapse", [], 1), (3, [(0, 0, 0)] * 3, 0),
            ("refused begin", [], 1), (2, [(0, 0, 0)] * 2, 0),
            ("unbegun", [], 0), (3, [(0, 0, 1), (0, 0, 0), (0, 0, 0)], 1),
            ("refused end", [(0, -2, 0), (0, 0, 0)], 0), ("overlap", [(0, 0, 0), (0, 0, 1)], 0),
            ("discarded", [(layout.DISCARDED, 0, 1)], 1),
            ("other time", [(layout.UNMATCHED, 0, 0)], 0), (1, [(0, 0, 0)], 0),
        ]:  # fmt: skip
            app(how)
            frames, number = mapping.frames_after(number, now_ns())
            told_now = frames[["flags", "end_result", "in_flight"]].tolist()
            assert (how, told_now) == (how, told)
            matched = frames["display_time"] == frames["end_display_time"]
            assert (matched == (frames["flags"] & layout.UNMATCHED == 0)).all()
            assert (how, mapping.lost_frames() - lost) == (how, gone)
            lost = mapping.lost_frames()
        assert mapping.refused == 0
        # Compared anew, though nothing but frames is looked at.
        assert mapping.clock_offset_ns() - before > 5e8
        app.send("end")


@pytest.mark.parametrize("how", ["silent", "bindings", "attach", "sync", "app-actions"])
def test_where_the_own_set_gets_nothing_the_apps_own_actions_are_read(built, home, how):
    home.allow("thread,app-actions" if how == "app-actions" else "thread", APP)
    with Driver(command(built("address"), "play", how), home.environment) as app:
        assert app.answer() == "ready"
        mapping = home.session()
        app(5)
        got = newest(mapping, newest(mapping)["number"])
        left, right = got["hands"]
        if how == "bindings":
            # The mock tells of actions that are bound to nothing; only the suggestion is judged.
            assert app(1).split()[3] == "9"
        else:
            assert left["grip"]["position"].tolist() == [-0.25, 1.25, -0.5]
            # It binds on the left trigger, squeeze and grip; on the right squeeze, stick, grip.
            assert (left["from_app"], right["from_app"]) == (1 | 2 | 16, 2 | 4 | 16)
            assert (left["trigger"], right["trigger"]) == (0.75, 0)
            assert right["stick"].tolist() == [0.25, -0.5]
            # One action for both hands' buttons cannot say which hand it was.
            assert (left["pressed"], left["offered"]) == (16 | 3, 16 | 3)
            assert (right["pressed"], right["offered"]) == (2, 2)
        app.send("end")
    assert app.process.returncode == 0


@pytest.mark.parametrize(("how", "left"), [("no-hands", 1 | 1 << 8), ("no-clock", 2 | 2 << 8)])
def test_an_extension_that_the_runtime_lacks_is_withdrawn(built, home, how, left):
    home.allow("thread", APP)
    with Driver(command(built("address"), "play", how), home.environment) as app:
        assert app.answer() == "ready"
        mapping = home.session()
        assert mapping.about.extensions == left
        app(5)
        got = newest(mapping)
        assert got["head"]["position"].tolist() == [1, 2, 3]
        assert bool(got["flags"] & layout.TIME_ESTIMATED) == (how == "no-clock")
        if how == "no-clock":
            # A frame is shown a period after the app may begin it.
            told = mapping.frames_after(0, now_ns())[0][-1]
            since = newest(mapping, got["number"])
            passed_ns = since["capture_ns"] - told["wait_ns"][1]
            assert since["capture_time"] - passed_ns == told["display_time"] - told["period"]
        assert got["hands"][0]["hand_active"] == (how != "no-hands")
        app.send("end")
