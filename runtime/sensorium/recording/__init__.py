"""Recordings: channels on disk, as MCAP files that stock tools decode."""

from __future__ import annotations

from sensorium.recording.place import folder, new_path, recordings
from sensorium.recording.reader import Recording
from sensorium.recording.writer import (
    MAX_BYTES,
    MAX_MINUTES,
    Recorder,
    Stop,
    channels_of,
)

__all__ = [
    "MAX_BYTES",
    "MAX_MINUTES",
    "Recorder",
    "Recording",
    "Stop",
    "channels_of",
    "folder",
    "new_path",
    "recordings",
]
