"""Every record: the single truth of what apps see. The clients' code is generated from here."""

from __future__ import annotations

from sensorium.records.apps import FRAME_TIMING, HEALTH, SCENE
from sensorium.records.fields import Field, Record, Struct, encode_text
from sensorium.records.senses import (
    COMMAND,
    EMOTION,
    GESTURE,
    INTENT,
    OBJECTS,
    TARGET,
    TRANSCRIPT,
    VOICE_ACTIVITY,
    WAKE_WORD,
)
from sensorium.records.sensors import AUDIO, CONTROLLER, GAZE, HAND, HEAD, MICROPHONE

RECORDS: tuple[Record, ...] = (
    HEALTH,
    HEAD,
    HAND,
    CONTROLLER,
    GAZE,
    AUDIO,
    MICROPHONE,
    VOICE_ACTIVITY,
    GESTURE,
    TRANSCRIPT,
    WAKE_WORD,
    COMMAND,
    INTENT,
    EMOTION,
    OBJECTS,
    SCENE,
    FRAME_TIMING,
    TARGET,
)
"""All records, by ascending id."""

BY_ID: dict[int, Record] = {record.id: record for record in RECORDS}

__all__ = [
    "AUDIO", "BY_ID", "COMMAND", "CONTROLLER", "EMOTION", "FRAME_TIMING", "GAZE", "GESTURE",
    "HAND", "HEAD", "HEALTH", "INTENT", "MICROPHONE", "OBJECTS", "RECORDS", "SCENE", "TARGET",
    "TRANSCRIPT", "VOICE_ACTIVITY", "WAKE_WORD", "Field", "Record", "Struct", "encode_text",
]
