"""The list of apps that the layer may look at: what is denied is looked at under no other name."""

import sys

import pytest

from sensorium.sensors.openxr_layer import allowed
from sensorium.sensors.openxr_layer.allowed import Allowed

WINDOWS = sys.platform == "win32"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SENSORIUM_CONFIG_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("listed", "denied", "left"),
    [
        ("run", "/opt/run", ["off /opt/run", "timing run"]),
        ("/opt/run", "run", ["off run", "timing /opt/run"]),
        ("/opt/run", "/opt/run", []), ("/opt/run", "/usr/run", None), ("run", "walk", None),
        ("AC/DC", "AC/DC", []), ("AC/DC", "DC", ["off DC", "timing AC/DC"]),
        ("Run", "run", [] if WINDOWS else None),
        ("C:\\Run.exe", "c:/run.exe", [] if WINDOWS else None),
        ("RUN.exe", "C:\\run.EXE", ["off C:\\run.EXE", "timing RUN.exe"] if WINDOWS else None),
    ],
)
def test_denied_is_denied(listed, denied, left):
    allowed.allow(Allowed(listed))
    assert allowed.deny(denied) == (left is not None)
    lines = [each.line() for each in allowed.read()]
    assert lines == ([f"timing {listed}"] if left is None else left)


def test_what_was_denied_is_allowed_again():
    allowed.allow(Allowed("run"))
    assert allowed.deny("/opt/run")
    assert allowed.deny("/opt/run")
    allowed.allow(Allowed("/opt/run", "thread"))
    assert [each.line() for each in allowed.read()] == ["thread /opt/run", "timing run"]
    allowed.allow(Allowed("RUN"))
    assert len(allowed.read()) == (2 if WINDOWS else 3)
