"""Which camera, video file or stream a text names."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from sensorium.errors import SensorError
from sensorium.health import Reason

_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://", "udp://", "tcp://")
_DEVICES = "/dev/"
_MOST_INDEX = 63


@dataclass(frozen=True)
class Source:
    """Where pictures come from.

    Attributes:
        place: What OpenCV opens: a number, a path or a URL.
        name: For the user and for apps; without the folder, or what a URL may say of an account.
        paced: It is a file: it has an end, and gives its pictures as fast as they are asked for.
        remote: It is a URL.
    """

    place: int | str
    name: str
    paced: bool = False
    remote: bool = False

    def check(self) -> None:
        """Looks whether it is there, without opening a device.

        Raises:
            SensorError: It is not, or may not be read.
        """
        if self.remote or (isinstance(self.place, int) and sys.platform != "linux"):
            return
        path = Path(f"{_DEVICES}video{self.place}" if isinstance(self.place, int) else self.place)
        if not (path.is_file() if self.paced else path.exists()):
            what = f"there is no file {path}" if self.paced else f"there is no camera {path}"
            remedy = (
                "correct sensors.camera.device" if self.paced
                else "plug it in, or name another one as sensors.camera.device"
            )
            raise SensorError(what, remedy, Reason.DEVICE_MISSING)
        if not os.access(path, os.R_OK):
            remedy = "let yourself read it" if self.paced else "join the group video, log in again"
            raise SensorError(f"{path} may not be read", remedy, Reason.DENIED)


def named(text: str) -> Source:
    """The source that a text means: `0`, `/dev/video2`, a path or a URL.

    Raises:
        ValueError: It means none; says what would.
    """
    if text.isascii() and text.isdigit() and int(text) <= _MOST_INDEX:
        return Source(int(text), f"camera {int(text)}")
    if text.lower().startswith(_SCHEMES):
        return Source(text, f"stream by {text.partition(':')[0].lower()}", remote=True)
    path = Path(text).expanduser()
    if "://" in text or not text or not path.is_absolute() or "\0" in text:
        raise ValueError(
            f'device = "{text[:60]}" is no camera: write its number (0 to {_MOST_INDEX}), the '
            f"whole path of a device or of a video file, or a URL ({', '.join(_SCHEMES)})"
        )
    if text.startswith(_DEVICES):
        return Source(text, text)
    return Source(str(path), path.name, paced=True)
