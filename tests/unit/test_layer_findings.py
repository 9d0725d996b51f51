"""What doctor says of the OpenXR layer."""

import json
import sys

import pytest

from sensorium.cli.doctor.devices import openxr_layer
from sensorium.cli.doctor.finding import Verdict
from sensorium.config import load
from sensorium.sensors.openxr_layer import manifest
from sensorium.sensors.openxr_layer.library import NARROW
from sensorium.sensors.sensor import SENSORS


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Gives what doctor finds with a configuration."""
    for name in ("SENSORIUM_CONFIG_DIR", "SENSORIUM_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))

    def ask(enabled="true"):
        file = tmp_path / "daemon.toml"
        file.write_text(f"[sensors.openxr_layer]\nenabled = {enabled}\n")
        return [(each.verdict, each.detail, each.remedy)
                for each in openxr_layer(load(file, sensors=SENSORS))]  # fmt: skip

    return ask


def test_what_is_lacking_for_the_layer_is_said(look):
    assert look("false") == []
    assert look() == [(Verdict.MISSING, "is not installed", "sensorium layer install")]
    if sys.platform == "win32":
        return  # there it is the registry that says which manifest counts
    place = manifest.path()
    place.parent.mkdir(parents=True)
    library = place.with_name("none.so")
    place.write_text(json.dumps({"api_layer": {"library_path": str(library)}}))
    ((verdict, detail, remedy),) = look()
    assert verdict is Verdict.MISSING
    assert detail.startswith(f"{library} cannot be loaded: ")
    assert "sensorium layer uninstall" in remedy
    place.rename(manifest.path(NARROW))
    ((verdict, detail, remedy),) = look()
    assert (verdict, detail) == (Verdict.MISSING, "64-bit apps find the 32-bit one alone")
    assert "no 64-bit OpenXR app starts" in remedy
    place.write_text("{")
    assert look()[0][0] is Verdict.MISSING
