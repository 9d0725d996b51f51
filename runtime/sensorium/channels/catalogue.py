"""Every channel: its record, the region (grant class) that it lies in, and who writes it."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium import records
from sensorium.channels.layout import Kind

_MS = 1_000_000

REGIONS = ("public", "motion", "gaze", "audio", "transcript", "camera", "emotion")
"""The grant classes that every daemon has; each app adds a region `app` of its own."""

STATE_SLOTS = 4
EVENT_SLOTS = 256
GAZE_SLOTS = 512
"""3.5 s at 144 Hz, 5.7 s at 90 Hz: eyes are on a thing about a second before its name is said
(Griffin & Bock, "What the eyes say about speaking", Psychological Science 11, 2000)."""
GAZE_TRACE_SLOTS = 2048
"""15 s of what `attention_trace` keeps of the eyes at most: words come seconds after the looks."""
AUDIO_SLOTS = 1024
"""32.8 s of 32 ms blocks."""
APP_FRAME_SLOTS = 2
"""Every app's region has room for its pictures; two suffice, since one is looked at in some ms."""


@dataclass(frozen=True)
class Channel:
    """One channel of the catalogue.

    Attributes:
        name: As in the region's table.
        record: What it carries.
        region: Its grant class, or `app`.
        kind: State or event.
        slots: N of the ring.
        max_age_ns: A reader calls a record STALE when it was published longer ago; 0: never.
        writer: The process that owns it: supervisor, capture, fast, slow, or app.
    """

    name: str
    record: records.Record
    region: str
    kind: Kind
    slots: int
    max_age_ns: int
    writer: str


def _state(
    name: str, record: records.Record, region: str, writer: str, max_age_ms: int
) -> Channel:
    return Channel(name, record, region, Kind.STATE, STATE_SLOTS, max_age_ms * _MS, writer)


def _event(name: str, record: records.Record, region: str, writer: str) -> Channel:
    return Channel(name, record, region, Kind.EVENT, EVENT_SLOTS, 0, writer)


def _sound(name: str, writer: str) -> Channel:
    return Channel(name, records.AUDIO, "audio", Kind.EVENT, AUDIO_SLOTS, 250 * _MS, writer)


CHANNELS: dict[str, Channel] = {
    channel.name: channel
    for channel in (
        _state("health", records.HEALTH, "public", "supervisor", 2000),
        _state("microphone", records.MICROPHONE, "public", "capture", 2000),
        _state("camera", records.CAMERA, "public", "capture", 2000),
        _state("voice_activity", records.VOICE_ACTIVITY, "public", "fast", 250),
        _event("voice_event", records.VOICE_ACTIVITY, "public", "fast"),
        _state("gesture_left", records.GESTURE, "public", "fast", 250),
        _state("gesture_right", records.GESTURE, "public", "fast", 250),
        _event("gesture_event", records.GESTURE, "public", "fast"),
        _state("hand_gesture_left", records.HAND_GESTURE, "public", "fast", 250),
        _state("hand_gesture_right", records.HAND_GESTURE, "public", "fast", 250),
        _event("hand_gesture_event", records.HAND_GESTURE, "public", "fast"),
        _state("head_state", records.HEAD_STATE, "public", "fast", 250),
        _event("head_gesture", records.HEAD_GESTURE, "public", "fast"),
        _event("wake_word", records.WAKE_WORD, "public", "slow"),
        _event("utterance", records.UTTERANCE, "public", "fast"),
        _event("push_to_talk", records.PUSH_TO_TALK, "public", "fast"),
        _state("governor", records.GOVERNOR, "public", "supervisor", 2000),
        _state("frame_phase", records.FRAME_PHASE, "public", "supervisor", 2000),
        _event("governor_step", records.GOVERNOR_STEP, "public", "supervisor"),
        _state("head", records.HEAD, "motion", "capture", 250),
        _state("hand_left", records.HAND, "motion", "capture", 250),
        _state("hand_right", records.HAND, "motion", "capture", 250),
        _state("controller_left", records.CONTROLLER, "motion", "capture", 250),
        _state("controller_right", records.CONTROLLER, "motion", "capture", 250),
        _state("ray_left", records.RAY, "motion", "fast", 250),
        _state("ray_right", records.RAY, "motion", "fast", 250),
        _event("ray_trace", records.RAY_TRACE, "motion", "fast"),
        _state("gaze", records.GAZE, "gaze", "capture", 250),
        Channel("eye_movement", records.EYE_MOVEMENT, "gaze", Kind.STATE, GAZE_SLOTS, 250 * _MS,
                "fast"),
        _event("eye_movement_event", records.EYE_MOVEMENT_EVENT, "gaze", "fast"),
        Channel("gaze_trace", records.RAY_TRACE, "gaze", Kind.EVENT, GAZE_TRACE_SLOTS, 0, "fast"),
        _sound("audio", "capture"),
        _sound("output_audio", "capture"),
        _sound("clean_audio", "fast"),
        _event("transcript", records.TRANSCRIPT, "transcript", "slow"),
        _event("speaker", records.SPEAKER, "transcript", "slow"),
        _event("voice_measures", records.VOICE_MEASURES, "transcript", "slow"),
        _state("viseme", records.VISEME, "transcript", "fast", 250),
        _state("frame", records.PICTURE, "camera", "capture", 2000),
        _state("objects", records.OBJECTS, "camera", "slow", 2000),
        _state("image_class", records.IMAGE_CLASS, "camera", "slow", 2000),
        _state("face", records.FACES_SEEN, "camera", "slow", 2000),
        _state("emotion", records.EMOTION, "emotion", "slow", 5000),
        _state("face_emotion", records.EMOTION, "emotion", "slow", 2000),
        _event("command", records.COMMAND, "app", "slow"),
        _event("intent", records.INTENT, "app", "slow"),
        _state("target", records.TARGET, "app", "fast", 250),
        _event("target_trace", records.TARGET_TRACE, "app", "fast"),
        _state("scene", records.SCENE, "app", "app", 0),
        _event("frame_timing", records.FRAME_TIMING, "app", "app"),
        Channel("app_frame", records.PICTURE, "app", Kind.STATE, APP_FRAME_SLOTS, 0, "app"),
        _state("app_objects", records.OBJECTS, "app", "slow", 2000),
        _state("app_image_class", records.IMAGE_CLASS, "app", "slow", 2000),
        _state("app_face", records.FACES_SEEN, "app", "slow", 2000),
    )
}
"""Name to channel, in the order of the regions' tables."""


def in_region(region: str) -> tuple[Channel, ...]:
    """The channels of a grant class (or of `app`), in table order."""
    return tuple(channel for channel in CHANNELS.values() if channel.region == region)
