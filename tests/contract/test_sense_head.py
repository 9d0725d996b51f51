"""The head's gestures on real regions: each begins and ends, and nothing else does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.senses import Desk

from sensorium import records
from sensorium.health import Reason
from sensorium.perception.head import Head, HeadOptions
from sensorium_tools.quaternion import multiply, turn

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    Pose = Callable[[float], dict[str, Any]]

TRACKED = 15
NOD, SHAKE, TILT, LEAN = 1, 2, 4, 8
LEFT, RIGHT, FORWARD, BACK = 1, 2, 3, 4
OVER, CANCELLED = 1, 2
RATES_HZ = (30, 72, 90, 144)


def nodding(t: float) -> dict[str, Any]:
    """Three nods of 12 degrees at 2 Hz, from 2 s on."""
    return {"pitch": -6 * (1 - math.cos(4 * math.pi * (t - 2))) if 2 <= t < 3.5 else 0.0}


def shaking(t: float) -> dict[str, Any]:
    """Three shakes of 20 degrees at 2 Hz, from 2 s on."""
    return {"yaw": 10 * math.sin(4 * math.pi * (t - 2)) if 2 <= t < 3.5 else 0.0}


def held(t: float) -> float:
    """0, 1 from 2.5 to 4 s, and 0 again, with smooth ways of half a second between."""
    way = min(max(t - 2.0, 0.0), 0.5, max(4.5 - t, 0.0)) / 0.5
    return way * way * (3 - 2 * way)


class Rig(Desk):
    """A sense whose head is moved here."""

    def __init__(self, **options: Any) -> None:
        super().__init__({Head: HeadOptions(**options)})
        self.start_ns = self.clock()

    def pose(
        self, at_s: float, pitch: float = 0.0, yaw: float = 0.0, roll: float = 0.0,
        place: tuple[float, ...] = (0.0, 1.6, 0.0), flags: int = TRACKED, generation: int = 1,
    ) -> None:
        """One pose; angles in degrees: up, left and towards the right shoulder are positive."""
        head = multiply(
            multiply(turn((0, 1, 0), yaw), turn((1, 0, 0), pitch)), turn((0, 0, 1), -roll)
        )
        record = records.HEAD.zeros()
        record["space"], record["space_generation"] = 1, generation
        record["pose"]["orientation"], record["pose"]["position"] = head, place
        record["pose"]["flags"] = flags
        self._tell(at_s, record)

    def nothing(self, at_s: float, reason: Reason = Reason.INACTIVE) -> None:
        self._tell(at_s, records.HEAD.zeros(), valid=False, reason=reason)

    def play(self, pose: Pose, hertz: float = 90, seconds: float = 6, start_s: float = 0) -> None:
        for place in range(int(start_s * hertz), int(seconds * hertz)):
            self.pose(place / hertz, **pose(place / hertz))

    def told(self) -> list[tuple[str, int, int, int, int]]:
        """Name, event, count, direction and ending of all that began or ended."""
        return [
            (one["name"].decode(), *(int(one[key]) for key in
             ("event", "count", "direction", "ending")))
            for one in self.all("head_gesture")
        ]

    def state(self) -> Any:
        return self.rings.at("head_state", self.rings.latest("head_state"))

    def _tell(self, at_s: float, record: np.ndarray, **said: Any) -> None:
        time_ns = self.start_ns + round(at_s * 1e9)
        self.clock.set(max(time_ns, self.clock()))
        self.publish("head", record, time_ns, **said)
        self.drain()


@pytest.mark.parametrize("hertz", RATES_HZ)
@pytest.mark.parametrize(
    ("pose", "name", "amplitude"), [(nodding, "nod", 12), (shaking, "shake", 20)]
)
def test_a_nod_and_a_shake_are_told_at_every_rate(
    hertz: int, pose: Pose, name: str, amplitude: float
) -> None:
    rig = Rig()
    rig.play(pose, hertz)
    assert rig.told() == [(name, 1, 1, 0, 0), (name, 2, 3, 0, OVER)]
    begin, end = rig.all("head_gesture")
    assert end["amplitude"] == pytest.approx(amplitude, abs=1)
    assert end["frequency"] == pytest.approx(2.0, abs=0.2)
    assert int(begin["begin_ns"]) - rig.start_ns == pytest.approx(2.0e9, abs=1e8)
    assert int(end["end_ns"]) - rig.start_ns == pytest.approx(3.5e9, abs=1e8)
    row = rig.state().record["gestures"][0][("nod", "shake").index(name)]
    assert (row["begins"], row["ends"], row["phase"]) == (1, 1, 0)


@pytest.mark.parametrize(("roll", "direction"), [(25.0, RIGHT), (-25.0, LEFT)])
def test_a_tilt_has_its_side(roll: float, direction: int) -> None:
    rig = Rig()
    rig.play(lambda t: {"roll": roll * held(t)})
    assert rig.told() == [("tilt", 1, 1, direction, 0), ("tilt", 2, 1, direction, OVER)]
    assert rig.all("head_gesture")[1]["amplitude"] == 25


@pytest.mark.parametrize("yaw", [0.0, 90.0])
@pytest.mark.parametrize(
    ("forward", "right", "direction"),
    [(0.25, 0, FORWARD), (-0.25, 0, BACK), (0, 0.25, RIGHT), (0, -0.25, LEFT)],
)
def test_a_lean_has_its_direction_wherever_the_wearer_faces(
    yaw: float, forward: float, right: float, direction: int
) -> None:
    rig = Rig()
    way = (right, -forward) if not yaw else (-forward, -right)
    rig.play(lambda t: {"yaw": yaw, "place": (way[0] * held(t), 1.6, way[1] * held(t))})
    assert rig.told() == [("lean", 1, 1, direction, 0), ("lean", 2, 1, direction, OVER)]
    assert rig.all("head_gesture")[1]["amplitude"] == pytest.approx(0.25, abs=0.02)


def walking(t: float) -> dict[str, Any]:
    """2 Hz up and down by 23 mm with 2.7 degrees of pitch, 5.4 of yaw at 1 Hz (Moore et al.)."""
    on = min(max(t - 1.5, 0.0), 1.0)
    step, stride = 4 * math.pi * t, 2 * math.pi * t
    return {
        "pitch": -1.35 * on * math.sin(step), "yaw": -2.7 * on * math.sin(stride),
        "place": (0.025 * on * math.sin(stride), 1.6 + 0.023 * on * math.sin(step),
                  -1.2 * max(t - 1.5, 0.0)),
    }


@pytest.mark.parametrize("hertz", RATES_HZ)
@pytest.mark.parametrize(
    "pose",
    [
        walking,
        lambda t: {**walking(t), "place": (0.0, *walking(t)["place"][1:2], 0.0)},
        lambda t: {**walking(t), "yaw": walking(t)["yaw"] + 20 * max(t - 2, 0)},
        lambda t: {"yaw": 60 * held(min(t, 3.0))},
        lambda t: {"yaw": 60 * held(t)},
        lambda t: {"pitch": -30 * held(t)},
        lambda t: {"place": (0.0, 1.6 - 0.5 * held(t), -0.15 * held(t))},
        lambda t: {"yaw": 360 * 6 * t / 6},
    ],
    ids=["walk", "on the spot", "follow while walking", "turn", "aside and back", "look down",
         "crouch", "spin"],
)
def test_what_is_no_gesture_tells_none(hertz: int, pose: Pose) -> None:
    rig = Rig()
    rig.play(pose, hertz)
    assert rig.told() == []


def test_a_head_is_fixated_while_it_is_still() -> None:
    rig = Rig()
    rig.play(lambda _: {}, seconds=0.2)
    assert rig.state().record["motion"][0] == 0
    rig.play(lambda _: {}, seconds=1, start_s=0.2)
    assert (rig.state().record["motion"][0], rig.state().record["fixations"][0]) == (1, 1)
    rig.play(lambda t: {"yaw": 20 * (t - 1)}, seconds=2, start_s=1)
    assert rig.state().record["motion"][0] == 2
    rig.play(lambda _: {"yaw": 20.0}, seconds=3, start_s=2)
    assert (rig.state().record["motion"][0], rig.state().record["fixations"][0]) == (1, 2)


@pytest.mark.parametrize("broken", ["lost", "untracked", "nan", "gap", "recentre", "jump", "back"])
@pytest.mark.parametrize(("until_s", "begun"), [(2.2, False), (2.6, True)])
def test_what_breaks_the_motion_cancels(broken: str, until_s: float, begun: bool) -> None:
    """Half of a nod is before the break and the rest after: it is never told as one."""
    rig = Rig()
    rig.play(nodding, seconds=until_s)
    after: dict[str, Any] = {"pitch": nodding(until_s)["pitch"]}
    at_s = until_s + 0.011
    if broken == "lost":
        rig.nothing(at_s)
    elif broken == "untracked":
        rig.pose(at_s, **after, flags=3)
    elif broken == "nan":
        rig.pose(at_s, pitch=math.nan)
    elif broken == "gap":
        at_s += 0.3
    elif broken == "recentre":
        after["generation"] = 2
    elif broken == "jump":
        after["place"] = (1.0, 1.6, 0.0)
    else:
        at_s = until_s - 1.0
    for place in range(1, 60):
        rig.pose(at_s + place / 90, **{**after, "pitch": after["pitch"] * max(0, 1 - place / 15)})
    told = [("nod", 1, 1, 0, 0), ("nod", 2, 1, 0, CANCELLED)] if begun else []
    assert rig.told() == told


def test_without_a_position_there_is_no_lean_and_the_rest_goes_on() -> None:
    rig = Rig()
    rig.play(lambda t: {**nodding(t), "flags": 5, "place": (0.0, 1.6, -0.3 * held(t))})
    assert rig.told() == [("nod", 1, 1, 0, 0), ("nod", 2, 3, 0, OVER)]
    assert rig.state().record["has_position"][0] == 0


def test_a_head_that_is_lost_says_why() -> None:
    rig = Rig()
    rig.play(lambda _: {}, seconds=1)
    rig.nothing(1.1, Reason.RUNTIME_MISSING)
    assert (rig.state().valid, rig.state().reason) == (False, Reason.RUNTIME_MISSING)
    assert rig.state().record["motion"][0] == 0


def test_the_options_set_the_smallest() -> None:
    rig = Rig(nod_deg=20.0)
    rig.play(nodding)
    assert rig.told() == []
