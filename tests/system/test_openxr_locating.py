"""The ways to locate that a runtime offers, on a real runtime."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from fixtures.channel_reader import ChannelReader
from fixtures.daemon import ROOT, Daemon
from fixtures.monado import MARKS, MonadoService

pytestmark = MARKS

PROGRAM = Path(__file__).parent / "programs" / "locate_spaces.py"


def test_one_call_for_all_and_one_for_each_find_the_same(tmp_path: Path) -> None:
    half = 0.5**0.5
    position, orientation = (1.0, 1.5, -2.0), (0.0, half, 0.0, half)
    service = MonadoService(tmp_path / "m")
    service.start()
    try:
        with service.connect() as remote:
            remote.send(position, orientation)
            done = subprocess.run(
                [service.python, PROGRAM],
                env={**os.environ, **service.environment, "PYTHONPATH": str(ROOT / "runtime")},
                capture_output=True, text=True, check=True, timeout=180,
            )
    finally:
        service.stop()
    found = json.loads(done.stdout)
    for way in ("batch", "single"):
        assert found[way]["flags"] == [0, 15, 15]
        for located in (1, 2):
            assert found[way]["position"][located] == pytest.approx(position, abs=1e-5)
            assert found[way]["orientation"][located] == pytest.approx(orientation, abs=1e-5)
        assert not any(found[way]["position"][0])
    gaze = found["gaze"]
    assert gaze["tracked"]
    assert gaze["flags"] == 15
    assert gaze["origin"] == pytest.approx(position, abs=1e-5)
    assert gaze["direction"] == pytest.approx((-1, 0, 0), abs=1e-5)
    assert gaze["sample_ns"] == 0


def test_without_any_runtime_every_channel_says_so(tmp_path: Path) -> None:
    environment = {
        "XR_RUNTIME_JSON": str(tmp_path / "none.json"), "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path),
    }
    config = "\n[sensors.openxr]\nenabled = true\n"
    with (
        Daemon(tmp_path, config, environment=environment) as daemon,
        ChannelReader(tmp_path, daemon) as reader,
    ):
        for channel in ("head", "hand_left", "controller_right"):
            got = reader.until(channel, lambda got: got.reason == "runtime_missing")
            assert got.status == "invalid"
            reader.until(channel, lambda later, first=got.n: later.n >= first + 5)
        report = daemon.status()["parts"]["openxr"]
        assert report["state"] == "missing"
        assert report["remedy"]
        assert "OpenXR-Loader" not in daemon.read_log()
