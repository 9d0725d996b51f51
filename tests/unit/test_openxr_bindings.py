"""The table of suggested bindings."""

import os
import subprocess
import sys

import pytest

from sensorium.sensors.openxr import bindings
from sensorium.sensors.openxr.runtime import BindingMissing, load_binding

POSES = {"grip", "aim"}
AXES = {"trigger", "squeeze", "stick", "trackpad"}


def known_actions() -> set[str]:
    pressed = {f"press_{name}" for name in bindings.BUTTONS}
    return POSES | AXES | pressed | {f"touch_{name}" for name in bindings.TOUCHABLE}


@pytest.mark.parametrize("profile", bindings.PROFILES, ids=lambda profile: profile.path)
def test_every_profile_binds_known_actions_once_and_both_poses(profile):
    bound = list(profile.bindings())
    assert len(bound) == len(set(bound))
    assert {action for action, _ in bound} <= known_actions()
    for side in bindings.SIDES:
        paths = [(action, path) for action, path in bound if path.split("/")[3] == side]
        actions = [action for action, _ in paths]
        assert set(actions) >= POSES
        assert len(actions) == len(set(actions))
        assert all(path.startswith(f"/user/hand/{side}/input/") for _, path in paths)


def test_profiles_of_extensions_are_left_out_without_them():
    plain = {profile.path for profile in bindings.offered(frozenset())}
    assert plain == {
        "khr/simple_controller", "oculus/touch_controller", "valve/index_controller",
        "htc/vive_controller", "microsoft/motion_controller",
    }
    everything = list(bindings.offered(bindings.EXTENSIONS))
    assert everything == list(bindings.PROFILES)


def test_importing_the_sensor_does_not_import_the_binding():
    code = "import sys, sensorium.sensors.openxr; sys.exit('xr' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment)
    assert done.returncode == 0


def test_missing_binding_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "xr", None)
    with pytest.raises(BindingMissing, match="pyopenxr" if sys.platform == "win32" else "libgl1"):
        load_binding()
