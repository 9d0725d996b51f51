"""Which camera a text names, and what is said of one that is not there."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from sensorium import config
from sensorium.cli.doctor import devices
from sensorium.cli.doctor.finding import Verdict
from sensorium.errors import ConfigError, SensorError
from sensorium.health import Reason
from sensorium.sensors.camera import CameraOptions
from sensorium.sensors.sensor import SENSORS
from sensorium.sensors.video_source import Source, named

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("0", Source(0, "camera 0")),
        ("12", Source(12, "camera 12")),
        ("rtsp://user:secret@10.0.0.9/1", Source(
            "rtsp://user:secret@10.0.0.9/1", "stream by rtsp", remote=True
        )),
    ],
)
def test_a_number_or_a_stream(text: str, source: Source) -> None:
    assert named(text) == source


@pytest.mark.skipif(sys.platform == "win32", reason="paths of Linux")
def test_a_path() -> None:
    assert named("/dev/video2") == Source("/dev/video2", "/dev/video2")
    assert named("/home/me/a film.mp4") == Source("/home/me/a film.mp4", "a film.mp4", paced=True)


@pytest.mark.parametrize("text", ["", "-1", "64", "²", "film.mp4", "ftp://host/film", "/a\0b"])
def test_anything_else_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match="write its number"):
        named(text)


def test_a_configuration_names_line_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "sensorium.toml"
    for keys, said in (('device = "film.mp4"', "no camera"), ("width = 1280", "307,200 pixels")):
        path.write_text(f"[sensors.camera]\n{keys}\n")
        section = config.load(path, sensors=SENSORS).sensors["camera"]
        with pytest.raises(ConfigError, match=said) as caught:
            section.decode(CameraOptions)
        assert "line 1: sensors.camera" in caught.value.message


@pytest.mark.skipif(sys.platform != "linux", reason="devices of Linux")
def test_what_is_not_there_is_missing_with_a_remedy(tmp_path: Path) -> None:
    for text in ("63", "/dev/video-none", str(tmp_path / "no.avi"), str(tmp_path)):
        with pytest.raises(SensorError) as caught:
            named(text).check()
        assert caught.value.reason is Reason.DEVICE_MISSING
        assert "sensors.camera.device" in caught.value.remedy


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="root may read anything")
def test_what_may_not_be_read_is_denied(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    path.touch(mode=0)
    with pytest.raises(SensorError) as caught:
        named(str(path)).check()
    assert caught.value.reason is Reason.DENIED


@pytest.mark.skipif(sys.platform != "linux", reason="devices of Linux")
def test_doctor_looks_for_it_without_opening_it(tmp_path: Path) -> None:
    path, film = tmp_path / "sensorium.toml", tmp_path / "film.avi"
    path.write_text(f'[sensors.camera]\ndevice = "{film}"\n')
    loaded = config.load(path, sensors=SENSORS)
    (missing,) = devices.camera(loaded)
    assert missing.verdict is Verdict.MISSING
    assert "film.avi" in missing.detail
    film.write_bytes(b"")
    (there,) = devices.camera(loaded)
    assert (there.verdict, there.detail) == (Verdict.OK, "film.avi is there; it was not opened")
    path.write_text("[sensors.camera]\nenabled = false\n")
    assert not list(devices.camera(config.load(path, sensors=SENSORS)))
