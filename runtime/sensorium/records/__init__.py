"""Every record: the single truth of what apps see. The clients' code is generated from here."""

from __future__ import annotations

from sensorium.records.apps import FRAME_TIMING, HEALTH, SCENE
from sensorium.records.attention import EYE_MOVEMENT, EYE_MOVEMENT_EVENT
from sensorium.records.fields import Field, Record, Struct, encode_text
from sensorium.records.governing import FRAME_PHASE, GOVERNOR, GOVERNOR_STEP
from sensorium.records.hands import HAND_GESTURE, RAY
from sensorium.records.head import HEAD_GESTURE, HEAD_STATE
from sensorium.records.senses import EMOTION, GESTURE, INTENT, OBJECTS, TARGET
from sensorium.records.sensors import AUDIO, CONTROLLER, GAZE, HAND, HEAD, MICROPHONE
from sensorium.records.traces import RAY_TRACE, TARGET_TRACE
from sensorium.records.vision import CAMERA, FACES_SEEN, IMAGE_CLASS, PICTURE
from sensorium.records.voice import (
    COMMAND,
    PUSH_TO_TALK,
    SPEAKER,
    TRANSCRIPT,
    UTTERANCE,
    VISEME,
    VOICE_ACTIVITY,
    VOICE_MEASURES,
    WAKE_WORD,
)

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
    UTTERANCE,
    SPEAKER,
    VOICE_MEASURES,
    VISEME,
    PUSH_TO_TALK,
    HAND_GESTURE,
    RAY,
    HEAD_STATE,
    HEAD_GESTURE,
    EYE_MOVEMENT,
    EYE_MOVEMENT_EVENT,
    TARGET_TRACE,
    RAY_TRACE,
    PICTURE,
    CAMERA,
    IMAGE_CLASS,
    FACES_SEEN,
    GOVERNOR,
    FRAME_PHASE,
    GOVERNOR_STEP,
)
"""All records, by ascending id."""

BY_ID: dict[int, Record] = {record.id: record for record in RECORDS}

__all__ = [
    "AUDIO", "BY_ID", "CAMERA", "COMMAND", "CONTROLLER", "EMOTION", "EYE_MOVEMENT",
    "EYE_MOVEMENT_EVENT", "FACES_SEEN", "FRAME_PHASE", "FRAME_TIMING", "GAZE", "GESTURE",
    "GOVERNOR", "GOVERNOR_STEP", "HAND", "HAND_GESTURE", "HEAD", "HEAD_GESTURE", "HEAD_STATE",
    "HEALTH", "IMAGE_CLASS", "INTENT", "MICROPHONE", "OBJECTS", "PICTURE", "PUSH_TO_TALK", "RAY",
    "RAY_TRACE", "RECORDS", "SCENE", "SPEAKER", "TARGET", "TARGET_TRACE", "TRANSCRIPT",
    "UTTERANCE", "VISEME", "VOICE_ACTIVITY", "VOICE_MEASURES", "WAKE_WORD", "Field", "Record",
    "Struct", "encode_text",
]
