"""From the structures of OpenXR to the poses of records, and the direction of a gaze."""

import numpy as np
import pytest

from sensorium import records
from sensorium.sensors.openxr import structures
from sensorium.sensors.openxr.gaze import forward
from sensorium.sensors.openxr.poses import PoseCopy
from sensorium.sensors.openxr.structures import Room

EXTENDED = (structures.SPACE_LOCATION, structures.SPACE_VELOCITY)


def fill(room: Room, seed: int = 1) -> None:
    random = np.random.default_rng(seed)
    for name, shape in (("orientation", 4), ("position", 3)):
        room.locations[name] = random.normal(size=(len(room.locations), shape))
    for name in ("linear", "angular"):
        room.velocities[name] = random.normal(size=(len(room.locations), 3))
    room.locations["flags"] = 15
    room.velocities["flags"] = 3


@pytest.mark.parametrize("kinds", [(), EXTENDED])
def test_a_hand_is_copied_whole(kinds):
    record = records.HAND.zeros()
    joints = record["joints"][0]
    room = Room(26, *kinds)
    fill(room)
    if not kinds:
        room.locations["radius"] = np.linspace(0.01, 0.02, 26)
    assert PoseCopy(room, 0, joints).copy() == 63
    assert (joints["position"] == room.locations["position"]).all()
    assert (joints["orientation"] == room.locations["orientation"]).all()
    assert (joints["linear_velocity"] == room.velocities["linear"]).all()
    assert (joints["angular_velocity"] == room.velocities["angular"]).all()
    assert (joints["radius"] == room.locations["radius"]).all()
    assert (joints["flags"] == 63).all()


@pytest.mark.parametrize("kinds", [(), EXTENDED])
def test_one_of_several_spaces_goes_into_its_record_and_nothing_else_changes(kinds):
    record = records.CONTROLLER.zeros()
    record["trigger"] = 0.5
    room = Room(5, *kinds)
    fill(room)
    PoseCopy(room, 3, record["aim"]).copy()
    assert (record["aim"]["position"][0] == room.locations["position"][3]).all()
    assert (record["aim"]["angular_velocity"][0] == room.velocities["angular"][3]).all()
    assert not record["grip"]["position"].any()
    assert record["trigger"][0] == 0.5


@pytest.mark.parametrize(
    ("location", "velocity", "zero", "kept"),
    [
        (15, 0, ("linear_velocity", "angular_velocity"), ("position", "orientation")),
        (1, 0, ("position", "linear_velocity"), ("orientation",)),
        (2, 2, ("orientation", "linear_velocity"), ("position", "angular_velocity")),
        (0, 0, ("position", "orientation", "linear_velocity", "angular_velocity"), ()),
    ],
)
def test_what_the_runtime_leaves_undefined_becomes_zero(location, velocity, zero, kept):
    record = records.HEAD.zeros()
    room = Room(1)
    copy = PoseCopy(room, 0, record["pose"])
    fill(room)
    copy.copy()
    room.locations["flags"] = location
    room.velocities["flags"] = velocity
    assert copy.copy() == location | velocity << 4
    for name in zero:
        assert not record["pose"][name].any()
    for name in kept:
        assert record["pose"][name].all()
    fill(room, 2)
    assert copy.copy() == 63
    assert record["pose"]["linear_velocity"].all()


def test_one_joint_that_is_lost_is_missing_in_the_common_flags():
    record = records.HAND.zeros()
    room = Room(26)
    fill(room)
    room.locations["flags"][7] = 12
    joints = record["joints"][0]
    assert PoseCopy(room, 0, joints).copy() & 3 == 0
    assert not joints["position"][7].any()
    assert joints["position"][6].all()


def test_later_bits_of_the_runtime_do_not_reach_the_record():
    record = records.HEAD.zeros()
    room = Room(1)
    fill(room)
    room.locations["flags"] = 0xFF0F
    assert PoseCopy(room, 0, record["pose"]).copy() == 63
    assert record["pose"]["flags"][0] == 63


def test_gaze_looks_along_minus_z():
    assert forward(np.array([0, 0, 0, 1], np.float32)) == pytest.approx([0, 0, -1])
    half = np.sqrt(0.5)
    left = np.array([0, half, 0, half], np.float32)
    assert forward(left) == pytest.approx([-1, 0, 0], abs=1e-6)
    up = np.array([half, 0, 0, half], np.float32)
    assert forward(up) == pytest.approx([0, 1, 0], abs=1e-6)
