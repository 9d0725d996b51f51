"""The numpy types that OpenXR fills have the bytes of the binding's own structures."""

import ctypes

import numpy as np
import pytest

from sensorium.errors import SensorError
from sensorium.sensors.openxr import structures
from sensorium.sensors.openxr.runtime import load_binding

HEADER = {"type": "_type", "next": "_next"}
PAIRS = {
    "LOCATION": (
        "HandJointLocationEXT",
        {"flags": "_location_flags", "orientation": "pose", "radius": "radius"},
    ),
    "VELOCITY": (
        "HandJointVelocityEXT",
        {
            "flags": "_velocity_flags", "linear": "linear_velocity", "angular": "angular_velocity",
        },
    ),
    "SPACE_LOCATION": ("SpaceLocation", {**HEADER, "location": "_location_flags"}),
    "SPACE_VELOCITY": ("SpaceVelocity", {**HEADER, "velocity": "_velocity_flags"}),
    "SPACES_LOCATE_INFO": (
        "SpacesLocateInfo",
        {
            **HEADER, "base_space": "base_space", "time": "time", "space_count": "space_count",
            "spaces": "_spaces",
        },
    ),
    "JOINTS_LOCATE_INFO": (
        "HandJointsLocateInfoEXT", {**HEADER, "base_space": "base_space", "time": "time"},
    ),
    "JOINT_LOCATIONS": (
        "HandJointLocationsEXT",
        {
            **HEADER, "is_active": "is_active", "count": "joint_count",
            "address": "_joint_locations",
        },
    ),
    "ACTION_GET_INFO": (
        "ActionStateGetInfo", {**HEADER, "action": "action", "subaction_path": "subaction_path"},
    ),
    "STATE_BOOLEAN": (
        "ActionStateBoolean", {**HEADER, "value": "current_state", "is_active": "is_active"},
    ),
    "STATE_FLOAT": (
        "ActionStateFloat", {**HEADER, "value": "current_state", "is_active": "is_active"},
    ),
    "STATE_VECTOR": (
        "ActionStateVector2f", {**HEADER, "value": "current_state", "is_active": "is_active"},
    ),
    "STATE_POSE": ("ActionStatePose", {**HEADER, "is_active": "is_active"}),
}
ARRAYS = {
    "SpaceLocations": ("location_count", "_locations"),
    "SpaceVelocities": ("velocity_count", "velocities"),
    "HandJointVelocitiesEXT": ("joint_count", "_joint_velocities"),
    "ActionsSyncInfo": ("count_active_action_sets", "_active_action_sets"),
}


@pytest.fixture(scope="module")
def xr():
    try:
        return load_binding()
    except SensorError as error:
        pytest.skip(str(error))


def same(ours: np.dtype[np.void], theirs: type[ctypes.Structure], names: dict[str, str]) -> None:
    assert ours.itemsize == ctypes.sizeof(theirs)
    for mine, other in names.items():
        assert ours.fields[mine][1] == getattr(theirs, other).offset, mine


@pytest.mark.parametrize("name", PAIRS)
def test_structure(xr, name):
    other, names = PAIRS[name]
    same(getattr(structures, name), getattr(xr, other), names)


@pytest.mark.parametrize("other", ARRAYS)
def test_counted_array(xr, other):
    count, address = ARRAYS[other]
    names = {**HEADER, "count": count, "address": address}
    same(structures.SPACE_ARRAY, getattr(xr, other), names)


def test_parts_of_a_pose(xr):
    orientation = xr.Posef.orientation.offset
    position = xr.Posef.position.offset
    start = xr.HandJointLocationEXT.pose.offset
    assert structures.LOCATION.fields["orientation"][1] == start + orientation
    assert structures.LOCATION.fields["position"][1] == start + position
    assert ctypes.sizeof(xr.SpaceLocationData) == structures.LOCATION.itemsize
    assert ctypes.sizeof(xr.SpaceVelocityData) == structures.VELOCITY.itemsize
    assert ctypes.sizeof(xr.EventDataBuffer) == 4016
