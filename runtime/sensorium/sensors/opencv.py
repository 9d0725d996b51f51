"""OpenCV: loaded when a camera is first needed, told to be quiet, and what it opens."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensorError
from sensorium.health import Reason

if TYPE_CHECKING:
    from sensorium.sensors.video_source import Source

REMEDY = "pip install sensorium[camera]"
LONGEST_SIDE = 8192
"""Pixels; a picture that is larger is not decoded."""
_PATIENCE_MS = 5000
"""How long OpenCV itself waits for a stream to open or to give its next picture."""


def is_installed() -> bool:
    """Whether the extra `camera` is there; nothing is loaded."""
    return importlib.util.find_spec("cv2") is not None


def load() -> Any:
    """The module `cv2`.

    Raises:
        SensorError: It is missing or does not load.
    """
    # Read by FFmpeg's part of OpenCV for each file; what is wrong with one is told by us.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    try:
        cv2 = importlib.import_module("cv2")
    except ImportError as error:
        missing = not is_installed()
        raise SensorError(
            "OpenCV is not installed" if missing else f"OpenCV does not load: {error}", REMEDY,
            Reason.DEVICE_MISSING,
        ) from error
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    # It runs beside the poll of the headset.
    cv2.setNumThreads(1)
    return cv2


def opened(cv2: Any, source: Source, width: int, height: int) -> Any:
    """An open `cv2.VideoCapture`; the caller releases it.

    Args:
        cv2: See `load`.
        source: What to open.
        width: Pixels that a camera is asked for; it may give others.
        height: The same.

    Raises:
        SensorError: It cannot be opened.
    """
    source.check()
    video = cv2.VideoCapture()
    if source.paced or source.remote:
        video.open(
            source.place, cv2.CAP_FFMPEG,
            [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _PATIENCE_MS,
             cv2.CAP_PROP_READ_TIMEOUT_MSEC, _PATIENCE_MS],
        )
    else:
        video.open(source.place, cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY)
    if not video.isOpened():
        video.release()
        raise _failure(source)
    if not source.paced:
        video.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        video.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    sides = [video.get(side) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
    if not all(0 <= side <= LONGEST_SIDE for side in sides):
        video.release()
        raise SensorError(
            f"{source.name}: its pictures are too large",
            f"up to {LONGEST_SIDE} pixels a side are read", Reason.NOT_OFFERED,
        )
    return video


def _failure(source: Source) -> SensorError:
    if source.paced:
        return SensorError(
            f"{source.name} is no video that OpenCV reads, or is damaged",
            "name another file as sensors.camera.device", Reason.FAILED,
        )
    return SensorError(
        f"{source.name} does not open", "close other programs that use it, or plug it in again",
        Reason.DEVICE_MISSING,
    )
